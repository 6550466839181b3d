/**
 * What a server that lies about the account head gets: no client that asks for ever, no word of the owner for what the owner did not see, and no
 * hidden image that passes for an unknown one. SPEC.md section 14.
 */
import { describe, expect, it } from '@jest/globals';
import type { UploadFile } from '../../client-sdk/api.js';
import { bytesForUpload } from '../../client-sdk/memory-file.js';
import { base64Of } from '../../client-sdk/protocol/bytes.js';
import { both, lie } from '../support/device-lies.js';
import { honest, servedDevices, type Device, type Tamper } from '../support/devices.js';
import { Gate } from '../support/gate.js';
import { OwnerHeads } from '../support/owner-heads.js';
import { clientOf, codeOf, storedId, testPassword } from '../support/sdk-client.js';

type Card = Readonly<Record<string, unknown>> & { readonly imageId: string; readonly createdAt: string };
interface Page {
  readonly images: readonly Card[];
  readonly next?: string;
}
interface Revised {
  readonly revision: number;
}

const devices = servedDevices();

const gone = (id: string): Tamper => (asked, ask) => (asked === `GET /images/${id}` ? Promise.resolve(refused(404, 'not-found')) : ask());
const refused = (status: number, code: string): Response => new Response(JSON.stringify({ type: `urn:dice:refusal:${code}`, title: 'No.', status, code, requestId: '12345678' }), { status, headers: { 'content-type': 'application/problem+json' } });

function hiding(ids: readonly string[]): Tamper {
  return ids.map(gone).reduce(both, lie<Page>('GET /images', ({ images, ...rest }) => ({ ...rest, images: images.filter(({ imageId }) => !ids.includes(imageId)) })));
}

const invented = (like: Card, at: number): Card => ({ ...like, imageId: String(at).padStart(32, '0'), createdAt: new Date(Date.parse(like.createdAt) + 1 + at).toISOString() });

/** Pages of images that there never were, newest first, without an end; after 200 the server falls silent. */
function endless(like: Card): Tamper {
  let pages = 200;
  return (asked, ask) => {
    if (asked !== 'GET /images') return ask();
    const at = 10 * --pages;
    return at < 0 ? Promise.reject(new TypeError('cut off')) : Promise.resolve(Response.json({ images: [2, 1, 0].map((more) => invented(like, at + more)), next: String(at) }));
  };
}

/** Past whatever the device is told. */
async function honestly({ client }: Pick<Device, 'client'>, path: string): Promise<Response> {
  const { token } = await client.saveSession();
  return fetch(`${devices.server.url}/api/v1${path}`, { headers: { authorization: `Bearer ${token ?? ''}` } });
}

async function cardsOf({ client }: Device): Promise<readonly Card[]> {
  return ((await (await honestly({ client }, '/images')).json()) as Page).images;
}

const store = ({ client }: Device, name: string): Promise<string> => storedId(client, name, Buffer.from(`the words of ${name}`));

async function withImages(): Promise<{ readonly username: string; readonly phone: Device; readonly laptop: Device; readonly ids: readonly [string, string, string] }> {
  const { username, phone } = await devices.person();
  const ids = [await store(phone, 'a'), await store(phone, 'b'), await store(phone, 'c')] as const;
  return { username, phone, laptop: await devices.login(username), ids };
}

/** What the server shows otherwise than the head, as kind and place among the ids. */
async function differing({ client }: Device, ids: readonly string[]): Promise<readonly string[]> {
  return (await client.missing()).images.map(({ id, kind, isTrashed }) => `${kind}${isTrashed ? ' trashed' : ''} ${String(ids.indexOf(id))}`).sort();
}

