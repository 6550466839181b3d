/**
 * A server that is killed again and again in the middle of an upload, started, and asked for what it acknowledged.
 */
import path from 'node:path';
import { expect } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import type { DiceClient } from '../../client-sdk/api.js';
import { checked } from './backed-up.js';
import { writesTo } from './folder-writes.js';
import { photograph } from './sample-images.js';
import { downloaded, registered, uploaded } from './sdk-client.js';
import type { Workbench } from './workbench.js';

const filesPerRound = 2;
/** Writes to packs before a kill: from the first of an upload to beyond its last. */
const mostWrites = 10;

/** Kills so many times; expects that everything acknowledged is there afterwards, and that a check finds nothing. Answers how many kills came before the upload had ended. */
export async function expectNothingLost(bench: Workbench, kills: number): Promise<number> {
  const ada = await registered(bench.server.url, 'ada');
  const acknowledged = new Map<string, Uint8Array>();
  let early = 0;
  for (let round = 0; round < kills; round++) {
    const files = filesOf(round);
    const upload = { hasEnded: false };
    const writes = writesTo(path.join(bench.data, 'packs'), 1 + (round % mostWrites));
    const running = uploaded(ada, files).finally(() => { upload.hasEnded = true; });
    await Promise.race([writes.reached, running]);
    await bench.server.kill();
    writes.close();
    if (!upload.hasEnded) early++;
    await bench.start();
    const cut = await running;
    const retried = await uploaded(ada, files);
    expect([...retried.values()].filter(({ status }) => status === 'failed')).toEqual([]);
    for (const { id, name, status } of [...cut.values(), ...retried.values()]) if (status === 'stored') acknowledged.set(id ?? '', files[name] ?? new Uint8Array());
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(kills * filesPerRound);
  await expectThere(ada, acknowledged);
  await ada.close();
  await bench.stop();
  expect(await checked(bench.data)).toMatchObject({ findings: 0, damage: [] });
  return early;
}

async function expectThere(client: DiceClient, acknowledged: ReadonlyMap<string, Uint8Array>): Promise<void> {
  const listed: string[] = [];
  for await (const { id } of client.list()) listed.push(id);
  expect(listed).toEqual(expect.arrayContaining([...acknowledged.keys()]));
  for (const [id, bytes] of acknowledged) expect(Buffer.compare(await downloaded(client, id), bytes)).toBe(0);
}

function filesOf(round: number): Readonly<Record<string, Uint8Array>> {
  const files = Array.from({ length: filesPerRound }, (_, i) => {
    const picture = photograph(320 + 20 * i, 260, 100 * round + i + 1);
    return i % 2 === 0 ? [`${String(round)}/${String(i)}.png`, pngOf(picture)] as const : [`${String(round)}/${String(i)}.tif`, tiffOf(picture)] as const;
  });
  return Object.fromEntries(files);
}
