/**
 * bench:parity: what parity of a full pack costs: bytes, processor seconds to make it, to check it, and to heal one bit, 64 KiB and the longest region that heals anywhere, and the
 * longest time for which other work of the process had to wait. `npm run bench:parity -- [--percent 1,5,10,50] [--json FILE]`.
 */
import { randomBytes, createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type { BlockStore } from '../server/ports/block-store.js';
import type { PackParity } from '../server/ports/pack-parity.js';
import { openBlockStore } from '../server/storage/packs/block-store.js';
import { healingBytes, layoutOf } from '../server/storage/packs/parity/layout.js';
import { circumstances, circumstancesText } from './circumstances.js';
import { textTable } from './text-table.js';

/** Of one share; times in processor seconds. */
interface ParityCost {
  readonly percent: number;
  readonly parityBytes: number;
  readonly healingBytes: number;
  readonly make: number;
  readonly check: number;
  readonly healBit: number;
  readonly healSmall: number;
  readonly healRegion: number;
  readonly longestWaitMs: number;
}

const blockBytes = 65_536;
const packBytes = 67_108_864;
const damagedAt = 1_000_000;
const runs = 3;
const atOnce = (): Promise<void> => Promise.resolve();

const { values } = parseArgs({ options: { percent: { type: 'string', default: '1,5,10,50' }, json: { type: 'string' } } });
const percents = values.percent.split(',').map(Number);
if (!percents.every((percent) => Number.isInteger(percent) && percent >= 1 && percent <= 100)) throw new Error(`--percent is a list of numbers from 1 to 100, not ${values.percent}`);

const directory = await mkdtemp(path.join(tmpdir(), 'dice-parity-'));
try {
  const store = await openBlockStore({ directory, storeKey: randomBytes(32) });
  const { parity } = store;
  if (parity === undefined) throw new Error('packs have parity');
  const file = await fill(store);
  const results: ParityCost[] = [];
  for (const percent of percents) results.push(await measure(parity, percent, file));
  await store.close();
  const where = await circumstances();
  process.stdout.write(`${circumstancesText(where)}, largest memory ${(process.resourceUsage().maxRSS / 1_000).toFixed(0)} MB\n\n${tableOf(results)}\n`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify({ ...where, results }, undefined, 2)}\n`);
} finally {
  await rm(directory, { recursive: true, force: true });
}

/** Writes a pack as full as it gets. */
async function fill(store: BlockStore): Promise<string> {
  for (let bytes = 56; bytes + blockBytes + 22 <= packBytes; bytes += blockBytes + 22) {
    const payload = randomBytes(blockBytes);
    await store.append([{ type: 'block', payload, digest: createHash('sha256').update(payload).digest() }]);
  }
  await store.seal();
  return path.join(directory, 'pack-0000000001.dice');
}

async function measure(parity: PackParity, percent: number, file: string): Promise<ParityCost> {
  const whole = await readFile(file);
  const layout = layoutOf(whole.length, percent);
  const waits = monitorEventLoopDelay({ resolution: 1 });
  const healing = async (length: number): Promise<number> => median(async () => {
    const damaged = Buffer.from(whole);
    for (let at = damagedAt; at < damagedAt + length; at++) damaged[at] = (damaged[at] ?? 0) ^ 1;
    await writeFile(file, damaged);
  }, async () => { if ((await parity.heal(1, atOnce)) === undefined) throw new Error('nothing was healed'); });
  waits.enable();
  const make = await median(atOnce, () => parity.make(1, { percent, onRead: atOnce }));
  waits.disable();
  const check = await median(atOnce, () => parity.check(1, atOnce));
  const [healBit, healSmall, healRegion] = [await healing(1), await healing(65_536), await healing(healingBytes(layout))];
  if (Buffer.compare(await readFile(file), whole) !== 0) throw new Error('the pack is not what it was');
  return { percent, parityBytes: layout.fileBytes, healingBytes: healingBytes(layout), make, check, healBit, healSmall, healRegion, longestWaitMs: waits.max / 1e6 };
}

/** Processor seconds of `act`. */
async function median(prepare: () => Promise<void>, act: () => Promise<unknown>): Promise<number> {
  const taken: number[] = [];
  for (let run = 0; run < runs; run++) {
    await prepare();
    const before = process.cpuUsage();
    await act();
    const { user, system } = process.cpuUsage(before);
    taken.push((user + system) / 1e6);
  }
  return taken.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0;
}

function tableOf(results: readonly ParityCost[]): string {
  const heading = ['share', '>file, MB', '>of the pack', '>heals anywhere, MB', '>make, s', '>check, s', '>heal a bit, s', '>heal 64 KiB, s', '>heal the longest region, s', '>longest wait, ms'];
  return textTable(heading, results.map((cost) => [
    `${String(cost.percent)} %`, (cost.parityBytes / 1e6).toFixed(2), `${((100 * cost.parityBytes) / packBytes).toFixed(2)} %`, (cost.healingBytes / 1e6).toFixed(2),
    ...[cost.make, cost.check, cost.healBit, cost.healSmall, cost.healRegion].map((seconds) => seconds.toFixed(2)), cost.longestWaitMs.toFixed(0),
  ]));
}
