/**
 * What a hostile server can still do unnoticed, one by one (test/support/known-open.ts): old states and parts left out. A test that fails here has
 * good news: the lie is noticed now, and leaves the list. SPEC.md section 14.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { DiceClient } from '../../client-sdk/api.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import { HostileWorld, type Owner } from '../support/hostile-world.js';
import { knownOpen } from '../support/known-open.js';
import type { Told } from '../support/lie.js';
import { codeOf, downloaded, testPassword } from '../support/sdk-client.js';

interface Page {
  readonly images: readonly Readonly<Record<string, unknown>>[];
}

let world: HostileWorld;

beforeAll(async () => {
  world = await HostileWorld.open();
  await world.owner();
});

afterAll(async () => {
  await world.close();
});

const words = (name: string): Uint8Array => Buffer.from(`the words of ${name}`);

/** An account with three images, the newest first. */
async function withImages(): Promise<Owner & { readonly ids: readonly string[] }> {
  const owner = await world.owner();
  const ids: string[] = [];
  for (const name of ['c', 'b', 'a']) ids.unshift((await world.upload(owner.client, { [name]: words(name) })).get(name)?.id ?? '');
  return { ...owner, ids };
}

async function names(client: DiceClient, options: { readonly trash?: boolean } = {}): Promise<string> {
  const found: string[] = [];
  for await (const { name } of client.list(options)) found.push(name);
  return found.join('');
}

function told(answer: Told, json: unknown): Told {
  return { status: 200, headers: { ...answer.headers, 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(json)) };
}

/** All answers of a route, changed. */
function lie<T>(route: RouteName, change: (json: T) => unknown): void {
  // Of the form that the route answers.
  world.network.reset({ route, from: 0, lie: { kind: '', at: '', tell: (answer) => told(answer, change(JSON.parse(Buffer.from(answer.body).toString()) as T)) } });
}

async function again(client: DiceClient): Promise<DiceClient> {
  const other = await world.connect();
  await other.resumeSession(await client.saveSession());
  return other;
}

/** Each answers what the client believes, and what is true. */
const attempts: Readonly<Record<(typeof knownOpen)[number], () => Promise<{ readonly believed: unknown; readonly truth: unknown }>>> = {
  'a removed image is served as one of the gallery': async () => {
    const { client, ids } = await withImages();
    const old = await (await world.reader(client))('/images');
    await client.remove(ids[0] ?? '');
    lie('listImages', () => old);
    return { believed: await names(client), truth: 'abc' };
  },
  'an image of the gallery is served as one of the trash': async () => {
    const { client } = await withImages();
    const { images } = (await (await world.reader(client))('/images')) as Page;
    lie('listImages', () => ({ images: images.map((card) => ({ ...card, trashedAt: card['createdAt'] })) }));
    return { believed: await names(client, { trash: true }), truth: 'abc' };
  },
  'a purged image is served from an old answer': async () => {
    const { client, ids } = await withImages();
    const id = ids[0] ?? '';
    const old = await (await world.reader(client))(`/images/${id}`);
    await client.remove(id);
    await client.purge(id);
    world.network.reset({ route: 'readImage', from: 0, lie: { kind: '', at: '', tell: (answer) => told(answer, old) } });
    return { believed: Buffer.from(await downloaded(client, id)).toString(), truth: Buffer.from(words('a')).toString() };
  },
  'images are listed in another order': async () => {
    const { client } = await withImages();
    lie<Page>('listImages', ({ images }) => ({ images: [...images].reverse().map((card, i) => ({ ...card, createdAt: images[i]?.['createdAt'] })) }));
    return { believed: await names(client), truth: 'cba' };
  },
  'a preview is withheld': async () => {
    const { client } = await world.owner();
    const id = (await world.upload(client, { 'large.bin': world.files['photo.png'].subarray(0, 3_000) })).get('large.bin')?.id ?? '';
    expect(await (await again(client)).preview(id)).toHaveLength(300);
    lie<{ readonly card: object }>('readImage', (record) => ({ ...record, card: { ...record.card, hasPreview: false } }));
    return { believed: await client.preview(id), truth: undefined };
  },
};

type Lies = Readonly<Record<string, () => Promise<unknown>>>;

/** What the account head tells of images. */
const omitted: Lies = {
  'an image is left out of the listing': async () => {
    const { client } = await withImages();
    lie<Page>('listImages', ({ images }) => ({ images: images.filter((_, i) => i !== 1) }));
    return await names(client);
  },
  'the listing is empty': async () => {
    const { client } = await withImages();
    lie('listImages', () => ({ images: [] }));
    return await names(client);
  },
  'an old listing is served': async () => {
    const { client } = await withImages();
    const old = await (await world.reader(client))('/images');
    await world.upload(client, { d: words('d') });
    lie('listImages', () => old);
    return await names(await again(client));
  },
  'a commit is acknowledged and not kept': async () => {
    const { client } = await world.owner();
    world.network.reset(undefined);
    // The body of a commit begins with magic and count, then the image's id.
    world.network.instead = ({ route, body }) => (route === 'commitImages' ? Response.json({ results: [{ imageId: Buffer.from(body.subarray(5, 21)).toString('hex'), status: 'stored' }] }) : undefined);
    return world.upload(client, { lost: words('lost') });
  },
};

/** And of the account itself, to a device that logs in anew. */
const older: Lies = {
  'an old keyring is served': async () => {
    const { client } = await world.owner();
    const old = await (await world.reader(client))('/account');
    await client.changeDomain('open');
    lie('readAccount', () => old);
    const other = await again(client);
    expect(other.account?.domain).toBe('personal');
    return names(other);
  },
  'an old password still opens the account': async () => {
    const { client, username } = await world.owner();
    const other = await world.connect();
    await other.login({ username, password: testPassword });
    const [parameters, old] = world.network.exchanges.slice(-2).map(({ answer }) => JSON.parse(Buffer.from(answer.body).toString()) as Readonly<Record<string, unknown>>);
    await client.changePassword({ current: testPassword, next: 'nine purple herons' });
    // A session that lives: who serves an old account lets it in.
    const { token, sessionId } = await client.saveSession();
    const served: Readonly<Partial<Record<RouteName, unknown>>> = { readLoginParameters: parameters, login: { ...old, token, sessionId }, readAccount: old?.['account'] };
    world.network.reset(undefined);
    world.network.instead = ({ route }) => (route === undefined || served[route] === undefined ? undefined : Response.json(served[route]));
    const third = await world.connect();
    await third.login({ username, password: testPassword });
    expect(third.account?.username).toBe(username);
    return names(third);
  },
};

describe('it is noticed by the account head that', () => {
  it.each([...Object.entries(omitted).map((lie) => ['image-omitted', ...lie] as const), ...Object.entries(older).map((lie) => ['account-rolled-back', ...lie] as const)])('(%s) %s', async (code, _, attempt) => {
    world.network.reset(undefined);
    expect(await codeOf(attempt())).toBe(code);
  });
});

describe('it is not noticed yet that', () => {
  it.each(knownOpen)('%s', async (name) => {
    world.network.reset(undefined);
    const { believed, truth } = await attempts[name]();
    expect(believed).toEqual(truth);
  });
});
