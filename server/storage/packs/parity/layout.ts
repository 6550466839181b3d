/**
 * How a pack is cut into shards and groups for its parity, and where each lies in the parity file. Pure. FORMAT.md section 8.
 */
import type { Stretch } from '../../../ports/pack-parity.js';

/** Numbers of one pack and its parity; `parityShards` is of one group, `indexes` are of all shards, those of the pack first. */
export interface ParityLayout {
  readonly packBytes: number;
  readonly percent: number;
  readonly shardBytes: number;
  readonly dataShards: number;
  readonly groups: number;
  readonly parityShards: number;
  readonly indexes: number;
  /** Of the parity file. */
  readonly fileBytes: number;
}

export const parityHeaderBytes = 56;
export const codeBytes = 16;
const leastShardBytes = 4_096;
const maxDataShards = 1_024;
const maxGroupShards = 100;

/** The layout for a pack of `packBytes`, at least 1, and parity of `percent`, 1 to 100. */
export function layoutOf(packBytes: number, percent: number): ParityLayout {
  let shardBytes = leastShardBytes;
  while (Math.ceil(packBytes / shardBytes) > maxDataShards) shardBytes *= 2;
  const dataShards = Math.ceil(packBytes / shardBytes);
  const groups = Math.ceil(dataShards / maxGroupShards);
  const parityShards = Math.ceil((Math.ceil(dataShards / groups) * percent) / 100);
  const indexes = dataShards + groups * parityShards;
  const fileBytes = 2 * (parityHeaderBytes + codeBytes * indexes) + shardBytes * groups * parityShards;
  return { packBytes, percent, shardBytes, dataShards, groups, parityShards, indexes, fileBytes };
}

/** Indexes of the shards of `group`: those of the pack, then parity. */
export function shardsOf({ dataShards, groups, parityShards }: ParityLayout, group: number): { readonly data: readonly number[]; readonly parity: readonly number[] } {
  const data = Array.from({ length: Math.ceil((dataShards - group) / groups) }, (_, n) => group + n * groups);
  const parity = Array.from({ length: parityShards }, (_, n) => dataShards + group * parityShards + n);
  return { data, parity };
}

/** A damaged region of so many bytes heals wherever it lies. */
export function healingBytes({ groups, parityShards, shardBytes }: ParityLayout): number {
  return (groups * parityShards - 1) * shardBytes + 1;
}

/** Where a shard of parity lies in its file. */
export function parityOffset({ dataShards, indexes, shardBytes }: ParityLayout, index: number): number {
  return parityHeaderBytes + codeBytes * indexes + shardBytes * (index - dataShards);
}

/** Shards of the pack, in ascending order, as stretches of bytes. */
export function stretchesOf({ shardBytes, packBytes }: ParityLayout, shards: readonly number[]): readonly Stretch[] {
  const found: { offset: number; length: number }[] = [];
  for (const shard of shards) {
    const offset = shard * shardBytes;
    const length = Math.min(shardBytes, packBytes - offset);
    const last = found.at(-1);
    if (last !== undefined && last.offset + last.length === offset) last.length += length;
    else found.push({ offset, length });
  }
  return found;
}
