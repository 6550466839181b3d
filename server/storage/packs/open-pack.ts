/**
 * The one pack that grows: writes runs of records, syncs, and reads back what it wrote. It is used by one writer at
 * a time and is thrown away, never repaired, after its first failure. DESIGN.md, *Faults of the disk*.
 */
import path from 'node:path';
import type { NewRecord, Place } from '../../ports/block-store.js';
import { StorageError } from '../../ports/errors.js';
import { writeAll } from './durable-file.js';
import type { OpenFile } from './file-layer.js';
import { encodePackHeader, packHeaderBytes, RecordFormat, recordHeaderBytes } from '../record-format/pack-format.js';
import { packPath, type PackFolder } from './pack-folder.js';

const readBackBytes = 1_048_576;

export class OpenPack {
  /** Bytes that are durable and were read back. Nothing beyond is part of the pack. */
  end = 0;
  private readonly format: RecordFormat;

  private constructor(
    private readonly folder: PackFolder,
    readonly pack: number,
    private readonly begun: { readonly file: OpenFile; readonly generation: number },
  ) {
    this.format = new RecordFormat(folder.mac, pack);
  }

  /** Creates the file of `pack`. Its header is written with the first run. */
  static async begin(folder: PackFolder, pack: number, generation: number): Promise<OpenPack> {
    const file = await folder.files.open(packPath(folder, pack), 'new');
    return new OpenPack(folder, pack, { file, generation });
  }

  /** How many of `records` from `from` on fit below `packBytes`; at least one where the pack is empty. */
  room(records: readonly NewRecord[], from: number, packBytes: number): number {
    let end = Math.max(this.end, packHeaderBytes);
    let index = from;
    for (; index < records.length; index++) {
      end += recordHeaderBytes + (records[index]?.payload.length ?? 0);
      if (end > packBytes && !(this.end === 0 && index === from)) break;
    }
    return index - from;
  }

  /** Appends `records`: written, synced, read back equal. After a rejection the pack must be abandoned. */
  async append(records: readonly NewRecord[]): Promise<readonly Place[]> {
    const isFirst = this.end === 0;
    const parts: Uint8Array[] = isFirst ? [encodePackHeader(this.folder.mac, this.pack, this.begun.generation)] : [];
    let offset = isFirst ? packHeaderBytes : this.end;
    const places = records.map(({ type, payload, digest }) => {
      const place = { pack: this.pack, offset, length: payload.length };
      parts.push(this.format.encode(offset, { type, length: payload.length, digest }), payload);
      offset += recordHeaderBytes + payload.length;
      return place;
    });
    await writeAll(this.begun.file, parts, this.end);
    await this.begun.file.datasync();
    if (isFirst) await this.folder.files.syncFolder(path.dirname(packPath(this.folder, this.pack)));
    await this.readBack(parts);
    this.end = offset;
    return places;
  }

  close(): Promise<void> {
    return this.begun.file.close();
  }

  private async readBack(parts: readonly Uint8Array[]): Promise<void> {
    const buffer = Buffer.allocUnsafe(readBackBytes);
    let at = this.end;
    for (const chunk of chunksOf(parts)) {
      const length = chunk.reduce((sum, part) => sum + part.length, 0);
      const found = buffer.subarray(0, length);
      if ((await this.begun.file.read(found, at)) !== length || !isSame(found, chunk)) {
        throw new StorageError(`pack ${this.pack}: what was read back is not what was written`, { retryable: false });
      }
      at += length;
    }
  }
}

function isSame(found: Buffer, parts: readonly Uint8Array[]): boolean {
  let at = 0;
  return parts.every((part) => found.compare(part, 0, part.length, at, (at += part.length)) === 0);
}

/** `parts` gathered, and cut where needed, into chunks that fit the buffer. */
function* chunksOf(parts: readonly Uint8Array[]): Iterable<readonly Uint8Array[]> {
  let chunk: Uint8Array[] = [];
  let room = readBackBytes;
  for (const part of parts) {
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + room);
      chunk.push(piece);
      at += piece.length;
      room -= piece.length;
      if (room > 0) continue;
      yield chunk;
      chunk = [];
      room = readBackBytes;
    }
  }
  if (chunk.length > 0) yield chunk;
}
