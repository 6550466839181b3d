/**
 * The block store over S3-compatible object storage: sealed packs, each an object that is written once. It composes gathering, writer and
 * reader, and follows the port's promises. FORMAT.md gives names, bytes and order; the records are those of pack files.
 */
import { createHmac, createSecretKey, hash, randomBytes } from 'node:crypto';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import type {
  BlockStore, BlockStoreUsage, Damage, NewRecord, PackSummary, Place, RecordType, ScannedRecord,
} from '../../ports/block-store.js';
import { StorageError } from '../../ports/errors.js';
import type { Meter } from '../../ports/meter.js';
import { maxRecordPayloadBytes, packHeaderBytes, recordHeaderBytes, type Mac } from '../record-format/pack-format.js';
import { scanRecords } from '../record-format/pack-scan.js';
import { Bucket } from './bucket.js';
import { storageErrorOf } from './failure.js';
import { Gathering } from './gathering.js';
import { generationOfPacks, raiseMark, readMark } from './mark.js';
import { readMoveNote } from './pack-intake.js';
import { isPackNumber, numberSlack, packFolder, packName, PackNumbers, packOfName } from './pack-numbers.js';
import { PackReader } from './pack-reader.js';
import { PackWriter } from './pack-writer.js';
import { checkedOptions, type BlockStoreOptions } from './store-options.js';

