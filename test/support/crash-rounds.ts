/**
 * A server that is killed again and again in the middle of an upload, started, and asked for what it acknowledged.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { photograph } from './sample-images.js';
import type { Workbench } from './workbench.js';

const filesPerRound = 3;

interface Uploaded {
  readonly files: readonly { readonly path: string; readonly id: string | null; readonly status: string }[];
}

/** Kills so many times; expects that everything acknowledged is there afterwards, and that `dice-admin check` finds nothing. Answers how many kills came before the upload had ended. */
export async function expectNothingLost(bench: Workbench, kills: number): Promise<number> {
  const ada = await bench.person('ada');
  const acknowledged = new Map<string, string>();
  let early = 0;
  for (let round = 0; round < kills; round++) {
    const folder = await writeRound(bench, round);
    const upload = { hasEnded: false };
    const running = ada.dice(['upload', folder, '--json']).finally(() => { upload.hasEnded = true; });
    await randomMoment();
    await bench.server.kill();
    if (!upload.hasEnded) early++;
    await bench.start();
    const cut = await running;
    const retried = await ada.must(['upload', folder, '--json']);
    for (const result of [cut, retried]) {
      if (!result.stdout.includes('"totals"')) continue;
      for (const file of result.json<Uploaded>().files) if (file.status === 'stored') acknowledged.set(file.id ?? '', file.path);
    }
  }
  const listed = (await ada.must(['list', '--json'])).json<{ readonly images: readonly { readonly id: string }[] }>().images.map((image) => image.id);
  expect(acknowledged.size).toBeGreaterThanOrEqual(kills * filesPerRound);
  for (const id of acknowledged.keys()) expect(listed).toContain(id);
  await ada.must(['download', '--all', '-o', bench.path('copy')]);
  for (const file of acknowledged.values()) {
    const below = path.relative(bench.path('pictures'), file);
    expect(await readFile(path.join(bench.path('copy'), below))).toEqual(await readFile(file));
  }
  await bench.stop();
  const check = await bench.admin(['check', '--json']);
  expect(check.stdout).toMatch(/"findings": ?0/);
  expect(check.status).toBe(0);
  return early;
}

async function writeRound(bench: Workbench, round: number): Promise<string> {
  const folder = bench.path('pictures', String(round));
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < filesPerRound; i++) {
    const picture = photograph(320 + 20 * i, 260, 100 * round + i + 1);
    await writeFile(path.join(folder, i % 2 === 0 ? `${String(i)}.png` : `${String(i)}.tif`), i % 2 === 0 ? pngOf(picture) : tiffOf(picture));
  }
  return folder;
}

/** A random moment of an upload's life, from its first requests on. */
async function randomMoment(): Promise<void> {
  await once(AbortSignal.timeout(randomInt(250, 1_000)), 'abort');
}
