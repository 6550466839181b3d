/**
 * One flipped bit in a stored tag, a stored code and a stored cipher, seen through the command line: the index is put right
 * by check code and hash, a rotten cipher is never served and heals by another upload.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { pngOf } from '../../bench/plain-images.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import type { Person } from '../support/dice-command.js';
import { photograph } from '../support/sample-images.js';
import { Workbench } from '../support/workbench.js';

interface TagRow {
  readonly id: number;
  readonly t: Buffer;
  readonly t1: Buffer;
  readonly code: number;
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}
interface Verified {
  readonly totals: { readonly failedBlocks: number; readonly failedImages: number };
  readonly images: readonly { readonly blocks: readonly { readonly index: number; readonly isFetched: boolean; readonly isHashRight: boolean; readonly error: { readonly code: string } | null }[] }[];
}

let bench: Workbench;
let ada: Person;
let picture: string;

beforeAll(async () => {
  bench = await Workbench.open();
  ada = await bench.person('ada');
  picture = bench.path('picture.png');
  await writeFile(picture, pngOf(photograph(260, 200, 4)));
  await ada.must(['upload', picture]);
});

afterAll(async () => {
  await bench.close();
});

function databaseFile(): string {
  const name = readdirSync(bench.data).find((entry) => entry.endsWith('.sqlite') || entry.endsWith('.db'));
  if (name === undefined) throw new Error('the data directory has no database');
  return path.join(bench.data, name);
}

/** Changes the first row of the index while the server is stopped, and answers it as it was. */
async function changeRow(change: (row: TagRow, set: (column: 't' | 't1' | 'code', value: Buffer | number) => void) => void): Promise<TagRow> {
  let was: TagRow | undefined;
  await bench.whileStopped(() => {
    const database = new Database(databaseFile());
    was = database.prepare<[], TagRow>('SELECT id, t, t1, code, pack, "offset", length FROM tag ORDER BY id LIMIT 1').get();
    const row = was;
    if (row !== undefined) change(row, (column, value) => database.prepare(`UPDATE tag SET ${column} = ? WHERE id = ?`).run(value, row.id));
    database.close();
  });
  if (was === undefined) throw new Error('the index is empty');
  return was;
}

function rowNow(id: number): TagRow | undefined {
  const database = new Database(databaseFile(), { readonly: true });
  try {
    return database.prepare<[number], TagRow>('SELECT id, t, t1, code, pack, "offset", length FROM tag WHERE id = ?').get(id);
  } finally {
    database.close();
  }
}

function withFlip(bytes: Buffer, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (128 >> (bit & 7));
  return copy;
}

/** The image comes back whole, and verify is content. */
async function expectIntact(name: string): Promise<void> {
  const target = bench.path(`${name}.png`);
  await ada.must(['download', 'picture.png', '-o', target]);
  expect(await readFile(target)).toEqual(await readFile(picture));
  expect((await ada.must(['verify', 'picture.png', '--json'])).json<Verified>().totals).toMatchObject({ failedBlocks: 0, failedImages: 0 });
}

describe('one flipped bit', () => {
  it('in a stored tag is corrected by the check code, accepted only because SHA-256(T) = T1', async () => {
    const was = await changeRow((row, set) => {
      set('t', withFlip(row.t, 77));
    });
    await expectIntact('after-tag');
    await bench.stop();
    expect((await bench.admin(['scrub', '--json'])).status).toBe(0);
    expect(rowNow(was.id)?.t.equals(was.t)).toBe(true);
    await bench.start();
  });

  it('in a stored code is corrected, and H(i) = H(j) again', async () => {
    const was = await changeRow((row, set) => {
      set('code', row.code ^ 0b100);
    });
    await bench.stop();
    expect((await bench.admin(['scrub', '--json'])).status).toBe(0);
    expect(rowNow(was.id)?.code).toBe(was.code);
    await bench.start();
    await expectIntact('after-code');
  });

  it('in a stored T1 is put right by reading the cipher', async () => {
    const was = await changeRow((row, set) => {
      set('t1', withFlip(row.t1, 200));
    });
    await bench.stop();
    expect((await bench.admin(['scrub', '--json'])).status).toBe(0);
    expect(rowNow(was.id)?.t1.equals(was.t1)).toBe(true);
    await bench.start();
    await expectIntact('after-rehash');
  });

  it('in a stored cipher is noticed, named, never served, and healed by another upload', async () => {
    const row = await changeRow((found) => {
      const file = packPath({ directory: path.join(bench.data, 'packs') }, found.pack);
      const bytes = readFileSync(file);
      // The record's header comes first, so this byte lies inside its payload.
      const at = found.offset + found.length;
      bytes[at] = (bytes[at] ?? 0) ^ 4;
      writeFileSync(file, bytes);
    });
    expect(row.length).toBeGreaterThan(100);
    const verified = await ada.dice(['verify', 'picture.png', '--json']);
    expect(verified.status).toBe(4);
    expect(verified.json<Verified>().totals.failedBlocks).toBe(1);
    const target = bench.path('never.png');
    expect((await ada.dice(['download', 'picture.png', '-o', target])).status).toBe(4);
    expect(readdirSync(bench.folder).filter((name) => name.includes('never.png'))).toEqual([]);
    await bench.stop();
    expect((await bench.admin(['check', '--json'])).status).toBe(4);
    await bench.start();
    const renamed = bench.path('picture again.png');
    await writeFile(renamed, await readFile(picture));
    await ada.must(['upload', renamed]);
    await expectIntact('after-cipher');
  });
});