const packsUnderWay = 4;
/** A pack of the usual size with its headers. */
const scanBytes = 9_437_184;
const probeName = 'probe';
const probe = new Uint8Array(16);
const sha256 = (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer');

/**
 * Opens the store in a bucket. Several processes may have it open and write at once. Rejects with RangeError for options that cannot be, with CorruptionError
 * where the store key is another, with StorageError where the bucket cannot be used.
 */
export async function openBlockStore(options: BlockStoreOptions): Promise<BlockStore> {
  const { service, bucket: name, prefix, ...settings } = checkedOptions(options);
  const key = createSecretKey(options.storeKey);
  const mac = (message: Uint8Array): Uint8Array => createHmac('sha256', key).update(message).digest();
  const bucket = new Bucket(name, prefix, { ...service, meter: settings.meter });
  try {
    if ((await readMoveNote(bucket)) !== undefined) throw halfMoved(name, prefix);
    const numbers = new PackNumbers(bucket, { clock: options.clock ?? Date.now, random: options.random ?? randomBytes });
    for await (const { name: ahead } of bucket.list(packFolder, packName(numbers.floor()))) numbers.raise(packOfName(ahead) ?? 0);
    let generation = await readMark(bucket, mac);
    if (generation === undefined) {
      generation = await generationOfPacks(bucket, mac);
      await raiseMark(bucket, mac, generation);
    }
    return new ObjectStore({ bucket, mac, numbers }, settings, generation);
  } catch (error) {
    bucket.close();
    throw error;
  }
}

/** Packs of which some are still to come are no store. */
function halfMoved(bucket: string, prefix: string): StorageError {
  return new StorageError(`bucket ${bucket}, ${prefix === '' ? 'without prefix' : prefix}: holds packs of a move that has not ended. Run dice-admin migrate-storage again to end it, or name another place.`, { retryable: false });
}

interface Opened {
  readonly bucket: Bucket;
  readonly mac: Mac;
  readonly numbers: PackNumbers;
}

interface Settings {
  readonly packBytes: number;
  readonly lingerMs: number;
  readonly queueBytes: number;
  readonly meter: Meter;
}

class ObjectStore implements BlockStore {
  readonly recordOverheadBytes = recordHeaderBytes;
  readonly numberSlack = numberSlack;
  private readonly gathering: Gathering;
  private readonly reader: PackReader;
  private isClosed = false;

  constructor(
    private readonly opened: Opened,
    { packBytes, lingerMs, queueBytes, meter }: Settings,
    /** The last that this process knows of. */
    private known: number,
  ) {
    const { bucket, mac, numbers } = opened;
    const writer = new PackWriter(bucket, { mac, numbers, packBytes, generation: () => this.known });
    const limits = { groupBytes: packBytes, lingerMs, groups: packsUnderWay, heldBytes: queueBytes };
    this.gathering = new Gathering((records) => writer.write(records), limits, (calls) => { meter.size('group', 's3', calls); });
    meter.watch('queue', 's3', () => this.gathering.depth().calls);
    meter.watch('queueBytes', 's3', () => this.gathering.depth().bytes);
    this.reader = new PackReader(bucket, mac);
  }

  async append(records: readonly NewRecord[]): Promise<readonly Place[]> {
    if (this.isClosed) throw new StorageError('the block store is closed', { retryable: false });
    for (const { payload, digest } of records) {
      if (payload.length > maxRecordPayloadBytes) throw new StorageError(`a record carries at most ${maxRecordPayloadBytes} bytes`, { retryable: false });
      if (digest.length !== hashBytes) throw new StorageError('a digest has 32 bytes', { retryable: false });
    }
    return records.length === 0 ? [] : this.gathering.append(records);
  }

  read(place: Place, type: RecordType): Promise<Uint8Array | undefined> {
    return this.reader.read(place, type);
  }

  async *scan(pack: number, onDamage: (damage: Damage) => void): AsyncIterable<ScannedRecord> {
    if (!isPackNumber(pack)) return;
    try {
      const { bucket, mac } = this.opened;
      const name = packName(pack);
      const first = await bucket.get(name, 0, scanBytes);
      if (first === undefined) return;
      const file = {
        read: async (into: Uint8Array, position: number): Promise<number> => {
          const isHeld = position + into.length <= first.bytes.length;
          const found = isHeld ? first.bytes.subarray(position, position + into.length) : (await bucket.get(name, position, into.length))?.bytes;
          if (found === undefined) throw new StorageError(`scanning pack ${pack}: it was removed meanwhile`, { retryable: true });
          into.set(found);
          return found.length;
        },
      };
      yield* scanRecords({ file, pack, end: first.total, mac, sha256, onDamage, windowBytes: scanBytes });
    } catch (error) {
      throw storageErrorOf(error, `scanning pack ${pack}`);
    }
  }

  async packs(): Promise<readonly PackSummary[]> {
    const summaries: PackSummary[] = [];
    for await (const { name, bytes } of this.opened.bucket.list(packFolder)) {
      const pack = packOfName(name);
      if (pack !== undefined) summaries.push({ pack, bytes, isSealed: true });
    }
    return summaries;
  }

  seal(): Promise<void> {
    return this.gathering.finish();
  }

  async drop(pack: number): Promise<void> {
    if (isPackNumber(pack)) await this.opened.bucket.remove(packName(pack));
  }

  async usage(): Promise<BlockStoreUsage> {
    const packs = await this.packs();
    const packFileBytes = packs.reduce((sum, { bytes }) => sum + bytes, 0);
    // A bucket does not say how much it still takes.
    return { packs: packs.length, packFileBytes, packHeaderBytes: packs.length * packHeaderBytes, freeBytes: Number.MAX_SAFE_INTEGER };
  }

  /** One small object, always the same: what it says is of no use to anybody. */
  async checkWritable(): Promise<void> {
    if (this.isClosed) throw new StorageError('the block store is closed', { retryable: false });
    await this.opened.bucket.replace(probeName, probe);
  }

  async generation(): Promise<number> {
    this.known = (await readMark(this.opened.bucket, this.opened.mac)) ?? 0;
    return this.known;
  }

  async mark(generation: number): Promise<void> {
    await raiseMark(this.opened.bucket, this.opened.mac, generation);
    this.known = Math.max(this.known, generation);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.gathering.finish();
    this.opened.bucket.close();
  }
}
