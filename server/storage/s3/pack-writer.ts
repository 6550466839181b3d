/**
 * Writes records as sealed packs: encodes, puts the object, reads it back, and answers places only when what lies in the bucket is what
 * was given. After any failure the same records go into a new object under a new number. FORMAT.md section 3.
 */
import type { NewRecord, Place } from '../../ports/block-store.js';
import { StorageError } from '../../ports/errors.js';
import { encodePackHeader, packHeaderBytes, RecordFormat, recordHeaderBytes, type Mac } from '../record-format/pack-format.js';
import type { Bucket } from './bucket.js';
import { packName, type PackNumbers } from './pack-numbers.js';

/** What a writer needs beside the bucket. */
export interface PackWriting {
  readonly mac: Mac;
  readonly numbers: PackNumbers;
  /** The generation that new packs name in their header. */
  readonly generation: () => number;
  /** Bytes that a pack should have. */
  readonly packBytes: number;
}

const tries = 3;
const maxTaken = 8;
const firstPauseMs = 100;
/** An object that was put at once is read back at once. */
const readBackBytes = 16_777_216;

export class PackWriter {
  /** Until the service says that it does not know the condition. */
  private isConditional = true;

  constructor(
    private readonly bucket: Bucket,
    private readonly writing: PackWriting,
  ) {}

  /** Writes `records` into one pack, or into several of about equal size where they are more than two packs' worth. */
  async write(records: readonly NewRecord[]): Promise<readonly Place[]> {
    const places: Place[] = [];
    for (const run of runsOf(records, this.writing.packBytes)) places.push(...(await this.writeRun(run)));
    return places;
  }

  private async writeRun(records: readonly NewRecord[]): Promise<readonly Place[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.writePack(records);
      } catch (error) {
        if (attempt >= tries || !(error instanceof StorageError) || !error.options.retryable) throw error;
        await pause(firstPauseMs * 2 ** attempt * (0.5 + Math.random()));
      }
    }
  }

  private async writePack(records: readonly NewRecord[]): Promise<readonly Place[]> {
    for (let taken = 0; taken < maxTaken; taken++) {
      const pack = await this.writing.numbers.next();
      const { bytes, places } = this.encode(pack, records);
      if (!(await this.put(packName(pack), bytes))) continue;
      await this.readBack(pack, bytes);
      return places;
    }
    throw new StorageError('writing a pack: every name was in use', { retryable: true });
  }

  /** True where the object was written; false where its name was in use. */
  private async put(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.isConditional) {
      const outcome = await this.bucket.create(name, bytes, true);
      if (outcome !== 'unconditional') return outcome === 'written';
      this.isConditional = false;
    }
    return !(await this.bucket.has(name)) && (await this.bucket.create(name, bytes, false)) === 'written';
  }

  private encode(pack: number, records: readonly NewRecord[]): { readonly bytes: Uint8Array; readonly places: readonly Place[] } {
    const format = new RecordFormat(this.writing.mac, pack);
    const bytes = Buffer.allocUnsafe(packHeaderBytes + sizeOf(records));
    bytes.set(encodePackHeader(this.writing.mac, pack, this.writing.generation()));
    let offset = packHeaderBytes;
    const places = records.map(({ type, payload, digest }) => {
      const place = { pack, offset, length: payload.length };
      bytes.set(format.encode(offset, { type, length: payload.length, digest }), offset);
      bytes.set(payload, offset + recordHeaderBytes);
      offset += recordHeaderBytes + payload.length;
      return place;
    });
    return { bytes, places };
  }

  /** The whole object, compared byte by byte. */
  private async readBack(pack: number, bytes: Uint8Array): Promise<void> {
    const name = packName(pack);
    for (let at = 0; at < bytes.length; at += readBackBytes) {
      const wanted = bytes.subarray(at, at + readBackBytes);
      const found = await this.bucket.get(name, at, wanted.length);
      if (found?.total === bytes.length && Buffer.compare(found.bytes, wanted) === 0) continue;
      // Nobody else knows of it, and left there it would be met as damage.
      if (found !== undefined) await this.bucket.remove(name).catch(() => undefined);
      throw new StorageError(`pack ${pack}: what was read back is not what was written`, { retryable: true });
    }
  }
}

/** The records in order, cut where a pack is full; whole where they are not more than two packs' worth, so that no crumbs are left. */
function runsOf(records: readonly NewRecord[], packBytes: number): readonly (readonly NewRecord[])[] {
  const total = sizeOf(records);
  if (total <= 2 * packBytes) return [records];
  const share = total / Math.ceil(total / packBytes);
  const runs: NewRecord[][] = [[]];
  let [filled, goal] = [0, share];
  for (const record of records) {
    if (filled >= goal) {
      runs.push([]);
      goal += share;
    }
    runs.at(-1)?.push(record);
    filled += recordHeaderBytes + record.payload.length;
  }
  return runs;
}

function sizeOf(records: readonly NewRecord[]): number {
  return records.reduce((sum, { payload }) => sum + recordHeaderBytes + payload.length, 0);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => { setTimeout(resolve, ms); });
}
