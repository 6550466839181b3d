/**
 * Makes the fixture of this release: a small store with images of every splitter, edited copies, two accounts that share, a closed one, something in the trash and
 * something removed. Run as a program, once for a release; test/fixtures/stores/README.md says when.
 */
import { hash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pngOf, tiffOf, type Pixels } from '../../bench/plain-images.js';
import type { DiceClient } from '../../client-sdk/api.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { equalise, smoothPicture } from './equalised-picture.js';
import { madeFiles } from './made-files.js';
import { serving } from './moved-store.js';
import { jpegOf, photograph, withOnePixel } from './sample-images.js';
import { clientOf, downloaded, uploaded } from './sdk-client.js';
import { fixturePassword, packFixture, type FixtureAccount, type FixtureImage } from './stored-fixture.js';

const removed = ['purged.png', 'gone.png'];
/** SHA-256 of what was stored, by name. */
const given = new Map<string, string>();
const folder = await mkdtemp(path.join(tmpdir(), 'dice-fixture-'));
const data = path.join(folder, 'data');
try {
  const accounts = await fill();
  const manifest = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as { readonly version: string };
  const made = await packFixture(data, { release: manifest.version, accounts, removed });
  process.stdout.write(`${made.folder}: ${String(made.bytes)} bytes\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The scrypt of the product, for it is a store as people have it. */
function client(url: string, username: string): Promise<DiceClient> {
  return clientOf(url, { profileDir: path.join(folder, 'profiles', username), platform: { crypto: nodeProvider } });
}

/** Through two servers, so that there are packs of two. */
async function fill(): Promise<readonly FixtureAccount[]> {
  const files = await filesOfAda();
  const link = await serving({ dataDirectory: data }, async ({ url }) => {
    const ada = await client(url, 'ada');
    await ada.register({ username: 'ada', password: fixturePassword, domain: 'personal' });
    // One after the other: an edited copy is cut along an original that is stored.
    for (const [name, bytes] of Object.entries(files)) await store(ada, name, bytes);
    return (await ada.invite()).link;
  });
  return serving({ dataDirectory: data }, async (server) => {
    const bob = await client(server.url, 'bob');
    await bob.register({ username: 'bob', password: fixturePassword, invitation: link });
    await store(bob, 'same.png', files['photo.png'] ?? new Uint8Array(0));
    await store(bob, 'same.txt', files['words.txt'] ?? new Uint8Array(0));
    const ada = await client(server.url, 'ada');
    await ada.login({ username: 'ada', password: fixturePassword });
    for (const [name, seed] of [['trashed.png', 8], ['purged.png', 9]] as const) {
      await store(ada, name, pngOf(photograph(60, 50, seed)));
      await ada.remove((await ada.find(name)).id);
    }
    await ada.purge((await ada.find('purged.png', { trash: true })).id);
    await closeOne(server.url);
    await server.services.sweep.sweep({ isThorough: true });
    return [await seen(ada, 'ada'), await seen(bob, 'bob')];
  });
}

async function filesOfAda(): Promise<Readonly<Record<string, Uint8Array>>> {
  const original = photograph(160, 120, 5);
  const files: Record<string, Uint8Array> = {
    'photo.png': pngOf(original), 'photo.tif': tiffOf(original), 'one pixel.png': pngOf(withOnePixel(original, 80, 60)), 'photo.jpg': await jpegOf(original),
    'equalised.png': pngOf(equalisedPicture()), 'nothing.bin': new Uint8Array(0), 'words.txt': new TextEncoder().encode('words, and more words '.repeat(4_000)),
    'broken.png': pngOf(photograph(40, 40, 7)).subarray(0, 3_000),
  };
  for (const [index, bytes] of madeFiles().entries()) files[`folder/made ${String(index).padStart(2, '0')} ✓`] = bytes;
  return files;
}

function equalisedPicture(): Pixels {
  const { width, height, values } = equalise(smoothPicture(200, 150, 7), 2);
  return { width, height, samples: Uint8Array.from({ length: 3 * values.length }, (_, i) => values[Math.floor(i / 3)] ?? 0) };
}

async function closeOne(url: string): Promise<void> {
  const carl = await client(url, 'carl');
  await carl.register({ username: 'carl', password: fixturePassword, domain: 'open' });
  await store(carl, 'gone.png', pngOf(photograph(40, 30, 10)));
  await carl.closeAccount({ username: 'carl', password: fixturePassword });
}

async function seen(person: DiceClient, username: string): Promise<FixtureAccount> {
  return { username, images: await imagesOf(person, false), trash: await imagesOf(person, true) };
}

async function imagesOf(person: DiceClient, isTrash: boolean): Promise<readonly FixtureImage[]> {
  const images: FixtureImage[] = [];
  for await (const { id, name } of person.list({ trash: isTrash })) {
    const sha256 = hash('sha256', await downloaded(person, id), 'hex');
    if (sha256 !== given.get(name)) throw new Error(`${name} did not come back as it was given`);
    images.push({ name, sha256 });
  }
  return images;
}

async function store(person: DiceClient, name: string, bytes: Uint8Array): Promise<void> {
  const file = (await uploaded(person, { [name]: bytes })).get(name);
  if (file?.status !== 'stored') throw new Error(`${name} was not stored`);
  given.set(name, hash('sha256', bytes, 'hex'));
}
