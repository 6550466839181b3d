/**
 * The block store in memory: a Map from the number of a pack to its bytes, which are those of the record format that all engines share. So
 * a test may damage them as it damages files.
 */
import { createHash, createHmac } from 'node:crypto';
import type { BlockStore, BlockStoreUsage, Damage, NewRecord, PackSummary, Place, RecordType, ScannedRecord } from '../../server/ports/block-store.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { encodePackHeader, maxRecordPayloadBytes, packHeaderBytes, RecordFormat, recordHeaderBytes } from '../../server/storage/record-format/pack-format.js';
import { scanRecords } from '../../server/storage/record-format/pack-scan.js';

/** What outlives a store that is closed. */
export interface KeptPacks {
  readonly packs: Map<number, Buffer>;
  highest: number;
  generation: number;
}

export function noPacks(): KeptPacks {
  return { packs: new Map(), highest: 0, generation: 0 };
}

/** Opens the packs in `kept`. The first append begins a new one. */
export function memoryBlockStore(kept: KeptPacks): BlockStore {
  return new MemoryBlockStore(kept);
}

const storeKey = new Uint8Array(32).fill(3);
const mac = (message: Uint8Array): Uint8Array => createHmac('sha256', storeKey).update(message).digest();
const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

class MemoryBlockStore implements BlockStore {
  readonly recordOverheadBytes = recordHeaderBytes;
  readonly numberSlack = 0;
  private open: number | undefined;
  private isClosed = false;

  constructor(private readonly kept: KeptPacks) {}

  append(records: readonly NewRecord[]): Promise<readonly Place[]> {
    const isFit = records.every(({ payload, digest }) => payload.length <= maxRecordPayloadBytes && digest.length === 32);
    if (this.isClosed || !isFit) return Promise.reject(new StorageError('the records cannot be taken', { retryable: false }));
    return Promise.resolve(records.map((record) => this.appendOne(record)));
  }

  checkWritable(): Promise<void> {
    return this.isClosed ? Promise.reject(new StorageError('the store is closed', { retryable: false })) : Promise.resolve();
  }

  read(place: Place, type: RecordType): Promise<Uint8Array | undefined> {
    const bytes = this.kept.packs.get(place.pack);
    if (bytes === undefined) return Promise.resolve(undefined);
    const record = bytes.subarray(place.offset, place.offset + recordHeaderBytes + place.length);
    const payload = new Uint8Array(record.subarray(recordHeaderBytes));
    const format = new RecordFormat(mac, place.pack);
    const head = format.decode(record);
    const isIntact = head?.type === type && head.length === place.length && payload.length === place.length && format.isAuthentic(place.offset, record, sha256(payload));
    return isIntact ? Promise.resolve(payload) : Promise.reject(new CorruptionError(`pack ${place.pack}, offset ${place.offset}: not what was stored`));
  }

  async *scan(pack: number, onDamage: (damage: Damage) => void): AsyncIterable<ScannedRecord> {
    const bytes = this.kept.packs.get(pack);
    if (bytes === undefined) return;
    const file = { read: (into: Uint8Array, position: number) => Promise.resolve(bytes.copy(into, 0, position)) };
    yield* scanRecords({ file, pack, end: bytes.length, mac, sha256, onDamage });
  }

  packs(): Promise<readonly PackSummary[]> {
    const summaries = [...this.kept.packs].map(([pack, bytes]) => ({ pack, bytes: bytes.length, isSealed: pack !== this.open }));
    return Promise.resolve(summaries.sort((a, b) => a.pack - b.pack));
  }

  seal(): Promise<void> {
    this.open = undefined;
    return Promise.resolve();
  }

  drop(pack: number): Promise<void> {
    if (pack === this.open) return Promise.reject(new StorageError(`pack ${pack} is not sealed`, { retryable: false }));
    this.kept.packs.delete(pack);
    return Promise.resolve();
  }

  usage(): Promise<BlockStoreUsage> {
    const { packs } = this.kept;
    const packFileBytes = [...packs.values()].reduce((sum, { length }) => sum + length, 0);
    return Promise.resolve({ packs: packs.size, packFileBytes, packHeaderBytes: packs.size * packHeaderBytes, freeBytes: Number.MAX_SAFE_INTEGER });
  }

  generation(): Promise<number> {
    return Promise.resolve(this.kept.generation);
  }

  mark(generation: number): Promise<void> {
    this.kept.generation = generation;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.isClosed = true;
    return this.seal();
  }

  private appendOne({ type, payload, digest }: NewRecord): Place {
    const pack = (this.open ??= ++this.kept.highest);
    const before = this.kept.packs.get(pack) ?? encodePackHeader(mac, pack, this.kept.generation);
    const header = new RecordFormat(mac, pack).encode(before.length, { type, length: payload.length, digest });
    this.kept.packs.set(pack, Buffer.concat([before, header, payload]));
    return { pack, offset: before.length, length: payload.length };
  }
}
