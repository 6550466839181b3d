/**
 * The account head against a real server: devices that meet, a server that goes back to an older state, forks, hides, or brings back what was
 * removed, and an owner who accepts a loss. SPEC.md section 14.
 */
import { cp, rm, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiceClient, HeadDifference, Image } from '../../client-sdk/api.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { clientOf, codeOf, downloaded, registered, storedId, testPassword, uploaded } from '../support/sdk-client.js';
import { Person } from '../support/dice-command.js';
import { type Answered, TamperingProxy } from '../support/tampering-proxy.js';
import { Workbench } from '../support/workbench.js';

let bench: Workbench;
let proxy: TamperingProxy;
let people = 0;
const clients: DiceClient[] = [];

beforeAll(async () => {
  bench = await Workbench.open();
  proxy = await TamperingProxy.open(bench.server.url);
});

afterEach(async () => {
  proxy.tamper = undefined;
  for (const client of clients.splice(0)) await client.close();
});

afterAll(async () => {
  await proxy.close();
  await bench.close();
});

const bytesOf = (seed: number, length = 5_000): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * i * (seed + 3) + seed * 7 + (i >> 5)) & 255);

/** A new person with two devices, each with a memory of its own. */
async function person(): Promise<{ readonly phone: DiceClient; readonly laptop: DiceClient }> {
  const username = `person-${String(++people)}`;
  const phone = await registered(proxy.url, username, { profileDir: bench.path(username, 'phone') });
  clients.push(phone);
  return { phone, laptop: await device(username, 'laptop') };
}

async function device(username: string, name: string): Promise<DiceClient> {
  const client = await clientOf(proxy.url, { profileDir: bench.path(username, name) });
  await client.login({ username, password: testPassword });
  clients.push(client);
  return client;
}

async function listed(client: DiceClient, trash = false): Promise<readonly Image[]> {
  const images: Image[] = [];
  for await (const image of client.list({ trash })) images.push(image);
  return images;
}

const idsOf = async (client: DiceClient, trash = false): Promise<readonly string[]> => (await listed(client, trash)).map(({ id }) => id).sort();

const differing = async (client: DiceClient): Promise<readonly HeadDifference[]> => (await client.missing()).images;

/** Puts the data directory back to what it was at `mark`, and starts the server on it. */
async function rollBackTo(mark: string): Promise<void> {
  await bench.whileStopped(async () => {
    await rm(bench.data, { recursive: true });
    await cp(bench.path(mark), bench.data, { recursive: true });
  });
}

const markNow = (mark: string): Promise<void> => bench.whileStopped(() => cp(bench.data, bench.path(mark), { recursive: true }));