describe('a client does not ask for ever', () => {
  it('for heads, of a server that tells those alone that come after the newest', async () => {
    const { phone, laptop } = await withImages();
    await laptop.names();
    await store(phone, 'd');
    const later = lie<{ readonly heads: readonly { readonly counter: number }[] }>('GET /account/heads', ({ heads }) => ({ heads: heads.map((head) => ({ ...head, counter: head.counter + 100 })) }));
    let asked = 0;
    laptop.tamper = (call, ask, query) => (call === 'GET /account/heads' && ++asked > 20 ? Promise.reject(new TypeError('cut off')) : later(call, ask, query));
    expect(await codeOf(laptop.names())).toBe('answer-invalid');
    expect(asked).toBe(1);
  });

  it('for images that are invented, when it looks for what a listing lacked, or its owner asks what is missing', async () => {
    const { phone, laptop } = await withImages();
    const [like] = await cardsOf(phone) as readonly [Card];
    const [hidden, invents] = [hiding([like.imageId]), endless(like)];
    let pages = 0;
    // The first listing is short, the second one has no end.
    laptop.tamper = (asked, ask, query) => (asked === 'GET /images' && ++pages > 1 ? invents : hidden)(asked, ask, query);
    expect(await codeOf(laptop.names())).toBe('sealed-invalid');
    expect(pages).toBeLessThan(30);
    laptop.tamper = endless(like);
    laptop.asked.length = 0;
    expect(await codeOf(laptop.client.missing())).toBe('sealed-invalid');
    expect(laptop.asked.length).toBeLessThan(10);
  });
});

describe('what the owner accepts is what the owner saw:', () => {
  const others: Readonly<Record<string, (of: Awaited<ReturnType<typeof withImages>>) => Promise<Tamper | undefined>>> = {
    'more is missing': ({ ids }) => Promise.resolve(hiding(ids)),
    'less is missing': () => Promise.resolve(undefined),
    'another image is missing': ({ ids }) => Promise.resolve(hiding(ids.slice(1, 2))),
    'an image has other bytes': async ({ ids }) => {
      const change = (card: Card): Card => (card.imageId === ids[2] ? { ...card, manifestHash: 'ab'.repeat(16) } : card);
      return Promise.resolve([
        lie<Page>('GET /images', ({ images }) => ({ images: images.map(change) })), lie<object>(`GET /images/${ids[2]}`, (record) => ({ ...record, manifest: base64Of(Buffer.from('no manifest')) })), hiding(ids.slice(0, 1)),
      ].reduce(both));
    },
    'the keyring is older': async ({ username, phone, ids }) => {
      const before = await devices.rowOf(phone);
      await (await devices.login(username)).client.changeDomain('open');
      return Promise.resolve(both(hiding(ids.slice(0, 1)), lie<object>('GET /account', (account) => ({ ...account, keyringRevision: before.keyringRevision }))));
    },
    'one was added by another device': async ({ phone, ids }) => {
      await store(phone, 'd');
      return hiding(ids.slice(0, 1));
    },
  };

  it('nothing is signed where anything is another by then', async () => {
    const given = await withImages();
    const { phone, laptop, ids } = given;
    for (const [what, change] of Object.entries(others)) {
      laptop.tamper = hiding(ids.slice(0, 1));
      const { images, digest } = await laptop.client.missing();
      expect([what, images]).toEqual([what, [{ id: ids[0], kind: 'missing', isTrashed: false }]]);
      laptop.tamper = (await change(given)) ?? honest;
      expect([what, await codeOf(laptop.client.acceptLoss(digest))]).toEqual([what, 'revision-conflict']);
    }
    expect(laptop.asked).not.toContain('PUT /account/head');
    expect(await phone.names()).toBe('a b c d');
    expect((await phone.client.head())?.epoch).toBe(0);
  });

  it('nothing is signed where the server shows an older head by then, under which all of it is right', async () => {
    const { username, phone } = await devices.person();
    await store(phone, 'a');
    const laptop = await devices.login(username);
    const old = new Map<string, Uint8Array<ArrayBuffer>>();
    const of = (asked: string): boolean => ['GET /account/head', 'GET /account/leaves', 'GET /images'].includes(asked);
    laptop.tamper = async (asked, ask) => {
      const answer = await ask();
      // The gallery is asked for before the trash.
      if (of(asked) && !old.has(asked)) old.set(asked, new Uint8Array(await answer.clone().arrayBuffer()));
      return answer;
    };
    await laptop.client.missing();
    laptop.tamper = honest;
    await store(phone, 'b');
    const { digest } = await laptop.client.missing();
    let isTrash = false;
    laptop.tamper = async (asked, ask) => {
      // It would take what an honest server refuses.
      if (asked === 'PUT /account/head') return new Response(null, { status: 204 });
      const answer = await ask();
      const instead = asked === 'GET /images' && isTrash ? undefined : old.get(asked);
      isTrash ||= asked === 'GET /images';
      return instead === undefined ? answer : new Response(instead, { headers: answer.headers });
    };
    expect(await codeOf(laptop.client.acceptLoss(digest))).toBe('revision-conflict');
    expect(laptop.asked).not.toContain('PUT /account/head');
    expect(await phone.names()).toBe('a b');
  });

  it.each<['keyring' | 'credentials', (account: Revised) => object]>([
    ['keyring', (account) => account],
    ['credentials', (account) => ({ ...account, revision: account.revision + 1 })],
  ])('nothing is signed where the server has other %s when the client comes to sign', async (what, later) => {
    const { phone, laptop, ids } = await withImages();
    const old = (await (await honestly(phone, '/account')).json()) as Revised; // an account has revisions
    if (what === 'keyring') await phone.client.changeDomain('open');
    laptop.tamper = hiding(ids.slice(0, 1));
    const { digest } = await laptop.client.missing();
    let asked = 0;
    const changing: Tamper = (call, ask) => (call === 'GET /account' && ++asked > 1 ? Promise.resolve(Response.json(later(old))) : ask());
    laptop.tamper = both(changing, hiding(ids.slice(0, 1)));
    expect(await codeOf(laptop.client.acceptLoss(digest))).toBe('revision-conflict');
    expect([asked, laptop.asked.includes('PUT /account/head')]).toEqual([2, false]);
  });

  it('what was confirmed is signed, and nothing beside it', async () => {
    const { phone, laptop, ids } = await withImages();
    laptop.tamper = hiding(ids.slice(0, 1));
    const { digest } = await laptop.client.missing();
    expect(await laptop.client.acceptLoss(digest)).toBe(1);
    expect(await differing(laptop, ids)).toEqual([]);
    expect(await laptop.names()).toBe('b c');
    // The image that the server hid is back, against what its owner has signed by now.
    expect(await codeOf(phone.names())).toBe('image-resurrected');
    expect(await differing(phone, ids)).toEqual(['returned 0']);
    const shown = await phone.client.missing();
    expect(await phone.client.acceptLoss(shown.digest)).toBe(0);
    for (const device of [phone, await devices.login(phone.client.account?.username ?? '')]) expect(await device.names()).toBe('a b c');
  });

  it('an invented image is signed by nobody', async () => {
    const { phone, laptop, ids } = await withImages();
    const { digest } = await laptop.client.missing();
    laptop.tamper = lie<Page>('GET /images', ({ images }) => ({ images: images.length === 0 ? [] : [invented(images[0] as Card, 1), ...images] })); // there is one
    expect(await codeOf(laptop.client.missing())).toBe('sealed-invalid');
    expect(await codeOf(laptop.client.acceptLoss(digest))).toBe('sealed-invalid');
    laptop.tamper = honest;
    expect((await phone.client.head())?.leaves).toBe(ids.length);
  });
});

