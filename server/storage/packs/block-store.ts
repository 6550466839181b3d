/**
 * The block store over pack files: an append-only log of authenticated records. It composes the open pack, the
 * queue and the reader, and follows the port's promises. FORMAT.md gives bytes and crash recovery.
 */
import { createHmac, createSecretKey, hash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import type {
  BlockStore, BlockStoreUsage, Damage, NewRecord, PackSummary, Place, RecordType, ScannedRecord,
} from '../../ports/block-store.js';
import { StorageError } from '../../ports/errors.js';
import { type Meter, silentMeter } from '../../ports/meter.js';
import type { PackParity } from '../../ports/pack-parity.js';
import { AppendQueue } from './append-queue.js';
import { writeDurably } from './durable-file.js';
import { guarded, isAbsent, storageErrorOf } from './failure.js';
import { nodeFiles, type FileLayer } from './file-layer.js';
import { OpenPack } from './open-pack.js';
import { maxShortPack, maxRecordPayloadBytes, packHeaderBytes, recordHeaderBytes } from '../record-format/pack-format.js';
import { listPacks, openMark, packPath, writeMark, type Mark, type PackFolder } from './pack-folder.js';
import { readMoveNote } from './pack-intake.js';
import { ParityFiles, parityPath } from './parity/parity-files.js';
import { PackReader } from './pack-reader.js';
import { scanRecords } from '../record-format/pack-scan.js';
import { timedFiles } from './timed-files.js';

/** Where the packs lie and how they are written. Byte counts are of files and payloads. */
export interface BlockStoreOptions {
  readonly directory: string;
  /** 32 secret bytes, kept outside the packs and backed up with them. */
  readonly storeKey: Uint8Array;
  readonly sha256?: (bytes: Uint8Array) => Uint8Array;
  /** A pack that would grow above this is sealed first. */
  readonly packBytes?: number;
  /** Payload bytes that may wait for the disk before an append is turned away. */
  readonly queueBytes?: number;
  /** Hears at opening of damage in the newest pack: after a crash its tail may be torn, which is harmless. */
  readonly onDamage?: (damage: Damage) => void;
  readonly files?: FileLayer;
  readonly meter?: Meter;
}

const defaults = {
  packBytes: 67_108_864,
  queueBytes: 268_435_456,
  sha256: (bytes: Uint8Array): Uint8Array => hash('sha256', bytes, 'buffer'),
  onDamage: (): void => undefined,
  files: nodeFiles,
  meter: silentMeter,
};
const groupBytes = 16_777_216;
const maxOpenFiles = 64;
/** A page: on a full disk it fails. */
const probe = new Uint8Array(4_096);

/**
 * Opens the packs in `directory`, which is made where it is missing. Nothing found there is written to again: the first
 * append begins a new pack. One process and one store at a time; the caller holds the lock of the data directory.
 * Rejects with CorruptionError where the store key is another, with StorageError where the folder cannot be used.
 */
export async function openBlockStore(options: BlockStoreOptions): Promise<BlockStore> {
  if (options.storeKey.length !== hashBytes) throw new RangeError(`the store key has 32 bytes, got ${options.storeKey.length}`);
  const settings = { ...defaults, ...options };
  const key = createSecretKey(options.storeKey);
  const mac = (message: Uint8Array): Uint8Array => createHmac('sha256', key).update(message).digest();
  const folder: PackFolder = { directory: path.resolve(settings.directory), files: timedFiles(settings.files, settings.meter), mac };
  return guarded('opening the packs', async () => {
    await mkdir(folder.directory, { recursive: true, mode: 0o700 });
    await refuseHalfMoved(folder);
    const packs = await listPacks(folder);
    const mark = await openMark(folder, packs);
    const store = new PackStore(folder, settings, { mark, highest: Math.max(mark.retired, packs.at(-1) ?? 0) });
    await store.inspect(packs.at(-1), settings.onDamage);
    return store;
  });
}

/** Packs of which some are still to come are no store. */
async function refuseHalfMoved({ directory, files }: PackFolder): Promise<void> {
  if ((await readMoveNote(directory, files)) === undefined) return;
  throw new StorageError(`${directory} holds packs of a move that has not ended. Run dice-admin migrate-storage again to end it, or name another place.`, { retryable: false });
}

/** What was found at opening. */
interface Found {
  readonly mark: Mark;
  readonly highest: number;
}

class PackStore implements BlockStore {
  readonly recordOverheadBytes = recordHeaderBytes;
  readonly numberSlack = 0;
  readonly parity: PackParity;
  private readonly queue: AppendQueue;
  private readonly reader: PackReader;
  /** Ends of packs abandoned after a failure; what lies beyond was never acknowledged. */
  private readonly abandoned = new Map<number, number>();
  private open: OpenPack | undefined;
  private current: Mark;
  private highest: number;
  private isClosed = false;

  constructor(
    private readonly folder: PackFolder,
    private readonly settings: Required<BlockStoreOptions>,
    found: Found,
  ) {
    this.current = found.mark;
    this.highest = found.highest;
    this.reader = new PackReader(folder, settings.sha256, maxOpenFiles);
    this.queue = new AppendQueue((calls) => this.writeGroup(calls), { groupBytes, queueBytes: settings.queueBytes });
    this.parity = new ParityFiles({
      folder,
      sha256: settings.sha256,
      inTurn: (step) => this.queue.inTurn(step),
      isOpen: (pack) => pack === this.open?.pack,
      forget: (pack) => this.reader.drop(pack),
    });
    settings.meter.watch('queue', 'packs', () => this.queue.depth().calls);
    settings.meter.watch('queueBytes', 'packs', () => this.queue.depth().bytes);
  }

  async append(records: readonly NewRecord[]): Promise<readonly Place[]> {
    if (this.isClosed) throw new StorageError('the block store is closed', { retryable: false });
    for (const { payload, digest } of records) {
      if (payload.length > maxRecordPayloadBytes) throw new StorageError(`a record carries at most ${maxRecordPayloadBytes} bytes`, { retryable: false });
      if (digest.length !== hashBytes) throw new StorageError('a digest has 32 bytes', { retryable: false });
    }
    return records.length === 0 ? [] : this.queue.append(records);
  }

  read(place: Place, type: RecordType): Promise<Uint8Array | undefined> {
    return guarded(`reading pack ${place.pack}`, () => this.reader.read(place, type));
  }

  async *scan(pack: number, onDamage: (damage: Damage) => void): AsyncIterable<ScannedRecord> {
    const { files, mac } = this.folder;
    try {
      const end = await this.endOf(pack);
      const file = await files.open(packPath(this.folder, pack), 'read');
      try {
        yield* scanRecords({ file, pack, end, mac, sha256: this.settings.sha256, onDamage });
      } finally {
        await file.close();
      }
    } catch (error) {
      if (!isAbsent(error)) throw storageErrorOf(error, `scanning pack ${pack}`);
    }
  }

  packs(): Promise<readonly PackSummary[]> {
    return guarded('listing the packs', async () => {
      const summaries: PackSummary[] = [];
      for (const pack of await listPacks(this.folder)) {
        const bytes = await this.sizeOf(pack);
        if (bytes !== undefined) summaries.push({ pack, bytes, isSealed: pack !== this.open?.pack });
      }
      return summaries;
    });
  }

  seal(): Promise<void> {
    return this.queue.inTurn(() => this.sealOpen());
  }

  drop(pack: number): Promise<void> {
    return this.queue.inTurn(() => guarded(`dropping pack ${pack}`, async () => {
      if (pack === this.open?.pack) throw new StorageError(`pack ${pack} is not sealed`, { retryable: false });
      if (pack > this.current.retired) await this.setMark({ ...this.current, retired: pack });
      await this.folder.files.remove(parityPath(this.folder, pack));
      await this.folder.files.remove(packPath(this.folder, pack));
      await this.folder.files.syncFolder(this.folder.directory);
      this.abandoned.delete(pack);
      await this.reader.drop(pack);
    }));
  }

  usage(): Promise<BlockStoreUsage> {
    return guarded('measuring the packs', async () => {
      const packs = await this.packs();
      const packFileBytes = packs.reduce((sum, { bytes }) => sum + bytes, 0);
      const freeBytes = await this.folder.files.freeBytes(this.folder.directory);
      return { packs: packs.length, packFileBytes, packHeaderBytes: packs.length * packHeaderBytes, freeBytes };
    });
  }

  generation(): Promise<number> {
    return Promise.resolve(this.current.generation);
  }

  mark(generation: number): Promise<void> {
    return this.queue.inTurn(() => guarded('marking the packs', () => this.setMark({ ...this.current, generation })));
  }

  /** Not behind the queue: a store that is busy is not one that fails. */
  checkWritable(): Promise<void> {
    return guarded('checking the packs', async () => {
      if (this.isClosed) throw new StorageError('the block store is closed', { retryable: false });
      const { directory, files } = this.folder;
      const file = path.join(directory, 'probe');
      await writeDurably(file, probe, files);
      await files.remove(file);
    });
  }

  async close(): Promise<void> {
    this.isClosed = true;
    await this.queue.finish();
    await this.queue.inTurn(async () => {
      await this.sealOpen();
      await this.reader.close();
    });
  }

  /** Reports damage of one pack. */
  async inspect(pack: number | undefined, onDamage: (damage: Damage) => void): Promise<void> {
    if (pack === undefined || onDamage === defaults.onDamage) return;
    const records = this.scan(pack, onDamage)[Symbol.asyncIterator]();
    while ((await records.next()).done !== true);
  }

  private async writeGroup(calls: readonly (readonly NewRecord[])[]): Promise<readonly (readonly Place[])[]> {
    this.settings.meter.size('group', 'packs', calls.length);
    const records = calls.flat();
    const places: Place[] = [];
    while (places.length < records.length) {
      const open = (this.open ??= await this.begin());
      const room = open.room(records, places.length, this.settings.packBytes);
      if (room === 0) await this.sealOpen();
      else places.push(...(await this.writeRun(open, records.slice(places.length, places.length + room))));
    }
    let from = 0;
    return calls.map((call) => places.slice(from, (from += call.length)));
  }

  private async writeRun(open: OpenPack, records: readonly NewRecord[]): Promise<readonly Place[]> {
    try {
      return await open.append(records);
    } catch (error) {
      await this.abandon(open);
      throw storageErrorOf(error, `writing pack ${open.pack}`);
    }
  }

  private async begin(): Promise<OpenPack> {
    if (this.highest >= maxShortPack) throw new StorageError('no pack number is left', { retryable: false });
    this.highest++;
    return guarded(`creating pack ${this.highest}`, () => OpenPack.begin(this.folder, this.highest, this.current.generation));
  }

  /** After a failed write or sync nobody knows what is on the disk: the tail is left behind and never synced again. */
  private async abandon(open: OpenPack): Promise<void> {
    this.open = undefined;
    this.abandoned.set(open.pack, open.end);
    await open.close().catch(() => undefined); // the failure that counts is the first
    if (open.end > 0) return;
    await this.folder.files.remove(packPath(this.folder, open.pack)).catch(() => undefined); // nothing in it was acknowledged
  }

  /** Everything in the open pack is synced already, so closing is all. */
  private async sealOpen(): Promise<void> {
    const open = this.open;
    this.open = undefined;
    await open?.close().catch(() => undefined); // durable before: nothing is lost
  }

  private async setMark(mark: Mark): Promise<void> {
    await writeMark(this.folder, mark);
    this.current = mark;
  }

  private endOf(pack: number): Promise<number> {
    const end = pack === this.open?.pack ? this.open.end : this.abandoned.get(pack);
    return end === undefined ? this.folder.files.size(packPath(this.folder, pack)) : Promise.resolve(end);
  }

  private async sizeOf(pack: number): Promise<number | undefined> {
    try {
      return await this.folder.files.size(packPath(this.folder, pack));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }
}