describe('two devices', () => {
  it('sign one chain of heads that both of them follow', async () => {
    const { phone, laptop } = await person();
    const a = await storedId(phone, 'a.bin', bytesOf(1));
    expect(await idsOf(laptop)).toEqual([a]);
    const b = await storedId(laptop, 'b.bin', bytesOf(2));
    const c = await storedId(phone, 'c.bin', bytesOf(3));
    expect(await idsOf(phone)).toEqual([a, b, c].sort());
    expect((await phone.head())?.leaves).toBe(3);
    expect(await laptop.head()).toEqual(await phone.head());
    expect(await differing(phone)).toEqual([]);
  });

  it('change it at the same time, and lose nothing', async () => {
    const { phone, laptop } = await person();
    const files = (from: number): Record<string, Uint8Array> => Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`${String(from + i)}.bin`, bytesOf(from + i, 700)]));
    const [one, two] = await Promise.all([uploaded(phone, files(100)), uploaded(laptop, files(200))]);
    const ids = [...one.values(), ...two.values()].map(({ id }) => String(id)).sort();
    expect(await idsOf(phone)).toEqual(ids);
    expect((await laptop.head())?.leaves).toBe(24);
  });

  it('follow images to the trash, back, and away for good', async () => {
    const { phone, laptop } = await person();
    const [a, b] = [await storedId(phone, 'a.bin', bytesOf(11)), await storedId(phone, 'b.bin', bytesOf(12))];
    await phone.remove(a);
    expect([await idsOf(laptop), await idsOf(laptop, true)]).toEqual([[b], [a]]);
    await laptop.restore(a);
    expect([await idsOf(phone), await idsOf(phone, true)]).toEqual([[a, b].sort(), []]);
    await phone.remove(a);
    expect(await codeOf(phone.purge(b))).toBe('not-found');
    await phone.purge(a);
    expect([await idsOf(laptop), await idsOf(laptop, true)]).toEqual([[b], []]);
    expect(await differing(laptop)).toEqual([]);
    expect(await codeOf(phone.remove(a))).toBe('not-found');
  });

  it('tell the head of images that a client committed and could not say', async () => {
    const { phone, laptop } = await person();
    proxy.tamper = (answer, { method, path }) => (method === 'PUT' && path.endsWith('/account/head') ? { status: 503, type: 'text/plain', body: Buffer.from('busy') } : answer);
    const a = await storedId(phone, 'a.bin', bytesOf(21));
    proxy.tamper = undefined;
    expect((await laptop.head())?.leaves ?? 0).toBeLessThanOrEqual(1);
    expect(await idsOf(laptop)).toEqual([a]);
    expect((await laptop.head())?.leaves).toBe(1);
  }, 120_000);
});

describe('a server that goes back to an older state', () => {
  it('is found out by every device that has seen the newer one, and takes no upload of theirs', async () => {
    const { phone, laptop } = await person();
    const a = await storedId(phone, 'a.bin', bytesOf(31));
    await listed(laptop);
    await markNow('older');
    const b = await storedId(phone, 'b.bin', bytesOf(32));
    await rollBackTo('older');
    expect(await codeOf(idsOf(phone))).toBe('account-rolled-back');
    expect(await codeOf(storedId(phone, 'c.bin', bytesOf(33)))).toBe('account-rolled-back');
    expect(await codeOf(phone.remove(a))).toBe('account-rolled-back');
    expect(hexOf(await downloaded(phone, a))).toBe(hexOf(bytesOf(31)));
    // Who has not seen the newer state cannot know of it.
    expect(await idsOf(laptop)).toEqual([a]);
    expect(await differing(phone)).toEqual([]);
    expect(await phone.acceptLoss((await phone.missing()).digest)).toBe(0);
    expect(await idsOf(phone)).toEqual([a]);
    expect((await phone.head())?.epoch).toBe(1);
    expect(await idsOf(laptop)).toEqual([a]);
    const again = await storedId(laptop, 'b.bin', bytesOf(32));
    expect(await idsOf(phone)).toEqual([a, again].sort());
    expect(again).not.toBe(b);
  }, 120_000);

  it('is found out where it goes on from there with another device', async () => {
    const { phone, laptop } = await person();
    await storedId(phone, 'a.bin', bytesOf(41));
    await listed(laptop);
    await markNow('fork');
    await storedId(phone, 'b.bin', bytesOf(42));
    await rollBackTo('fork');
    await storedId(laptop, 'c.bin', bytesOf(43));
    await storedId(laptop, 'd.bin', bytesOf(44));
    expect(await codeOf(idsOf(phone))).toBe('account-rolled-back');
    expect(await codeOf(storedId(phone, 'e.bin', bytesOf(45)))).toBe('account-rolled-back');
  }, 120_000);

  it('is found out where it says that there never was a head', async () => {
    const { phone } = await person();
    await storedId(phone, 'a.bin', bytesOf(51));
    proxy.tamper = (answer, { path }) => (path.endsWith('/account/head') ? json({}) : answer);
    expect(await codeOf(idsOf(phone))).toBe('account-rolled-back');
  });

  it('is found out where it shows one of the heads before as the newest', async () => {
    const { phone } = await person();
    await storedId(phone, 'a.bin', bytesOf(61));
    let old: Answered | undefined;
    proxy.tamper = (answer, { method, path }) => {
      if (method !== 'GET' || !path.endsWith('/account/head')) return answer;
      old ??= answer;
      return old;
    };
    await phone.head();
    proxy.tamper = undefined;
    await storedId(phone, 'b.bin', bytesOf(62));
    proxy.tamper = (answer, { method, path }) => (method === 'GET' && path.endsWith('/account/head') && old !== undefined ? old : answer);
    expect(await codeOf(idsOf(phone))).toBe('account-rolled-back');
    expect(await codeOf(phone.head())).toBe('account-rolled-back');
  });
});