describe('a server that serves another manifest', () => {
  it('is found out by the listing where the manifest itself is another, and not by the hash that it lists alone', async () => {
    const { laptop, ids } = await withImages();
    const hash = lie<Page>('GET /images', ({ images }) => ({ images: images.map((card) => (card.imageId === ids[1] ? { ...card, manifestHash: 'cd'.repeat(16) } : card)) }));
    laptop.tamper = hash;
    expect([await laptop.names(), await differing(laptop, ids)]).toEqual(['a b c', []]);
    laptop.tamper = both(hash, lie<object>(`GET /images/${ids[1]}`, (record) => ({ ...record, manifest: base64Of(Buffer.from('no manifest')) })));
    expect(await codeOf(laptop.names())).toBe('image-omitted');
    expect(await differing(laptop, ids)).toEqual(['changed 1']);
    expect(await laptop.client.acceptLoss((await laptop.client.missing()).digest)).toBe(0);
    expect(await differing(laptop, ids)).toEqual([]);
  });

  it('does not have one image removed for another', async () => {
    const { phone, ids } = await withImages();
    const [a, b] = ids;
    await phone.client.remove(b);
    expect((await phone.client.head())?.leaves).toBe(ids.length);
    phone.tamper = (asked, ask) => (asked === `GET /images/${a}` ? honestly(phone, `/images/${b}`) : ask());
    expect(await codeOf(phone.client.purge(a))).toBe('answer-invalid');
    phone.tamper = honest;
    expect(await phone.names()).toBe('a c');
  });
});

