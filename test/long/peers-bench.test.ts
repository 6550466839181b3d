/**
 * The comparison with other tools, on three tiny files: this product for real, stubs in place of the others (stub-backup.ts).
 * Its figures add up; it refuses to report what was not restored; nothing is left behind, however it ends.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { RoundFigures } from '../../bench/peers/comparison.js';
import { medianOf, peerRows, type PeerRow } from '../../bench/peers/peer-table.js';
import { pngOf } from '../../bench/plain-images.js';
import { jpegOf, photograph } from '../support/sample-images.js';
import { fixedRandom } from '../support/fixed-random.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const command = fileURLToPath(new URL('../../bench/peers/peers.js', import.meta.url));
const stub = fileURLToPath(new URL('../support/stub-backup.js', import.meta.url));
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
    const { status, stdout, stderr } = await run([folder, '--runs', '1', '--link', '100', '--tool', 'dice-bytes,restic,borg', '--edits', '3', '--json', jsonFile], { temporary });
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
    const { status, stdout, stderr } = await run([folder, '--runs', '1', '--link', 'none', '--tool', 'restic'], { temporary, restic: 'restic-damaging' });
    expect({ status, stdout, stderr }).toEqual({ status: 1, stdout: '', stderr: expect.stringContaining('restic did not restore what it stored, so nothing is reported; 1 of 3 files:\ndifferent: pictures/') });
    expect(await readdir(temporary)).toEqual([]);
  });

  it('ends with 130 on an interrupt and leaves nothing behind', async () => {
    const temporary = await makeDirectory();
    const { status, stdout, stderr } = await run([folder, '--tool', 'restic'], { temporary, interruptAt: 'first store' });
    expect({ status, stdout, stderr }).toEqual({ status: 130, stdout: '', stderr: expect.not.stringContaining('verify') });
    expect(await readdir(temporary)).toEqual([]);
  });

  it.each([
    [[], 'name one folder'],
    [['/nowhere-at-all', '--tool', 'dice'], '/nowhere-at-all is no folder'],
    [['x', '--tool', 'tar'], '--tool is a list of dice, dice-bytes, dice-bare, restic, borg, not "tar"'],
    [['x', '--link', 'fast'], '--link is a list of none and of Mbit/s, not "fast"'],
    [['x', '--runs', '0'], '--runs is a number from 1 on, not "0"'],
  ])('refuses %j with a sentence', async (args, sentence) => {
    const { status, stderr } = await run(args, { temporary: await makeDirectory() });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(sentence) });
  });

  it('names a tool that is not installed', async () => {
    const { status, stderr } = await run([folder, '--tool', 'borg'], { temporary: await makeDirectory(), isPathEmpty: true });
    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining('borg is not installed, and borg cannot be measured without it') });
  });
});

describe('medians', () => {
  it('are the middle one, or the mean of the two in the middle', () => {
    expect([medianOf([9, 1, 5]), medianOf([4, 1, 2, 100])]).toEqual([5, 3]);
    expect(() => medianOf([])).toThrow('no median');
  });

  it('are taken over the rounds of one tool, step and link alone', () => {
    const figures = [3, 1, 2].flatMap((seconds, index) => [roundOf('dice', index + 1, seconds), roundOf('restic', index + 1, 10 * seconds), roundOf('borg', index + 1, 5 * seconds)]);
    const rows = peerRows(figures, ['restic', 'borg']).filter(({ step }) => step === 'verify');
    expect(rows.map(({ tool, wallSeconds, runs, ratioToBestPeer }) => [tool, wallSeconds, runs, ratioToBestPeer])).toEqual([['dice', 2, 3, 0.2], ['restic', 20, 3, 2], ['borg', 10, 3, 1]]);
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

function roundOf(tool: string, round: number, seconds: number): RoundFigures {
  const steps = ['first store', 'store unchanged', 'restore', 'store after edits', 'verify'] as const;
  return { link: 'x', tool, round, steps: steps.map((step) => ({ step, wallSeconds: seconds, cpuSeconds: 1, linkBytes: 1, repositoryBytes: undefined, peakMemoryBytes: 1 })) };
}

interface Surroundings {
  readonly temporary: string;
  /** Name of the stub in place of restic. */
  readonly restic?: string;
  readonly interruptAt?: string;
  readonly isPathEmpty?: boolean;
}

/** Runs the bench with stubs before everything else on its path, and a temporary folder of its own. */
async function run(args: readonly string[], surroundings: Surroundings): Promise<{ readonly status: unknown; readonly stdout: string; readonly stderr: string }> {
  const bin = await makeDirectory();
  for (const [program, name] of surroundings.isPathEmpty === true ? [] : [['restic', surroundings.restic ?? 'restic'], ['rclone', 'rclone'], ['borg', 'borg']] as const) {
    await writeFile(path.join(bin, program), `#!/bin/sh\nexec "${process.execPath}" "${stub}" ${name} "$@"\n`);
    await chmod(path.join(bin, program), 0o755);
  }
  const search = surroundings.isPathEmpty === true ? bin : `${bin}${path.delimiter}${process.env['PATH'] ?? ''}`;
  const child = spawn(process.execPath, [command, ...args], { env: { ...process.env, PATH: search, TMPDIR: surroundings.temporary }, stdio: ['ignore', 'pipe', 'pipe'] });
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', (piece: Buffer) => { told.stdout += piece.toString(); });
  child.stderr.on('data', (piece: Buffer) => {
    told.stderr += piece.toString();
    if (surroundings.interruptAt !== undefined && told.stderr.includes(surroundings.interruptAt)) child.kill('SIGINT');
  });
  const [status] = (await once(child, 'close')) as unknown[];
  expect((await stat(folder)).isDirectory()).toBe(true);
  return { status, ...told };
}
