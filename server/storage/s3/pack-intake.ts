/**
 * A bucket that comes to be a block store by a move from another engine: whole packs, each put once and read back, and a note that keeps servers away
 * until the move has ended. FORMAT.md section 8.
 */
import { createHmac, createSecretKey } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { textOf, utf8 } from '../../../client-sdk/protocol/bytes.js';
import { StorageError } from '../../ports/errors.js';
import type { PackCopy, PackIntake } from '../../ports/pack-move.js';
import { copyPack } from '../record-format/pack-copy.js';
import { maxShortPack, type Mac } from '../record-format/pack-format.js';
import { Bucket } from './bucket.js';
import { raiseMark } from './mark.js';
import { isPackNumber, packFolder, packName, packOfName } from './pack-numbers.js';
import { checkedOptions, type BlockStoreOptions } from './store-options.js';

const noteObject = 'migration';
const maxNoteBytes = 4_096;
const compareBytes = 16_777_216;
const tries = 4;
const firstPauseMs = 100;

/** Opens the place in the bucket; nothing is sent yet. Throws RangeError for options that cannot be. */
export function openPackIntake(options: BlockStoreOptions): PackIntake {
  const { service, bucket, prefix } = checkedOptions(options);
  const key = createSecretKey(options.storeKey);
  return new BucketIntake(new Bucket(bucket, prefix, service), (message) => createHmac('sha256', key).update(message).digest());
}

/** The note of a move into this place that has not ended; undefined where there is none. */
export async function readMoveNote(bucket: Bucket): Promise<string | undefined> {
  const found = await bucket.get(noteObject, 0, maxNoteBytes);
  return found === undefined ? undefined : (textOf(found.bytes) ?? '');
}

class BucketIntake implements PackIntake {
  constructor(
    private readonly bucket: Bucket,
    private readonly mac: Mac,
  ) {}

  note(): Promise<string | undefined> {
    return readMoveNote(this.bucket);
  }

  async isEmpty(): Promise<boolean> {
    for (const folder of [packFolder, 'marks/']) {
      for await (const { name } of this.bucket.list(folder)) if (name !== '') return false;
    }
    return true;
  }

  begin(note: string): Promise<void> {
    return this.bucket.replace(noteObject, utf8(note));
  }

  /** Files have numbers of 4 bytes; behind these lie numbers that no clock draws any more. */
  numberFor(pack: number): number {
    return isPackNumber(pack) ? pack : maxShortPack + 1 + pack;
  }

  async put(pack: number, { bytes, generation, records }: PackCopy): Promise<number> {
    const copy = await copyPack({ mac: this.mac, pack, generation, bytes }, records);
    if (copy.length === 0) return 0;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.write(packName(pack), copy);
        return copy.length;
      } catch (error) {
        if (attempt >= tries || !(error instanceof StorageError) || !error.options.retryable) throw error;
        await setTimeout(firstPauseMs * 2 ** attempt * (0.5 + Math.random()));
      }
    }
  }

  drop(pack: number): Promise<void> {
    return this.bucket.remove(packName(pack));
  }

  async lengths(): Promise<ReadonlyMap<number, number>> {
    const lengths = new Map<number, number>();
    for await (const { name, bytes } of this.bucket.list(packFolder)) {
      const pack = packOfName(name);
      if (pack !== undefined) lengths.set(pack, bytes);
    }
    return lengths;
  }

  /** A bucket does not say how much it still takes. */
  freeBytes(): Promise<number> {
    return Promise.resolve(Number.MAX_SAFE_INTEGER);
  }

  async finish(generation: number): Promise<void> {
    await raiseMark(this.bucket, this.mac, generation);
    await this.bucket.remove(noteObject);
  }

  close(): Promise<void> {
    this.bucket.close();
    return Promise.resolve();
  }

  /** Nobody else writes here, and the same records give the same bytes: so a name may be written to again, and a write whose answer was lost may be found done. */
  private async write(name: string, copy: Uint8Array): Promise<void> {
    if ((await this.bucket.has(name)) && (await this.isThere(name, copy))) return;
    await this.bucket.create(name, copy, false);
    if (!(await this.isThere(name, copy))) throw new StorageError(`${name}: what was read back is not what was written`, { retryable: true });
  }

  /** The whole object, compared byte by byte. */
  private async isThere(name: string, bytes: Uint8Array): Promise<boolean> {
    for (let at = 0; at < bytes.length; at += compareBytes) {
      const wanted = bytes.subarray(at, at + compareBytes);
      const found = await this.bucket.get(name, at, wanted.length);
      if (found?.total !== bytes.length || Buffer.compare(found.bytes, wanted) !== 0) return false;
    }
    return true;
  }
}