describe('a server that hides or brings back images', () => {
  it('is found out by a device that was never there before', async () => {
    const { phone, laptop } = await person();
    const ids = [await storedId(phone, 'a.bin', bytesOf(71)), await storedId(phone, 'b.bin', bytesOf(72))];
    const hidden = ids[0] ?? '';
    proxy.tamper = (answer, { path }) => hiding(answer, path, hidden);
    const seen: string[] = [];
    expect(await codeOf((async () => { for await (const { id } of laptop.list()) seen.push(id); })())).toBe('image-omitted');
    expect(seen).toEqual([ids[1]]);
    expect(await differing(laptop)).toEqual([{ id: hidden, kind: 'missing', isTrashed: false }]);
  });

  it('is found out where it moved an image to the trash by itself', async () => {
    const { phone, laptop } = await person();
    const a = await storedId(phone, 'a.bin', bytesOf(81));
    proxy.tamper = async (answer, { path, method }, ask) => {
      if (method !== 'GET' || !path.includes('/images')) return answer;
      if (path.endsWith(a)) return withCard(await ask(path));
      return json({ images: [] });
    };
    expect(await codeOf(idsOf(laptop))).toBe('image-omitted');
  });

  it('is found out where a removed image is listed again', async () => {
    const { phone, laptop } = await person();
    const a = await storedId(phone, 'a.bin', bytesOf(91));
    let list: Answered | undefined;
    let record: Answered | undefined;
    proxy.tamper = (answer, { path, method }) => {
      if (method === 'GET' && path.endsWith(a)) record ??= answer;
      if (method === 'GET' && path.includes('/images?') && !path.includes('trash=true')) list ??= answer;
      return answer;
    };
    await listed(phone);
    await phone.open(a);
    proxy.tamper = undefined;
    await phone.remove(a);
    await phone.purge(a);
    proxy.tamper = (answer, { path, method }) => {
      if (method === 'GET' && path.endsWith(a)) return record ?? answer;
      return method === 'GET' && path.includes('/images?') && !path.includes('trash=true') ? (list ?? answer) : answer;
    };
    expect(await codeOf(idsOf(laptop))).toBe('image-resurrected');
  });

  it('is found out where it shows other leaves than the owner signed', async () => {
    const { phone, laptop } = await person();
    await storedId(phone, 'a.bin', bytesOf(95));
    for (const [round, change] of [(body: Uint8Array) => body.subarray(0, 0), (body: Uint8Array) => Uint8Array.from(body, (byte, i) => (i === 30 ? byte ^ 1 : byte))].entries()) {
      proxy.tamper = (answer, { path }) => (path.includes('/account/leaves') || path.endsWith('/head/paths') ? { ...answer, body: change(answer.body) } : answer);
      expect(await codeOf(idsOf(laptop))).toBe('answer-invalid');
      expect(await codeOf(storedId(laptop, `${String(round)}.bin`, bytesOf(96 + round)))).toBe('answer-invalid');
    }
  });
});

