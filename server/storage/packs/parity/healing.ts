/**
 * Writes a damaged pack anew into a file that has not its name yet, lost shards computed from the others, and reads it back. Nothing is taken on trust: a shard
 * counts when it agrees with its code, and the new file when no record that was intact is missing. FORMAT.md section 8.
 */
import type { OnRead, ParityHealth } from '../../../ports/pack-parity.js';
import { StorageError } from '../../../ports/errors.js';
import { scanRecords } from '../../record-format/pack-scan.js';
import { writeAll } from '../durable-file.js';
import type { ErasureCode } from './erasure-code.js';
import { shardsOf, stretchesOf, type ParityLayout } from './layout.js';
import { ParityPair, type PairOrder } from './parity-pair.js';

/** `temporary` is where the pack is written anew. */
export interface Healing {
  readonly place: PairOrder;
  readonly temporary: string;
  readonly code: ErasureCode;
  readonly onRead: OnRead;
}

/** How the files at `place` agree; undefined where either is gone. */
export async function healthOf(place: PairOrder, onRead: OnRead): Promise<ParityHealth | undefined> {
  const pair = await ParityPair.open(place);
  if (pair === undefined) return undefined;
  try {
    const { layout } = pair;
    if (layout === undefined) return { percent: undefined, lost: [], healable: 0, isParityWhole: false };
    const right = await pair.examine(layout, onRead);
    const lost = right.flatMap((isRight, index) => (isRight || index >= layout.dataShards ? [] : [index]));
    const healable = stretchesOf(layout, healableOf(layout, right)).reduce((sum, { length }) => sum + length, 0);
    return { percent: layout.percent, lost: stretchesOf(layout, lost), healable, isParityWhole: pair.isHeadWhole && right.slice(layout.dataShards).every((one) => one) };
  } finally {
    await pair.close();
  }
}

/** Answers which shards were put right; none where there is nothing to put right, or the parity is wrong and not the pack. */
export async function writeHealed(healing: Healing): Promise<{ readonly layout: ParityLayout; readonly healed: readonly number[] } | undefined> {
  const pair = await ParityPair.open(healing.place);
  if (pair === undefined) return undefined;
  try {
    const { layout } = pair;
    if (layout === undefined) return undefined;
    const right = await pair.examine(layout, healing.onRead);
    if (healableOf(layout, right).length === 0) return undefined;
    const healed = await writePack(healing, { pair, layout, right });
    if (healed.length === 0) return undefined;
    await readBack(healing, layout, (index) => right[index] === true || healed.includes(index));
    return (await keepsRecords(healing)) ? { layout, healed } : undefined;
  } finally {
    await pair.close();
  }
}

interface Examined {
  readonly pair: ParityPair;
  readonly layout: ParityLayout;
  readonly right: readonly boolean[];
}

/** Lost shards of the pack whose group has enough others, in ascending order. */
function healableOf(layout: ParityLayout, right: readonly boolean[]): readonly number[] {
  const found: number[] = [];
  for (let group = 0; group < layout.groups; group++) {
    const { data, parity } = shardsOf(layout, group);
    const isEnough = [...data, ...parity].filter((index) => right[index]).length >= data.length;
    if (isEnough) found.push(...data.filter((index) => right[index] !== true));
  }
  return found.sort((a, b) => a - b);
}

/** Writes the whole pack; answers the shards that were put right, in ascending order. */
async function writePack({ place, temporary, code }: Healing, { pair, layout, right }: Examined): Promise<readonly number[]> {
  const wanted = new Set(healableOf(layout, right));
  const healed: number[] = [];
  const target = await place.files.open(temporary, 'replace');
  try {
    for (let group = 0; group < layout.groups; group++) {
      const { data, parity } = shardsOf(layout, group);
      const lost = data.filter((index) => wanted.has(index));
      const indexes = lost.length > 0 ? [...data, ...parity] : data;
      const shards = indexes.map(() => new Uint8Array(layout.shardBytes));
      for (const [n, index] of indexes.entries()) await pair.shard(layout, index, shards[n] ?? new Uint8Array());
      if (lost.length > 0) {
        await code.restore({ shards, dataShards: data.length }, indexes.map((index) => right[index] === true));
        healed.push(...(await keepRight({ pair, layout, right }, lost, (index) => shards[data.indexOf(index)] ?? new Uint8Array())));
      }
      for (const [n, index] of data.entries()) {
        const offset = index * layout.shardBytes;
        await writeAll(target, [(shards[n] ?? new Uint8Array()).subarray(0, layout.packBytes - offset)], offset);
      }
    }
    await target.datasync();
  } finally {
    await target.close();
  }
  return healed.sort((a, b) => a - b);
}

/** Answers which of `lost` agree with their codes now; the others, whose codes are damaged, become again what they were. */
async function keepRight({ pair, layout }: Examined, lost: readonly number[], shardAt: (index: number) => Uint8Array): Promise<readonly number[]> {
  const kept: number[] = [];
  for (const index of lost) {
    if (pair.isRight(index, shardAt(index))) kept.push(index);
    else await pair.shard(layout, index, shardAt(index));
  }
  return kept;
}

async function readBack({ place, temporary, onRead }: Healing, layout: ParityLayout, mustBeRight: (index: number) => boolean): Promise<void> {
  const pair = await ParityPair.open({ ...place, packFile: temporary });
  try {
    const right = (await pair?.examine(layout, onRead)) ?? [];
    const isRight = Array.from({ length: layout.dataShards }, (_, index) => right[index] === true || !mustBeRight(index)).every((one) => one);
    if (!isRight) throw new StorageError(`pack ${place.pack}: what was read back is not what was written`, { retryable: false });
  } finally {
    await pair?.close();
  }
}

/** Each record that is intact in the pack is intact in the new file. */
async function keepsRecords({ place, temporary }: Healing): Promise<boolean> {
  const now = await intactRecords(place, temporary);
  return [...(await intactRecords(place, place.packFile))].every((offset) => now.has(offset));
}

/** Offsets: a record that authenticates at one is what was stored there. */
async function intactRecords({ files, mac, sha256, pack }: PairOrder, name: string): Promise<ReadonlySet<number>> {
  const file = await files.open(name, 'read');
  try {
    const offsets = new Set<number>();
    for await (const { place } of scanRecords({ file, pack, end: await file.size(), mac, sha256, onDamage: () => undefined })) offsets.add(place.offset);
    return offsets;
  } finally {
    await file.close();
  }
}
