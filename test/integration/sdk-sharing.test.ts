/**
 * Who shares what through the SDK: groups, personal domains, claims with proof, and many clients at once.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import type { DiceClient } from '../../client-sdk/api.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { codeOf, downloaded, registered, storedId, uploaded } from '../support/sdk-client.js';

let server: TestServer;

afterEach(async () => {
  await server.close();
});

const png = pngOf(photograph(200, 150, 6));

async function tagsOf(client: DiceClient, id: string): Promise<ReadonlySet<string>> {
  const { blocks } = await client.open(id);
  return new Set(blocks.flatMap(({ block }) => (block === undefined ? [] : [block.tag])));
}

async function sharedTags(one: DiceClient, other: DiceClient): Promise<number> {
  const [first, second] = [await tagsOf(one, await storedId(one, 'a.png', png)), await tagsOf(other, await storedId(other, 'b.png', png))];
  return [...first].filter((tag) => second.has(tag)).length;
}

describe('equal images', () => {
  it('of a group meet: an invitation brings the inviter’s group, and serves once', async () => {
    server = await startServer();
    const ada = await registered(server.url, 'ada', { domain: 'personal' });
    const { link } = await ada.invite();
    expect(ada.account?.domain).toBe('group');
    const bob = await registered(server.url, 'bob', { invitation: link });
    expect(bob.account?.domain).toBe('group');
    expect(await sharedTags(ada, bob)).toBeGreaterThanOrEqual(5);
    expect((await ada.invitations()).map(({ usedBy }) => usedBy)).toEqual(['bob']);
    expect(await codeOf(registered(server.url, 'eve', { invitation: link }))).toBe('invitation-invalid');
    expect(server.logText()).not.toContain(link.split('#')[1] ?? link);
  });

  it('of personal domains never meet', async () => {
    server = await startServer();
    expect(await sharedTags(await registered(server.url, 'ada', { domain: 'personal' }), await registered(server.url, 'bob', { domain: 'personal' }))).toBe(0);
  });

  it('of the open domain meet, and what is in one domain stays readable after a change', async () => {
    server = await startServer();
    const [ada, bob] = [await registered(server.url, 'ada', { domain: 'open' }), await registered(server.url, 'bob', { domain: 'open' })];
    expect(await sharedTags(ada, bob)).toBeGreaterThanOrEqual(5);
    await ada.changeDomain('personal');
    const other = await storedId(ada, 'later.png', pngOf(photograph(80, 80, 9)));
    expect([...(await tagsOf(ada, other))].length).toBeGreaterThan(0);
    expect(Buffer.from(await downloaded(ada, (await ada.find('a.png')).id)).equals(png)).toBe(true);
  });
});

describe('existence', () => {
  it('under own makes the second account send everything', async () => {
    server = await startServer();
    const [ada, bob] = [await registered(server.url, 'ada', { domain: 'open' }), await registered(server.url, 'bob', { domain: 'open' })];
    const first = (await uploaded(ada, { 'a.png': png })).get('a.png');
    const second = (await uploaded(bob, { 'a.png': png })).get('a.png');
    expect(second?.blocksSent).toBe(first?.blocksSent);
  });

  it('under shared lets the second account prove possession and send nothing', async () => {
    server = await startServer({ existence: 'shared' });
    const [ada, bob] = [await registered(server.url, 'ada', { domain: 'open' }), await registered(server.url, 'bob', { domain: 'open' })];
    await storedId(ada, 'a.png', png);
    const second = (await uploaded(bob, { 'a.png': png })).get('a.png');
    expect(second).toMatchObject({ status: 'stored', blocksSent: 0 });
    expect(second?.sentBytes).toBeLessThan(png.length / 4);
    expect(Buffer.from(await downloaded(bob, second?.id ?? '')).equals(png)).toBe(true);
  });
});

describe('64 clients that send the same new file at once', () => {
  it('all succeed, and each has its own image', async () => {
    server = await startServer();
    const clients = await Promise.all(Array.from({ length: 64 }, (_, i) => registered(server.url, `client-${String(i)}`, { domain: 'open' })));
    const file = pngOf(photograph(96, 96, 3));
    const ids = await Promise.all(clients.map((client) => storedId(client, 'same.png', file)));
    expect(new Set(ids).size).toBe(64);
    const last = clients.at(-1);
    if (last !== undefined) expect(Buffer.from(await downloaded(last, ids.at(-1) ?? '')).equals(file)).toBe(true);
  }, 60_000);
});
