/**
 * A server that shows one account in two states, and hides what would tell them apart: chains of heads with heads left out, chains that end elsewhere,
 * devices that it keeps apart. SPEC.md section 14.
 */
import { describe, expect, it } from '@jest/globals';
import { overtaking } from '../../client-sdk/account-head.js';
import type { AccountHead } from '../../client-sdk/core/keys/signed-head.js';
import { base64Of } from '../../client-sdk/protocol/bytes.js';
import { keptHeads } from '../../client-sdk/protocol/limits.js';
import { lie } from '../support/device-lies.js';
import { honest, servedDevices, type Device, type Tamper } from '../support/devices.js';
import type { OwnerHeads, SignedHead } from '../support/owner-heads.js';
import type { TestServer } from '../support/running-server.js';
import { codeOf, storedId } from '../support/sdk-client.js';

interface Heads {
  readonly heads: readonly { readonly counter: number }[];
}

const devices = servedDevices();

const store = ({ client }: Device, name: string): Promise<string> => storedId(client, name, Buffer.from(`the words of ${name}`));
const headCode = ({ client }: Device): Promise<string> => codeOf(client.head());
const listed = (change: (heads: Heads['heads']) => Heads['heads']): Tamper => lie<Heads>('GET /account/heads', ({ heads }) => ({ heads: change(heads) }));

/** Two devices that have seen one image, and two servers that each go on with one of them. */
async function forked(): Promise<{ readonly username: string; readonly phone: Device; readonly laptop: Device; readonly own: string; readonly other: TestServer }> {
  const { username, phone } = await devices.person();
  await store(phone, 'a');
  const laptop = await devices.login(username);
  expect(await laptop.names()).toBe('a');
  const other = await devices.fork();
  laptop.reached = other.url;
  return { username, phone, laptop, own: devices.server.url, other };
}

describe('a fork', () => {
  it('is found out whatever is left out of the chain between, and by a chain that ends in another head', async () => {
    const { username, phone, laptop, own, other } = await forked();
    await store(phone, 'b');
    for (const name of ['c', 'd', 'e']) await store(laptop, name);
    expect(await headCode(phone)).toBe('none');
    const early = await phone.client.head();
    phone.reached = other.url;
    const chains: Readonly<Record<string, Tamper>> = {
      'as it is': honest,
      'its newest head alone': listed((heads) => heads.slice(-1)),
      'without its first': listed((heads) => heads.slice(1)),
      'backwards': listed((heads) => [...heads].reverse()),
      'twice': listed((heads) => [...heads, ...heads]),
    };
    for (const [what, chain] of Object.entries(chains)) {
      phone.tamper = chain;
      phone.asked.length = 0;
      expect([what, await headCode(phone)]).toEqual([what, 'account-rolled-back']);
      expect([what, phone.asked.filter((asked) => asked === 'GET /account/heads').length]).toEqual([what, 1]);
    }
    // The chain that does descend from what the phone has seen, as long as the other.
    phone.tamper = honest;
    phone.reached = own;
    const tablet = await devices.login(username);
    for (const name of ['f', 'g']) await store(tablet, name);
    phone.tamper = (asked, ask) => {
      phone.reached = asked === 'GET /account/heads' ? own : other.url;
      return ask();
    };
    expect(await headCode(phone)).toBe('account-rolled-back');
    expect(phone.asked.at(-1)).toBe('GET /account/heads');
    phone.tamper = honest;
    phone.reached = own;
    expect(early?.counter).toBe(2);
    expect((await phone.client.head())?.counter).toBe(4);
  });

  it('is found out by the very next head of another device', async () => {
    const { phone, laptop, other } = await forked();
    for (const [device, name] of [[phone, 'b'], [laptop, 'c']] as const) await store(device, name);
    const seen = [await phone.client.head(), await laptop.client.head()];
    expect(seen.map((head) => head?.counter)).toEqual([2, 2]);
    phone.reached = other.url;
    expect(await headCode(phone)).toBe('account-rolled-back');
    expect(phone.asked).not.toContain('GET /account/heads');
  });
});

describe('devices that a server keeps apart', () => {
  it('notice nothing while neither is shown a head that the other signed, and notice it when one is', async () => {
    const { username, phone, laptop, own, other } = await forked();
    await store(phone, 'b');
    await phone.client.changeDomain('open');
    await phone.client.remove((await phone.client.find('a')).id);
    for (const name of ['c', 'd']) await store(laptop, name);
    const tablet = await devices.login(username);
    const apart = async (): Promise<readonly unknown[]> => Promise.all([phone, tablet, laptop].map(async (device) => [await device.names(), (await device.client.missing()).images, device.client.account?.domain]));
    // Not noticed: what the other stored, what it removed, the keyring that it made.
    const notNoticed = [['b', [], 'open'], ['b', [], 'open'], ['a c d', [], 'personal']];
    expect(await apart()).toEqual(notNoticed);
    for (const [device, reached, back] of [[phone, other.url, own], [laptop, own, other.url]] as const) {
      device.reached = reached;
      for (const attempt of [() => device.client.head(), () => device.names(), () => store(device, 'e')]) expect(await codeOf(attempt())).toBe('account-rolled-back');
      device.reached = back;
    }
    // What was refused is not remembered.
    expect(await apart()).toEqual(notNoticed);
  });
});

