/**
 * Whose equal images meet on the disk: all users of `open`, members of a group, nobody across `personal`. Measured as the
 * operator measures: bytes of the data directory after merging and compaction and a drained stop.
 */
import { writeFile } from 'node:fs/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { folderBytes } from '../../bench/server-process.js';
import { pngOf } from '../../bench/plain-images.js';
import { photograph } from '../support/sample-images.js';
import { Workbench } from '../support/workbench.js';

let bench: Workbench;

afterEach(async () => {
  await bench.close();
});

async function merged(): Promise<number> {
  await bench.stop();
  const collected = await bench.admin(['gc', '--json']);
  expect(collected.status).toBe(0);
  const bytes = await folderBytes(bench.data);
  await bench.start();
  return bytes;
}

/** Bytes that the second person's equal image adds, as a share of what the first one's took. */
async function shareOfSecond(domain: 'open' | 'personal' | 'group'): Promise<number> {
  bench = await Workbench.open();
  const file = bench.path('picture.png');
  await writeFile(file, pngOf(photograph(700, 500, 8)));
  const own = domain === 'group' ? [] : ['--domain', domain];
  const ada = await bench.person('ada', own);
  // An invitation begins the group, and its maker uploads into it from then on.
  const joining = domain === 'group' ? ['--invitation', (await ada.must(['invite', '--json'])).json<{ readonly link: string }>().link] : own;
  const bob = await bench.person('bob', joining);
  const empty = await merged();
  await ada.must(['upload', file]);
  const one = await merged();
  await bob.must(['upload', file]);
  const two = await merged();
  await bob.must(['verify']);
  await ada.must(['verify']);
  return (two - one) / (one - empty);
}

describe('the second account’s equal image', () => {
  it.each(['open', 'group'] as const)('adds at most 3 %% to the disk after merging in %s', async (domain) => {
    expect(await shareOfSecond(domain)).toBeLessThanOrEqual(0.03);
  });

  it('adds all of it across personal domains', async () => {
    expect(await shareOfSecond('personal')).toBeGreaterThan(0.9);
  });
});
