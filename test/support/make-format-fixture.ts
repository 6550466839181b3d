/**
 * Makes a fixture of the formats that the first store lacks: account heads, a second factor, parity beside packs, and a repository with a backup. Small: a few images. Run as a
 * program with a name; test/fixtures/formats/README.md says when.
 */
import { hash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pngOf } from '../../bench/plain-images.js';
import type { DiceClient } from '../../client-sdk/api.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { makeParity } from '../../server/core/parity.js';
import { codeNow } from './authenticator.js';
import { backUp, opened } from './backed-up.js';
import { serving } from './moved-store.js';
import { photograph } from './sample-images.js';
import { clientOf, storedId } from './sdk-client.js';
import { fixturePassword, type FormatFixture, formatsFolder, packFixture } from './stored-fixture.js';

const [release = ''] = process.argv.slice(2);
if (!/^[\w.-]+$/.test(release)) throw new Error('say the name of the fixture');
const folder = await mkdtemp(path.join(tmpdir(), 'dice-fixture-'));
const data = path.join(folder, 'tree', 'data');
const files: Readonly<Record<string, Uint8Array>> = { 'photo.png': pngOf(photograph(48, 40, 5)), 'words.txt': new TextEncoder().encode('words, and more words '.repeat(100)) };
try {
  await serving({ dataDirectory: data }, async ({ url }) => {
    const ada = await client(url);
    await ada.register({ username: 'ada', password: fixturePassword, domain: 'personal' });
    for (const [name, bytes] of Object.entries(files)) await storedId(ada, name, bytes);
  });
  const { secret, removed } = await serving({ dataDirectory: data }, async ({ url }) => {
    const ada = await client(url);
    await ada.login({ username: 'ada', password: fixturePassword });
    const name = 'purged.png';
    const id = await storedId(ada, name, pngOf(photograph(30, 30, 9)));
    await ada.remove(id);
    await ada.purge(id);
    const begun = await ada.beginSecondFactor({ password: fixturePassword });
    await ada.confirmSecondFactor(codeNow(begun.secret));
    return { secret: begun.secret, removed: [name] };
  });
  await opened(data, (store) => makeParity(store.parts, { percent: 5, onRead: () => Promise.resolve() }));
  const { id: point } = await backUp(data, path.join(folder, 'tree', 'backup'));
  const images = Object.entries(files).map(([name, bytes]) => ({ name, sha256: hash('sha256', bytes, 'hex') })).reverse();
  const fixture: FormatFixture = { release, accounts: [{ username: 'ada', images, trash: [] }], removed, secret, point };
  const made = await packFixture(path.join(folder, 'tree'), fixture, path.join(formatsFolder, release));
  process.stdout.write(`${made.folder}: ${String(made.bytes)} bytes\n`);
} finally {
  await rm(folder, { recursive: true, force: true });
}

/** The scrypt of the product, for it is a store as people have it. */
function client(url: string): Promise<DiceClient> {
  return clientOf(url, { profileDir: path.join(folder, 'profile'), platform: { crypto: nodeProvider } });
}
