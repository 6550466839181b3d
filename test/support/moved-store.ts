/**
 * A store with something of everything, served on whatever engines, and what its people see of it: for tests that move it elsewhere and ask
 * again.
 */
import request from 'supertest';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import type { DiceClient } from '../../client-sdk/api.js';
import type { Config } from '../../server/config.js';
import { codeNow } from './authenticator.js';
import { rawBlock, registerRaw, storeRaw, type RawAccount } from './raw-account.js';
import { startServer, type TestServer } from './running-server.js';
import { jpegOf, photograph, withOnePixel } from './sample-images.js';
import { clientOf, codeOf, downloaded, registered, testPassword, uploaded } from './sdk-client.js';

export type Engines = Partial<Pick<Config, 'dataDirectory' | 'databaseUrl' | 'bucket'>>;

/** Runs `work` while a server serves the store on these engines. Nothing expires, and nothing is collected unless asked for. */
export async function serving<T>(engines: Engines, work: (server: TestServer) => Promise<T>): Promise<T> {
  const server = await startServer({ graceMs: 0, ...engines });
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

/** What was put into a store. */
export interface Filled {
  /** A bearer from before. */
  readonly raw: RawAccount;
  readonly rawImage: string;
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** What everybody sees of it. */
  readonly seen: unknown;
  /** Brings its group to whoever registers with it. */
  readonly invitation: string;
}

/** Fills an empty store through several servers, one after the other, each of which begins packs of its own. */
export async function fillStore(engines: Engines): Promise<Filled> {
  const original = photograph(200, 150, 5);
  const files: Readonly<Record<string, Uint8Array>> = {
    'first.png': pngOf(original), 'edited.png': pngOf(withOnePixel(original, 3, 3)), 'scan.tiff': tiffOf(original), 'photo.jpg': await jpegOf(photograph(320, 240, 6)),
    'nothing.bin': new Uint8Array(0), 'name with spaces ✓.txt': new TextEncoder().encode('words '.repeat(90_000)),
  };
  const raw = await serving(engines, async ({ url }) => {
    const ada = await registered(url, 'ada', { domain: 'personal' });
    await uploaded(ada, files);
    return registerRaw(url, 'rawdon');
  });
  const invitation = await serving(engines, async ({ url }) => {
    const ada = await loggedIn(url, 'ada');
    const bob = await registered(url, 'bob', { invitation: (await ada.invite()).link });
    await uploaded(bob, { 'same.png': files['first.png'] ?? new Uint8Array(0) });
    await uploaded(ada, { 'trashed.png': pngOf(photograph(90, 90, 8)), 'purged.png': pngOf(photograph(90, 90, 9)) });
    await ada.remove((await ada.find('trashed.png')).id);
    const { id } = await ada.find('purged.png');
    await ada.remove(id);
    await ada.purge(id);
    const carl = await registered(url, 'carl');
    await uploaded(carl, { 'gone.png': pngOf(photograph(60, 60, 10)) });
    await carl.closeAccount({ username: 'carl', password: testPassword });
    const dora = await registered(url, 'dora');
    await dora.confirmSecondFactor(codeNow((await dora.beginSecondFactor({ password: testPassword })).secret));
    return (await ada.invite()).link;
  });
  return serving(engines, async (server) => {
    const rawImage = await storeRaw(server.url, raw, [rawBlock(5_000), rawBlock(300)]);
    return { raw, rawImage, files, invitation, seen: await seenBy(server, raw) };
  });
}

/** What people see of the store, but for the times at which they looked. */
export async function seenBy(server: TestServer, raw: RawAccount): Promise<unknown> {
  const ada = await loggedIn(server.url, 'ada');
  const bob = await loggedIn(server.url, 'bob');
  const images = await request(server.url).get('/api/v1/images').set('Authorization', raw.bearer);
  return {
    ada: [await listed(ada, false), await listed(ada, true), await ada.usage(), await ada.report()],
    bob: [await listed(bob, false), await bob.usage()],
    invitations: await ada.invitations(),
    dora: await codeOf((await clientOf(server.url)).login({ username: 'dora', password: testPassword })),
    raw: [images.status, images.body as unknown],
  };
}

/** Every file of ada, and what bob shares with her, comes back bit for bit. Answers the names that do not. */
export async function brokenFiles(server: TestServer, { files }: Filled): Promise<readonly string[]> {
  const ada = await loggedIn(server.url, 'ada');
  const bob = await loggedIn(server.url, 'bob');
  const broken: string[] = [];
  const compare = async (client: DiceClient, name: string, bytes: Uint8Array): Promise<void> => {
    const found = await downloaded(client, (await client.find(name)).id);
    if (Buffer.compare(found, bytes) !== 0) broken.push(name);
  };
  for (const [name, bytes] of Object.entries(files)) await compare(ada, name, bytes);
  await compare(bob, 'same.png', files['first.png'] ?? new Uint8Array(0));
  return broken;
}

export async function loggedIn(url: string, username: string): Promise<DiceClient> {
  const client = await clientOf(url);
  await client.login({ username, password: testPassword });
  return client;
}

async function listed(client: DiceClient, isTrash: boolean): Promise<readonly unknown[]> {
  const images: unknown[] = [];
  for await (const image of client.list({ trash: isTrash })) images.push(image);
  return images;
}
