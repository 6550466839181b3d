/**
 * A whole data directory in one compressed file, and what is in it: how it is packed, found and unpacked. Made once for a release, read by all later ones.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { filesIn } from './backed-up.js';

/** An image by its name, and the SHA-256 of its file. */
export interface FixtureImage {
  readonly name: string;
  readonly sha256: string;
}

/** What people of the store see. */
export interface FixtureAccount {
  readonly username: string;
  readonly images: readonly FixtureImage[];
  readonly trash: readonly FixtureImage[];
}

/** What a fixture holds. */
export interface Fixture {
  readonly release: string;
  readonly accounts: readonly FixtureAccount[];
  /** Names of images that were removed for good. */
  readonly removed: readonly string[];
}

/** What a fixture of the formats holds beside that. */
export interface FormatFixture extends Fixture {
  /** Of ada's second factor, base32. */
  readonly secret: string;
  /** Id of the point in its repository of backups. */
  readonly point: string;
}

/** The password of every account of every fixture. */
export const fixturePassword = 'the moon over the old harbour';

/** From dist/test/support up to the sources. */
export const fixturesFolder = fileURLToPath(new URL('../../../test/fixtures/stores', import.meta.url));
/** Data directories with their repositories of backups: formats that came between two releases. */
export const formatsFolder = fileURLToPath(new URL('../../../test/fixtures/formats', import.meta.url));
const [storeName, contentName] = ['store.json.br', 'content.json'];

/** Folders of all releases that have a fixture. */
export async function fixtureFolders(): Promise<readonly string[]> {
  return (await readdir(fixturesFolder, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => path.join(fixturesFolder, name)).sort();
}

/** Packs the data directory of a stopped server, or a folder that holds it. A fixture never changes: an existing one is refused. */
export async function packFixture(data: string, fixture: Fixture, folder = path.join(fixturesFolder, fixture.release)): Promise<{ readonly folder: string; readonly bytes: number }> {
  await mkdir(folder);
  const files: Record<string, string> = {};
  for (const name of [...(await filesIn(data)).keys()].sort()) files[name] = (await readFile(path.join(data, name))).toString('base64');
  const packed = brotliCompressSync(JSON.stringify(files), { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } });
  await writeFile(path.join(folder, storeName), packed);
  await writeFile(path.join(folder, contentName), `${JSON.stringify(fixture, undefined, 2)}\n`);
  return { folder, bytes: packed.length };
}

/** Makes a data directory of the fixture in `folder`; answers what is in it. */
export async function unpackFixture<T extends Fixture = Fixture>(folder: string, data: string): Promise<T> {
  const files = JSON.parse(brotliDecompressSync(await readFile(path.join(folder, storeName))).toString()) as Readonly<Record<string, string>>; // packed above
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(data, name)), { recursive: true });
    await writeFile(path.join(data, name), Buffer.from(text, 'base64'), { mode: 0o600 });
  }
  return JSON.parse(await readFile(path.join(folder, contentName), 'utf8')) as T; // packed above
}
