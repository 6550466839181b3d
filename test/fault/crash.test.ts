/**
 * A server that is killed at ten moments during an upload: after a restart and a retry everything that was acknowledged is
 * there, and `dice-admin check` finds nothing.
 */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { photograph } from '../support/sample-images.js';
import { Workbench } from '../support/workbench.js';

const kills = 10;
const filesPerRound = 3;

let bench: Workbench;

beforeAll(async () => {
  bench = await Workbench.open();
});

afterAll(async () => {
  await bench.close();
});

async function writeRound(round: number): Promise<string> {
  const folder = bench.path('pictures', String(round));
  await mkdir(folder, { recursive: true });
  for (let i = 0; i < filesPerRound; i++) {
    const picture = photograph(320 + 20 * i, 260, 100 * round + i + 1);
    await writeFile(path.join(folder, i % 2 === 0 ? `${String(i)}.png` : `${String(i)}.tif`), i % 2 === 0 ? pngOf(picture) : tiffOf(picture));
  }
  return folder;
}

/** A random moment of an upload's life, from its first requests on; answers the milliseconds that it waited. */
async function randomMoment(): Promise<number> {
  const ms = randomInt(250, 1_000);
  await once(AbortSignal.timeout(ms), 'abort');
  return ms;
}

interface Uploaded {
  readonly files: readonly { readonly path: string; readonly id: string | null; readonly status: string }[];
}

describe('a server killed in the middle of uploads', () => {
  it('loses nothing that it acknowledged', async () => {
    const ada = await bench.person('ada');
    const acknowledged = new Map<string, string>();
    const moments: { readonly ms: number; readonly hasEnded: boolean }[] = [];
    for (let round = 0; round < kills; round++) {
      const folder = await writeRound(round);
      let hasEnded = false;
      const running = ada.dice(['upload', folder, '--json']).finally(() => { hasEnded = true; });
      const ms = await randomMoment();
      await bench.server.kill();
      moments.push({ ms, hasEnded });
      await bench.start();
      const cut = await running;
      const retried = await ada.must(['upload', folder, '--json']);
      for (const result of [cut, retried]) {
        if (!result.stdout.includes('"totals"')) continue;
        for (const file of result.json<Uploaded>().files) if (file.status === 'stored') acknowledged.set(file.id ?? '', file.path);
      }
    }
    const listed = (await ada.must(['list', '--json'])).json<{ readonly images: readonly { readonly id: string }[] }>().images.map((image) => image.id);
    // A kill after the upload has ended proves nothing: most must have come before.
    expect(moments.filter(({ hasEnded }) => !hasEnded).length).toBeGreaterThan(kills / 2);
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
  }, 180_000);
});
