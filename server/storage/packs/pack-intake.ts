/**
 * A folder of packs that comes to be by a move from another engine: whole packs, written durably under their names, and a note that keeps servers
 * away until the move has ended. FORMAT.md section 7.
 */
import { createHmac, createSecretKey } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { textOf, utf8 } from '../../../client-sdk/protocol/bytes.js';
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import { StorageError } from '../../ports/errors.js';
import type { PackCopy, PackIntake } from '../../ports/pack-move.js';
import { copyPack } from '../record-format/pack-copy.js';
import { maxShortPack } from '../record-format/pack-format.js';
import { writeDurably } from './durable-file.js';
import { guarded, isAbsent } from './failure.js';
import { nodeFiles, type FileLayer } from './file-layer.js';
import { hasMark, listPacks, packOfName, packPath, writeMark, type PackFolder } from './pack-folder.js';

/** Where the packs shall lie. */
export interface PackIntakeOptions {
  readonly directory: string;
  /** 32 secret bytes: of the store that is moved. */
  readonly storeKey: Uint8Array;
  readonly files?: FileLayer;
}

const noteName = 'migration';
const maxNoteBytes = 4_096;
const compareBytes = 1_048_576;

/** Opens the folder, which is made where it is missing. The caller holds the lock of the data directory. */
export function openPackIntake({ directory, storeKey, files = nodeFiles }: PackIntakeOptions): Promise<PackIntake> {
  if (storeKey.length !== hashBytes) throw new RangeError(`the store key has 32 bytes, got ${storeKey.length}`);
  const key = createSecretKey(storeKey);
  const mac = (message: Uint8Array): Uint8Array => createHmac('sha256', key).update(message).digest();
  return guarded('opening the folder of packs', async () => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    return new FolderIntake({ directory: path.resolve(directory), files, mac });
  });
}

/** The note of a move into this folder that has not ended; undefined where there is none. */
export function readMoveNote(directory: string, files: FileLayer): Promise<string | undefined> {
  return guarded('looking for a move under way', async () => {
    try {
      const file = await files.open(path.join(directory, noteName), 'read');
      try {
        const bytes = new Uint8Array(maxNoteBytes);
        return textOf(bytes.subarray(0, await file.read(bytes, 0))) ?? '';
      } finally {
        await file.close();
      }
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  });
}

/** What a run that was killed was writing. */
function isUnfinished(name: string): boolean {
  return name.endsWith('.tmp') && packOfName(name.slice(0, -'.tmp'.length)) !== undefined;
}

class FolderIntake implements PackIntake {
  constructor(private readonly folder: PackFolder) {}

  note(): Promise<string | undefined> {
    return readMoveNote(this.folder.directory, this.folder.files);
  }

  isEmpty(): Promise<boolean> {
    return guarded('looking at the folder of packs', async () => (await listPacks(this.folder)).length === 0 && !(await hasMark(this.folder)));
  }

  begin(note: string): Promise<void> {
    return guarded('noting the move', async () => {
      // The name of the folder first: who goes on after a kill finds the note, and does not begin again.
      await this.folder.files.syncFolder(path.dirname(this.folder.directory));
      await writeDurably(this.notePath(), utf8(note), this.folder.files);
    });
  }

  numberFor(pack: number, above: number): number {
    if (pack <= maxShortPack) return pack;
    if (above >= maxShortPack) throw new StorageError('no pack number is left', { retryable: false });
    return above + 1;
  }

  put(pack: number, { bytes, generation, records }: PackCopy): Promise<number> {
    return guarded(`writing pack ${pack}`, async () => {
      const copy = await copyPack({ mac: this.folder.mac, pack, generation, bytes }, records);
      if (copy.length === 0) return 0;
      await writeDurably(packPath(this.folder, pack), copy, this.folder.files);
      await this.readBack(pack, copy);
      return copy.length;
    });
  }

  drop(pack: number): Promise<void> {
    return guarded(`dropping pack ${pack}`, async () => {
      await this.folder.files.remove(packPath(this.folder, pack));
      await this.folder.files.syncFolder(this.folder.directory);
    });
  }

  lengths(): Promise<ReadonlyMap<number, number>> {
    return guarded('listing the packs', async () => {
      const lengths = new Map<number, number>();
      for (const pack of await listPacks(this.folder)) lengths.set(pack, await this.folder.files.size(packPath(this.folder, pack)));
      return lengths;
    });
  }

  freeBytes(): Promise<number> {
    return guarded('measuring the disk', () => this.folder.files.freeBytes(this.folder.directory));
  }

  finish(generation: number): Promise<void> {
    return guarded('ending the move', async () => {
      await writeMark(this.folder, { generation, retired: (await listPacks(this.folder)).at(-1) ?? 0 });
      for (const name of await this.folder.files.names(this.folder.directory)) {
        if (isUnfinished(name)) await this.folder.files.remove(path.join(this.folder.directory, name));
      }
      await this.folder.files.remove(this.notePath());
      await this.folder.files.syncFolder(this.folder.directory);
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  private notePath(): string {
    return path.join(this.folder.directory, noteName);
  }

  private async readBack(pack: number, written: Uint8Array): Promise<void> {
    const file = await this.folder.files.open(packPath(this.folder, pack), 'read');
    try {
      const buffer = Buffer.allocUnsafe(compareBytes);
      let isSame = (await file.size()) === written.length;
      for (let at = 0; isSame && at < written.length; at += compareBytes) {
        const expected = written.subarray(at, at + compareBytes);
        const count = await file.read(buffer.subarray(0, expected.length), at);
        isSame = count === expected.length && buffer.compare(expected, 0, expected.length, 0, count) === 0;
      }
      if (!isSame) throw new StorageError(`pack ${pack}: what was read back is not what was written`, { retryable: false });
    } finally {
      await file.close();
    }
  }
}
