/**
 * The Reed-Solomon code of parity: gives parity shards for data shards, and lost shards for those that are left. The arithmetic is a library's, in WebAssembly. In
 * slices, so that whoever else the process serves waits for some hundredths of a second at most. FORMAT.md section 8.
 */
import { setImmediate } from 'node:timers/promises';
import type * as library from 'wasm-reed-solomon-erasure';

/** Shards of one group, of one length; parity behind the data. */
export interface ShardGroup {
  readonly shards: readonly Uint8Array[];
  readonly dataShards: number;
}

/** What is used of the library. */
type Library = Pick<typeof library, 'encode' | 'reconstruct'>;

/** Products of the field that one slice may cost: 64 KiB of a hundred shards and five of parity. */
const sliceProducts = 33_554_432;
const leastSliceBytes = 1_024;

export class ErasureCode {
  private constructor(private readonly library: Library) {}

  /** Loaded when it is first needed: most stores have no parity. */
  static async load(): Promise<ErasureCode> {
    return new ErasureCode(await import('wasm-reed-solomon-erasure'));
  }

  /** Writes the parity shards of `group`. */
  encode(group: ShardGroup): Promise<void> {
    const { shards, dataShards } = group;
    const parity = shards.map((_, n) => n).slice(dataShards);
    return sliceBySlice(group, parity, (slices) => this.library.encode(slices.slice(0, dataShards), parity.length));
  }

  /** Writes the data shards of `group` that are not `isThere`. Throws RangeError where fewer are there than there are data shards. */
  async restore(group: ShardGroup, isThere: readonly boolean[]): Promise<void> {
    const { shards, dataShards } = group;
    const absent = shards.map((_, n) => n).filter((n) => isThere[n] !== true);
    const parityShards = shards.length - dataShards;
    if (absent.length > parityShards) throw new RangeError(`${absent.length} shards are lost and ${parityShards} can be restored`);
    await sliceBySlice(group, absent.filter((n) => n < dataShards), (slices) => this.library.reconstruct(slices, parityShards, Uint32Array.from(absent)));
  }
}

/** Has a slice of all shards worked on after another, and puts what came of `written` in its place. */
async function sliceBySlice({ shards, dataShards }: ShardGroup, written: readonly number[], work: (slices: Uint8Array[]) => readonly Uint8Array[]): Promise<void> {
  const shardBytes = shards[0]?.length ?? 0;
  const sliceBytes = Math.max(leastSliceBytes, Math.floor(sliceProducts / (dataShards * (shards.length - dataShards))));
  for (let at = 0; at < shardBytes; at += sliceBytes) {
    const made = work(shards.map((shard) => shard.subarray(at, at + sliceBytes)));
    for (const n of written) shards[n]?.set(made[n] ?? new Uint8Array(), at);
    await setImmediate();
  }
}
