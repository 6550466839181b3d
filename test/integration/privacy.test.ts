/**
 * What the operator's disk and logs hold, searched for everything that only the owner may know: file names, passwords,
 * recovery words, keys, and every 16-byte piece of the plaintext with at least 12 distinct bytes.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '../../client-sdk/node/index.js';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import { Workbench } from '../support/workbench.js';

const pieceBytes = 16;
const minDistinct = 12;

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open({ DICE_LOG_LEVEL: 'trace' });
});

afterAll(async () => {
  await bench.close();
});

/** Aligned pieces of a plaintext that are distinctive enough to mean something when found. */
function piecesOf(plaintext: Uint8Array): ReadonlySet<string> {
  const pieces = new Set<string>();
  for (let at = 0; at + pieceBytes <= plaintext.length; at += pieceBytes) {
    const piece = plaintext.subarray(at, at + pieceBytes);
    if (new Set(piece).size >= minDistinct) pieces.add(Buffer.from(piece).toString('latin1'));
  }
  return pieces;
}

/** The pieces that occur in `haystack`, at any offset. */
function found(haystack: Buffer, pieces: ReadonlySet<string>): number {
  const text = haystack.toString('latin1');
  let count = 0;
  for (let at = 0; at + pieceBytes <= text.length; at++) if (pieces.has(text.slice(at, at + pieceBytes))) count++;
  return count;
}

async function dump(): Promise<Buffer> {
  const files = (await readdir(bench.data, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const contents = await Promise.all(files.map((entry) => readFile(path.join(entry.parentPath, entry.name))));
  return Buffer.concat([...contents, Buffer.from(bench.server.log)]);
}

function forms(secret: Uint8Array): readonly Buffer[] {
  const bytes = Buffer.from(secret);
  return [bytes, Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('base64url')), Buffer.from(bytes.toString('base64'))];
}

describe('the data directory and the log', () => {
  it('hold no file name, password, word, key or piece of plaintext', async () => {
    const picture = photograph(220, 160, 12);
    const files = { 'holiday-in-Uppsala.png': pngOf(picture), 'x-ray of Mrs Lindgren.tif': tiffOf(picture), 'garden party.jpg': await jpegOf(picture) };
    const ada = await bench.person('ada', ['--domain', 'open']);
    for (const [name, bytes] of Object.entries(files)) {
      await writeFile(bench.path(name), bytes);
      await ada.must(['upload', bench.path(name)]);
    }
    await ada.must(['download', '--all', '-o', bench.path('copy')]);
    await ada.must(['verify']);
    const client = await connect(bench.server.url);
    await client.login({ username: ada.username, password: ada.password });
    const keys: Uint8Array[] = [];
    for await (const image of client.list()) {
      for (const { block } of (await client.open(image.id)).blocks) if (block !== undefined) keys.push(Buffer.from(block.key, 'hex'));
    }
    const { accountKey, token } = await client.saveSession();
    await client.close();
    await bench.stop();
    const haystack = await dump();
    expect(haystack.length).toBeGreaterThan(50_000);
    expect(keys.length).toBeGreaterThan(10);
    const secrets = [...keys, Buffer.from(accountKey, 'base64url'), Buffer.from(token ?? '', 'base64url')].flatMap(forms);
    const words = (await readFile(bench.path('ada-words.txt'), 'utf8')).trim();
    const texts = [...Object.keys(files), ada.password, words, words.split(' ').slice(0, 3).join(' ')].map((text) => Buffer.from(text));
    for (const needle of [...secrets, ...texts]) expect(haystack.includes(needle)).toBe(false);
    for (const plaintext of [...Object.values(files), picture.samples]) {
      const pieces = piecesOf(plaintext);
      expect(pieces.size).toBeGreaterThan(100);
      expect(found(haystack, pieces)).toBe(0);
    }
  }, 120_000);

  it('would be caught: the search finds a piece that lies at an odd offset', () => {
    const plaintext = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 37) % 251));
    const haystack = Buffer.concat([Buffer.alloc(7), plaintext.subarray(16, 40), Buffer.alloc(5)]);
    expect(found(haystack, piecesOf(plaintext))).toBe(1);
  });
});
