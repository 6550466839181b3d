/**
 * The comparison with other tools, on three tiny files: this product for real, stubs in place of the others (stub-backup.ts).
 * Its figures add up; it refuses to report what was not restored; nothing is left behind. How else it may end: test/integration.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { PeerRow } from '../../bench/peers/peer-table.js';
import { pngOf } from '../../bench/plain-images.js';
import { runBench } from '../support/bench-run.js';
import { fixedRandom } from '../support/fixed-random.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import { stubTools } from '../support/stub-tools.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
let folder: string;
let logicalBytes = 0;

beforeAll(async () => {
  folder = path.join(await makeDirectory(), 'pictures');
  const picture = photograph(90, 80);
  const files = { 'a.png': pngOf(picture), 'b.jpg': await jpegOf(picture), 'c.txt': fixedRandom('peers')(60_000) };
  await mkdir(folder);
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(path.join(folder, name), bytes);
    logicalBytes += bytes.length;
  }
});

describe('the comparison', () => {
  it('reports every step of every tool in a table and as JSON, and leaves nothing behind', async () => {
    const temporary = await makeDirectory();
    const jsonFile = path.join(await makeDirectory(), 'figures.json');
    const { status, stdout, stderr } = await runBench('peers/peers', [folder, '--runs', '1', '--link', '100', '--tool', 'dice-bytes,restic,borg', '--edits', '3', '--json', jsonFile], { temporary, search: await stubTools(await makeDirectory()) });
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringContaining('round 1 of 1, 100 Mbit/s each way, 20 ms round trip, borg') });
    expect(stdout).toContain('edits: 1 stamps on PNG, 1 comments in JPEG, 1 appended bytes');
    expect(stdout).toMatch(/^\| verify +\| dice-bytes +\|/m);
    expect(await readdir(temporary)).toEqual([]);
    // The bench's own document.
    const { medians } = JSON.parse(await readFile(jsonFile, 'utf8')) as { readonly medians: readonly PeerRow[] };
    expect(medians).toHaveLength(5 * 3);
    for (const row of medians) {
      expect(row.wallSeconds).toBeGreaterThan(0.02);
      expect(row.cpuSeconds).toBeGreaterThan(0);
      expect(row.peakMemoryBytes).toBeGreaterThan(1e6);
    }
    expectCopies(medians);
    const verify = medians.filter(({ step }) => step === 'verify');
    const best = Math.min(...verify.filter(({ tool }) => tool !== 'dice-bytes').map(({ wallSeconds }) => wallSeconds));
    for (const row of verify) expect(row.ratioToBestPeer).toBeCloseTo(row.wallSeconds / best);
  });

  it('reports nothing where a restore differs', async () => {
    const temporary = await makeDirectory();
    const { status, stdout, stderr } = await runBench('peers/peers', [folder, '--runs', '1', '--link', 'none', '--tool', 'restic'], { temporary, search: await stubTools(await makeDirectory(), 'restic-damaging') });
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining('restic did not restore what it stored, so nothing is reported; 1 of 3 files:\ndifferent: pictures/') });
    expect(await readdir(temporary)).toEqual([]);
  });
});

/** Both stubs send and keep plain copies in base64, restic's keep them as they are. */
function expectCopies(medians: readonly PeerRow[]): void {
  const rowOf = (tool: string, step: string): PeerRow | undefined => medians.find((row) => row.tool === tool && row.step === step);
  expect(rowOf('restic', 'first store')?.repositoryBytes).toBe(logicalBytes + 'stub'.length);
  expect(rowOf('restic', 'store unchanged')?.repositoryBytes).toBe(logicalBytes + 'stub'.length);
  expect(rowOf('restic', 'restore')?.repositoryBytes).toBeUndefined();
  for (const [tool, step] of [['restic', 'first store'], ['restic', 'restore'], ['borg', 'first store'], ['borg', 'restore'], ['dice-bytes', 'first store']] as const) {
    expect(rowOf(tool, step)?.linkBytes).toBeGreaterThan(logicalBytes / 2);
    expect(rowOf(tool, step)?.linkBytes).toBeLessThan(3 * logicalBytes);
  }
  expect(rowOf('dice-bytes', 'store unchanged')?.linkBytes).toBeLessThan(logicalBytes / 2);
}