const shown = ({ head, sealed }: SignedHead): unknown => ({ counter: head.counter, head: base64Of(sealed) });

/** This is the newest head, and these come after a counter. */
function showing(newest: SignedHead | undefined, list: (after: number) => readonly SignedHead[]): Tamper {
  return (asked, ask, query) => {
    if (asked === 'GET /account/head') return Promise.resolve(Response.json(newest === undefined ? {} : { head: shown(newest) }));
    if (asked === 'GET /account/heads') return Promise.resolve(Response.json({ heads: list(Number(query.get('after'))).map(shown) }));
    return ask();
  };
}

/** A device that remembers the first head of an account. */
async function withFirst(): Promise<{ readonly laptop: Device; readonly heads: OwnerHeads; readonly first: AccountHead }> {
  const { username, heads } = await devices.person();
  await heads.follow({ keyringRevision: 1, revision: 1 });
  const [laptop, first] = [await devices.login(username), await heads.newest()];
  if (first === undefined) throw new Error('it was just signed');
  expect(await headCode(laptop)).toBe('none');
  return { laptop, heads, first };
}

describe('a chain of heads', () => {
  it('is followed in pages of any size, and by heads that come meanwhile', async () => {
    const { laptop, heads, first } = await withFirst();
    const chain: SignedHead[] = [];
    for (let length = 0; length < 7; length++) chain.push(await heads.after(chain.at(-1)?.head ?? first));
    const pages = (size: number): ((after: number) => readonly SignedHead[]) => (after) => chain.slice(after - 1, after - 1 + size);
    for (const [newest, size] of [[3, 1], [4, 7], [7, 2]] as const) {
      laptop.tamper = showing(chain[newest - 1], pages(size));
      laptop.asked.length = 0;
      expect((await laptop.client.head())?.counter).toBe(newest + 1);
      expect(laptop.asked.filter((asked) => asked === 'GET /account/heads')).toHaveLength(newest === 4 ? 1 : Math.ceil(3 / size));
    }
  });

  it.each([
    ['one before that', [keptHeads - overtaking + 1], 'account-rolled-back'],
    ['the oldest that may be gone when the chain is asked for', [keptHeads - overtaking + 2], 'none'],
    ['the oldest that is kept', [3, keptHeads + 2], 'none'],
  ])('may begin later only where the server may keep no more: %s', async (_, counters, code) => {
    const { laptop, heads, first } = await withFirst();
    const chain = await Promise.all(counters.map((counter) => heads.after(first, { counter })));
    laptop.tamper = showing(chain.at(-1), () => chain);
    expect(await headCode(laptop)).toBe(code);
  });

  it('has no other gap, and none at its first head where that is the next', async () => {
    const { laptop, heads, first } = await withFirst();
    const newest = await heads.after(first, { counter: 2 * keptHeads });
    const edge = keptHeads + overtaking;
    const [stranger, before, onEdge] = [await heads.after({ ...first, signedAt: 7 }), await heads.after(first, { counter: edge - 1 }), await heads.after(first, { counter: edge })];
    for (const [chain, code] of [[[onEdge, newest], 'account-rolled-back'], [[stranger, newest], 'account-rolled-back'], [[before, newest], 'none']] as const) {
      laptop.tamper = showing(newest, () => chain);
      expect([chain[0].head.counter, await headCode(laptop)]).toEqual([chain[0].head.counter, code]);
    }
  });

  it.each([['keyring', { keyringRevision: 2 }], ['credentials', { revision: 2 }]])('names no older %s, not even after a gap', async (_, newer) => {
    const { laptop, heads, first } = await withFirst();
    const between = await heads.after(first, newer);
    const far = await heads.after(first, { counter: 2 * keptHeads });
    for (const [chain, code] of [[[between, far], 'account-rolled-back'], [[far], 'none']] as const) {
      laptop.tamper = showing(far, () => chain);
      expect([chain.length, await headCode(laptop)]).toEqual([chain.length, code]);
    }
  });

  it('does not begin anew, nor fall silent: a lower counter, a lower epoch, no head', async () => {
    const { laptop, heads, first } = await withFirst();
    const second = await heads.after(first, { epoch: 1 });
    const third = await heads.after(second.head);
    const lowEpoch = await heads.after(third.head, { epoch: 0 });
    for (const [newest, code] of [[third, 'none'], [second, 'account-rolled-back'], [lowEpoch, 'account-rolled-back'], [undefined, 'account-rolled-back'], [third, 'none']] as const) {
      laptop.tamper = showing(newest, () => (newest === undefined ? [] : [newest]));
      expect([newest?.head.counter, await headCode(laptop)]).toEqual([newest?.head.counter, code]);
    }
  });
});