describe('what the server does by itself', () => {
  it('is told of each image: missing, moved to the trash, brought back', async () => {
    const { phone, laptop, ids } = await withImages();
    const [a, b, c] = ids;
    await phone.client.remove(c);
    const cards = await cardsOf(phone);
    await phone.client.remove(a);
    await phone.client.purge(a);
    let isTrash = false;
    laptop.tamper = (asked, ask) => {
      if (asked !== 'GET /images') return ask();
      isTrash = !isTrash;
      const trashed = cards.filter(({ imageId }) => imageId === b).map((card) => ({ ...card, trashedAt: card.createdAt }));
      return Promise.resolve(Response.json({ images: isTrash ? cards.filter(({ imageId }) => imageId === a) : trashed }));
    };
    expect(await differing(laptop, ids)).toEqual(['missing trashed 2', 'returned 0', 'trashed 1']);
  });
});

describe('a tree of the right root', () => {
  it('that does not show the way to a leaf is no answer: not of an image that is hidden, nor of one that is moved or stored', async () => {
    const { phone, laptop, ids } = await withImages();
    const newest = await (await OwnerHeads.of(phone.client)).newest();
    const noWay: Tamper = (asked, ask) => (asked === 'POST /account/head/paths' ? Promise.resolve(new Response(Uint8Array.of(2, ...(newest?.root ?? [])), { headers: { 'content-type': 'application/octet-stream' } })) : ask());
    laptop.tamper = both(noWay, hiding(ids.slice(0, 1)));
    for (const attempt of [() => laptop.names(), () => laptop.client.find('a'), () => laptop.client.remove(ids[1]), () => store(laptop, 'd')]) expect(await codeOf(attempt())).toBe('answer-invalid');
    expect(laptop.asked).not.toContain('PUT /account/head');
  });
});

describe('a search by name', () => {
  it('that finds nothing tells a hidden image from an unknown one', async () => {
    const { laptop, ids } = await withImages();
    expect(await codeOf(laptop.client.find('d'))).toBe('image-unknown');
    expect(await codeOf(laptop.client.find('0'.repeat(32)))).toBe('image-unknown');
    expect(await codeOf(laptop.client.find('a', { trash: true }))).toBe('image-unknown');
    laptop.tamper = hiding(ids.slice(0, 1));
    for (const name of ['a', ids[0]]) expect(await codeOf(laptop.client.find(name))).toBe('image-omitted');
    expect((await laptop.client.find('b')).id).toBe(ids[1]);
    expect((await laptop.client.find(ids[2])).name).toBe('c');
  });
});

describe('an upload that is given up', () => {
  it('closes its memory after the head that is just being remembered', async () => {
    const { username } = await devices.person();
    const steps: string[] = [];
    const [begun, released, aborted] = [new Gate(), new Gate(), new Gate()];
    async function* files(): AsyncGenerator<UploadFile, void, void> {
      yield bytesForUpload('a.bin', Buffer.from('one'));
      await aborted.opened;
      yield bytesForUpload('b.bin', Buffer.from('two'));
    }
    let now = Date.now();
    const store = {
      get: (keys: readonly Uint8Array[]) => Promise.resolve(keys.map(() => undefined)),
      put: () => Promise.resolve(),
      replace: async () => {
        begun.open();
        await released.opened;
        steps.push('remembered');
        return true;
      },
      erase: () => Promise.resolve(),
      close: () => { steps.push('closed'); return Promise.resolve(); },
    };
    // Each look at the clock is ten seconds later, so that every image is told at once.
    const client = await clientOf(devices.server.url, { platform: { now: () => (now += 10_000), openCache: () => Promise.resolve(store) } });
    await client.login({ username, password: testPassword });
    const stop = new AbortController();
    const uploading = codeOf((async () => { for await (const { error } of client.upload(files(), { signal: stop.signal })) if (error !== undefined) throw error; })());
    await begun.opened;
    stop.abort();
    aborted.open();
    setImmediate(() => { released.open(); });
    expect(await uploading).toBe('cancelled');
    expect(steps).toEqual(['remembered', 'closed']);
    await client.close();
  });
});
