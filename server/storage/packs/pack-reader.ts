/**
 * Reads single records by place, through a bounded set of open files. A file in use is never closed under its
 * reader; a file that is gone is absence, anything else that fails is an outage.
 */
import type { Place, RecordType } from '../../ports/block-store.js';
import { CorruptionError } from '../../ports/errors.js';
import { isAbsent } from './failure.js';
import type { OpenFile } from './file-layer.js';
import { maxRecordPayloadBytes, RecordFormat, recordHeaderBytes } from '../record-format/pack-format.js';
import { packPath, type PackFolder } from './pack-folder.js';

interface Held {
  readonly opening: Promise<OpenFile>;
  users: number;
  isDropped: boolean;
}

export class PackReader {
  /** In order of last use, oldest first. */
  private readonly held = new Map<number, Held>();

  constructor(
    private readonly folder: PackFolder,
    private readonly sha256: (bytes: Uint8Array) => Uint8Array,
    private readonly maxFiles: number,
  ) {}

  /** The checked payload, or undefined where the pack's file is gone. */
  async read(place: Place, type: RecordType): Promise<Uint8Array | undefined> {
    if (place.length > maxRecordPayloadBytes) throw damaged(place, 'the length is above the limit');
    const bytes = new Uint8Array(recordHeaderBytes + place.length);
    const count = await this.withFile(place.pack, (file) => file.read(bytes, place.offset));
    if (count === undefined) return undefined;
    if (count !== bytes.length) throw damaged(place, 'the pack ends before the record does');
    const header = bytes.subarray(0, recordHeaderBytes);
    const payload = bytes.subarray(recordHeaderBytes);
    const format = new RecordFormat(this.folder.mac, place.pack);
    const head = format.decode(header);
    if (head?.type !== type || head.length !== place.length) throw damaged(place, `no ${type} record of this length begins here`);
    if (!format.isAuthentic(place.offset, header, this.sha256(payload))) throw damaged(place, 'the payload is not what was stored');
    return payload;
  }

  /** Runs `step` on the file of `pack`; undefined where there is none. */
  async withFile<T>(pack: number, step: (file: OpenFile) => Promise<T>): Promise<T | undefined> {
    const held = this.take(pack);
    try {
      return await step(await held.opening);
    } catch (error) {
      if (await didOpen(held)) throw error;
      this.forget(pack, held);
      if (isAbsent(error)) return undefined;
      throw error;
    } finally {
      held.users--;
      await closeIfUnused(held);
    }
  }

  /** Forgets the file of `pack`; readers in it finish. */
  async drop(pack: number): Promise<void> {
    const held = this.held.get(pack);
    if (held === undefined) return;
    this.forget(pack, held);
    await closeIfUnused(held);
  }

  async close(): Promise<void> {
    for (const pack of [...this.held.keys()]) await this.drop(pack);
  }

  private take(pack: number): Held {
    const held = this.held.get(pack) ?? { opening: this.folder.files.open(packPath(this.folder, pack), 'read'), users: 0, isDropped: false };
    held.users++;
    this.held.delete(pack);
    this.held.set(pack, held);
    this.shrink();
    return held;
  }

  private shrink(): void {
    for (const [pack, held] of this.held) {
      if (this.held.size <= this.maxFiles) return;
      if (held.users > 0) continue;
      this.forget(pack, held);
      void closeIfUnused(held);
    }
  }

  private forget(pack: number, held: Held): void {
    held.isDropped = true;
    if (this.held.get(pack) === held) this.held.delete(pack);
  }
}

async function closeIfUnused(held: Held): Promise<void> {
  if (held.users > 0 || !held.isDropped || !(await didOpen(held))) return;
  await (await held.opening).close().catch(() => undefined); // read only: nothing is lost
}

function didOpen(held: Held): Promise<boolean> {
  return held.opening.then(() => true, () => false);
}

function damaged(place: Place, why: string): CorruptionError {
  return new CorruptionError(`pack ${place.pack}, offset ${place.offset}: ${why}`);
}