describe('dice head', () => {
  it('says what is missing with status 4, and accepts it when told to', async () => {
    const ada = await bench.person('ada');
    await writeFile(bench.path('one.bin'), bytesOf(201));
    await writeFile(bench.path('two.bin'), bytesOf(202));
    await ada.must(['upload', bench.path('one.bin')]);
    await markNow('before-two');
    await ada.must(['upload', bench.path('two.bin')]);
    expect((await ada.must(['head', '--json'])).json()).toMatchObject({ counter: 2, epoch: 0, rolledBack: false, missing: [], otherwise: [] });
    await rollBackTo('before-two');
    const list = await ada.dice(['list']);
    expect([list.status, list.stdout.includes('one.bin')]).toEqual([4, true]);
    expect(list.stderr).toMatch(/older state of this account/);
    expect((await ada.must(['head', '--json'], 4)).json()).toMatchObject({ rolledBack: true });
    expect((await ada.dice(['head', '--accept'])).status).not.toBe(0);
    expect((await ada.must(['head', '--accept', '--yes', '--json'])).json()).toMatchObject({ givenUp: 0, epoch: 1 });
    await ada.must(['list']);
  }, 120_000);

  it('tells what is back, refuses to sign what was not shown, and shows it anew', async () => {
    const bob = new Person({ url: proxy.url, profileDir: bench.path('profiles', 'bob'), username: 'bob' });
    await bob.must(['register', '--recovery-file', bench.path('bob-words.txt')]);
    for (const [name, seed] of [['three.bin', 211], ['four.bin', 212]] as const) await writeFile(bench.path(name), bytesOf(seed));
    const stored = (await bob.must(['upload', bench.path('three.bin'), bench.path('four.bin'), '--json'])).json<{ readonly files: readonly { readonly id: string }[] }>();
    const ids = stored.files.map(({ id }) => id);
    let readings = 0;
    proxy.tamper = (answer, { path }) => {
      if (path.endsWith('/account/leaves')) readings++;
      return ids.slice(0, readings).reduce((hidden, id) => hiding(hidden, path, id), answer);
    };
    const refused = await bob.must(['head', '--accept', '--yes', '--json'], 4);
    expect(refused.stderr).toMatch(/something else by now/);
    // Shown anew: the third reading, which lacks both of them.
    expect(refused.json<{ readonly missing: readonly { readonly id: string }[] }>().missing.map(({ id }) => id)).toEqual([...ids].sort());
    proxy.tamper = (answer, { path }) => hiding(answer, path, ids[0] ?? '');
    expect((await bob.must(['head', '--accept', '--yes', '--json'])).json()).toMatchObject({ givenUp: 1 });
    proxy.tamper = undefined;
    const back = await bob.must(['head'], 4);
    expect(back.stdout).toContain(`removed, and back: ${ids[0] ?? ''}`);
    expect(back.stdout).not.toContain('nothing is missing');
  }, 120_000);
});

function json(value: unknown): Answered {
  return { status: 200, type: 'application/json', body: Buffer.from(JSON.stringify(value)) };
}

const parsedBody = ({ body }: Answered): Record<string, unknown> => JSON.parse(Buffer.from(body).toString()) as Record<string, unknown>; // what the server answers is an object

/** The image is in no listing and no answer. */
function hiding(answer: Answered, path: string, hidden: string): Answered {
  if (path.endsWith(hidden)) return { status: 404, type: 'application/problem+json', body: Buffer.from(JSON.stringify({ type: 'urn:dice:refusal:not-found', title: 'Not found.', status: 404, code: 'not-found', requestId: '12345678' })) };
  if (!path.includes('/images?')) return answer;
  const { images, ...rest } = parsedBody(answer);
  return json({ ...rest, images: (images as readonly { readonly imageId: string }[]).filter(({ imageId }) => imageId !== hidden) }); // a listing has images
}

function withCard(answer: Answered): Answered {
  const { card, ...rest } = parsedBody(answer);
  const { createdAt } = card as { readonly createdAt: unknown }; // a record has a card
  return json({ ...rest, card: { ...(card as object), trashedAt: createdAt } });
}
