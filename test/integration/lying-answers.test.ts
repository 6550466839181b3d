/**
 * Lies that take more than one changed member: listings that turn in circles, an invitation under another id, an older keyring in the
 * middle of a session. SPEC.md sections 8 and 12.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import { HostileWorld, type Owner } from '../support/hostile-world.js';
import type { Told } from '../support/lie.js';
import { codeOf, testPassword } from '../support/sdk-client.js';

interface Card {
  readonly imageId: string;
  readonly createdAt: string;
}

interface Page {
  readonly images: readonly Card[];
  readonly next?: string;
}

let world: HostileWorld;
let ada: Owner;

beforeAll(async () => {
  world = await HostileWorld.open();
  ada = await world.owner();
  await world.upload(ada.client, Object.fromEntries([1, 2, 3, 4].map((i) => [`${String(i)}.txt`, Buffer.from(`few words ${String(i)}`)])));
});

beforeEach(() => {
  world.network.reset(undefined);
});

afterAll(async () => {
  await world.close();
});

/** The JSON of a route's first answer, changed, in place of every answer; told which one it is, from 0 on. */
function lie<T>(route: RouteName, change: (json: T, nth: number) => unknown): void {
  let nth = 0;
  let first: T | undefined;
  const tell = (answer: Told): Told => {
    // Of the form that the route answers.
    first ??= JSON.parse(Buffer.from(answer.body).toString()) as T;
    return { ...answer, status: 200, body: Buffer.from(JSON.stringify(change(first, nth++))) };
  };
  world.network.reset({ route, from: 0, lie: { kind: '', at: '', tell } });
}

async function names(client: DiceClient): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { name } of client.list()) found.push(name);
  return found;
}

const earlier = (card: Card, ms: number): Card => ({ ...card, createdAt: new Date(Date.parse(card.createdAt) - ms).toISOString() });

describe('a listing of images', () => {
  it('comes as it is from an honest server, in pages of any size', async () => {
    expect(await names(ada.client)).toEqual(['4.txt', '3.txt', '2.txt', '1.txt']);
    lie<Page>('listImages', ({ images }, nth) => ({ images: images.slice(nth, nth + 1), ...(nth < 3 ? { next: String(nth) } : {}) }));
    expect(await names(ada.client)).toEqual(['4.txt', '3.txt', '2.txt', '1.txt']);
  });

  it.each<[string, (page: Page, nth: number) => unknown]>([
    ['shows an image twice', ({ images }) => ({ images: images.flatMap((card) => [card, card]) })],
    ['shows an image twice, as if it were older', ({ images }) => ({ images: images.flatMap((card) => [card, earlier(card, 1)]) })],
    ['mixes gallery and trash', ({ images }) => ({ images: images.map((card, i) => (i === 2 ? { ...card, trashedAt: card.createdAt } : card)) })],
    ['is out of order', ({ images }) => ({ images: [...images].reverse() })],
    ['is one page again and again', ({ images }, nth) => ({ images, next: String(nth) })],
    ['is one page again and again, as if it were older', ({ images }, nth) => ({ images: images.map((card) => earlier(card, 1e6 * nth)), next: String(nth) })],
    ['has two pages that take turns', ({ images }, nth) => ({ images: images.slice(nth % 2, (nth % 2) + 1).map((card) => earlier(card, 1e6 * nth)), next: String(nth) })],
    ['has pages without images', (_, nth) => ({ images: [], next: String(nth) })],
    ['names the same next page', ({ images }) => ({ images, next: 'same' })],
  ])('that %s is refused before long', async (...[, change]) => {
    lie('listImages', change);
    expect(await codeOf(names(ada.client))).toBe('answer-invalid');
    expect(world.network.exchanges.length).toBeLessThan(60);
    expect(world.network.isOverrun).toBe(false);
  });

  it('that never ends does not hold up an upload or a report either', async () => {
    for (const attempt of [() => ada.client.report(), () => world.upload(ada.client, { 'more.txt': Buffer.from('more') })]) {
      lie<Page>('listImages', ({ images }, nth) => ({ images: images.map((card) => earlier(card, 1e6 * nth)), next: String(nth) }));
      expect(await codeOf(attempt())).toBe('answer-invalid');
      expect(world.network.isOverrun).toBe(false);
    }
  });
});

describe('a listing of accounts', () => {
  it('that takes turns between two pages is refused', async () => {
    await world.owner();
    lie<{ readonly users: readonly unknown[] }>('listUsers', ({ users }, nth) => ({ users: users.slice(nth % 2, (nth % 2) + 1), next: 'more' }));
    const all = async (): Promise<void> => {
      for await (const user of ada.client.users()) expect(user.username).toMatch(/^person/);
    };
    expect(await codeOf(all())).toBe('answer-invalid');
    expect(world.network.exchanges.length).toBeLessThan(5);
  });
});

describe('an invitation', () => {
  it('that the server keeps under another id is refused: ending it would end another', async () => {
    const { client } = await world.owner();
    lie<object>('invite', (card) => ({ ...card, invitationId: '00112233445566778899aabbccddeeff' }));
    expect(await codeOf(client.invite())).toBe('answer-invalid');
  });
});

describe('an older keyring, in the middle of a session', () => {
  it('is refused where the record is read again, and the newer one stays', async () => {
    const { client } = await world.owner();
    const old = await (await world.reader(client))('/account');
    await client.changeDomain('open');
    await client.changeDomain('group');
    lie('readAccount', () => old);
    expect(await codeOf(client.changeEmail('ada@example.org'))).toBe('answer-invalid');
    expect(client.account?.domain).toBe('group');
  });

  it('is refused in the answer to a change of password', async () => {
    const { client } = await world.owner();
    const old = await (await world.reader(client))('/account');
    await client.changeDomain('open');
    lie<{ readonly account: object }>('changeCredentials', (grant) => ({ ...grant, account: { ...grant.account, ...pick(old, 'keyring', 'keyringRevision') } }));
    expect(await codeOf(client.changePassword({ current: testPassword, next: 'nine purple herons' }))).toBe('answer-invalid');
    expect(client.account?.domain).toBe('open');
  });
});

function pick(record: unknown, ...members: readonly string[]): object {
  return Object.fromEntries(Object.entries(record as object).filter(([name]) => members.includes(name)));
}
