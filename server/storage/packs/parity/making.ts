/**
 * Writes the parity of one pack into a file that has not its name yet, and reads it back. FORMAT.md section 8.
 */
import { StorageError } from '../../../ports/errors.js';
import type { ParityOrder } from '../../../ports/pack-parity.js';
import { writeAll } from '../durable-file.js';
import type { OpenFile } from '../file-layer.js';
import type { ErasureCode } from './erasure-code.js';
import { codeBytes, layoutOf, parityHeaderBytes, parityOffset, shardsOf, type ParityLayout } from './layout.js';
import { ParityHead } from './parity-head.js';
import { ParityPair, type PairOrder } from './parity-pair.js';

/** `place.parityFile` is the temporary file. */
export interface Making {
  readonly place: PairOrder;
  readonly code: ErasureCode;
  readonly order: ParityOrder;
}

/** Parity is made only where so much stays free on the disk: what clients send comes first. */
const freeReserveBytes = 268_435_456;

/** False where it was stopped. Rejects with StorageError where there is little room. */
export async function writeParity(making: Making, freeBytes: number): Promise<boolean> {
  const { place, order } = making;
  const source = await place.files.open(place.packFile, 'read');
  try {
    const packBytes = await source.size();
    if (packBytes === 0) return false;
    const layout = layoutOf(packBytes, order.percent);
    if (freeBytes - layout.fileBytes < freeReserveBytes) throw new StorageError('too little room on the disk for parity', { retryable: true, isFull: true });
    const target = await place.files.open(place.parityFile, 'replace');
    try {
      if (!(await new ParityWriter(making, layout, { source, target }).write())) return false;
      await target.datasync();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
  await readBack(making);
  return true;
}

class ParityWriter {
  private readonly head: ParityHead;
  private readonly codes: Uint8Array;

  constructor(private readonly making: Making, private readonly layout: ParityLayout, private readonly files: { readonly source: OpenFile; readonly target: OpenFile }) {
    const { mac, pack } = making.place;
    this.head = new ParityHead(mac, pack, layout);
    this.codes = new Uint8Array(codeBytes * layout.indexes);
  }

  async write(): Promise<boolean> {
    for (let group = 0; group < this.layout.groups; group++) {
      if (this.making.order.stop?.aborted === true) return false;
      await this.writeGroup(group);
    }
    const { fileBytes } = this.layout;
    await writeAll(this.files.target, [this.head.header(), this.codes], 0);
    await writeAll(this.files.target, [this.codes, this.head.header()], fileBytes - parityHeaderBytes - this.codes.length);
    return true;
  }

  private async writeGroup(group: number): Promise<void> {
    const { shardBytes } = this.layout;
    const { data, parity } = shardsOf(this.layout, group);
    const shards = [...data, ...parity].map(() => new Uint8Array(shardBytes));
    for (const [n, index] of data.entries()) {
      const shard = shards[n];
      if (shard === undefined) continue;
      await this.files.source.read(shard, index * shardBytes);
      this.note(index, shard);
      await this.making.order.onRead(shardBytes);
    }
    await this.making.code.encode({ shards, dataShards: data.length });
    const made = shards.slice(data.length);
    for (const [n, shard] of made.entries()) this.note(parity[n] ?? 0, shard);
    await writeAll(this.files.target, made, parityOffset(this.layout, parity[0] ?? 0));
  }

  private note(index: number, shard: Uint8Array): void {
    this.codes.set(this.head.codeOf(index, this.making.place.sha256(shard)), index * codeBytes);
  }
}

/** The pack too: what was read once may have been read wrongly. */
async function readBack({ place, order }: Making): Promise<void> {
  const pair = await ParityPair.open(place);
  try {
    const isRight = pair?.layout !== undefined && pair.isHeadWhole && (await pair.examine(pair.layout, order.onRead)).every((one) => one);
    if (!isRight) throw new StorageError(`the parity of pack ${place.pack}: what was read back is not what was written`, { retryable: false });
  } finally {
    await pair?.close();
  }
}
