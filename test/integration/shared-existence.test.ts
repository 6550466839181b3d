/**
 * existence = shared through the command line: the second account proves that it has the blocks and sends none, and what
 * it adds to the disk is its manifest. SPEC.md section 3.
 */
import { readFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { folderBytes } from '../../bench/server-process.js';
import type { Person } from '../support/dice-command.js';
import { writePhotograph } from '../support/picture-process.js';
import { Workbench } from '../support/workbench.js';

interface Uploaded {
  readonly files: readonly { readonly status: string; readonly blocks: number; readonly blocksSent: number; readonly sentBytes: number }[];
}

let bench: Workbench;

afterEach(async () => {
  await bench.close();
});

async function upload(person: Person, file: string): Promise<Uploaded['files'][number]> {
  const [row] = (await person.must(['upload', file, '--json'])).json<Uploaded>().files;
  if (row === undefined) throw new Error('an upload has a file');
  return row;
}

/** Bytes of the data directory after merging and a drained stop. */
async function merged(): Promise<number> {
  await bench.stop();
  expect((await bench.admin(['gc'])).status).toBe(0);
  const bytes = await folderBytes(bench.data);
  await bench.start();
  return bytes;
}

describe('under DICE_EXISTENCE=shared, the second account’s equal image', () => {
  it('sends no block, adds at most 3 % to the disk, and comes back exactly', async () => {
    bench = await Workbench.open({ DICE_EXISTENCE: 'shared' });
    const file = bench.path('picture.png');
    await writePhotograph(file, { width: 900, height: 700, seed: 8 });
    const bytes = await readFile(file);
    const [ada, bob] = [await bench.person('ada', ['--domain', 'open']), await bench.person('bob', ['--domain', 'open'])];
    const empty = await merged();
    const first = await upload(ada, file);
    expect(first.blocksSent).toBe(first.blocks);
    const one = await merged();
    const second = await upload(bob, file);
    expect(second).toMatchObject({ status: 'stored', blocks: first.blocks, blocksSent: 0 });
    expect(second.sentBytes).toBeLessThan(0.1 * bytes.length);
    const two = await merged();
    expect((two - one) / (one - empty)).toBeLessThanOrEqual(0.03);
    await bob.must(['download', 'picture.png', '-o', bench.path('back.png')]);
    expect(await readFile(bench.path('back.png'))).toEqual(bytes);
    await bob.must(['verify']);
  }, 120_000);

  it('in a personal domain is sent whole, and a store made under own is not opened to probing without a word', async () => {
    bench = await Workbench.open();
    const file = bench.path('picture.png');
    await writePhotograph(file, { width: 100, height: 90, seed: 5 });
    await upload(await bench.person('ada', ['--domain', 'personal']), file);
    await bench.stop();
    await expect(bench.start({ DICE_EXISTENCE: 'shared' })).rejects.toThrow(/DICE_CONFIRM_SHARED=yes/);
    await bench.start({ DICE_EXISTENCE: 'shared', DICE_CONFIRM_SHARED: 'yes' });
    const second = await upload(await bench.person('bob', ['--domain', 'personal']), file);
    expect(second.blocksSent).toBe(second.blocks);
  });
});
