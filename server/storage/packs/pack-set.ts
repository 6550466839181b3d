/**
 * The packs of a folder as files, for who copies them while another process appends: which there are, how far each is whole, and the mark that goes with a
 * copy. It writes nothing.
 */
import { createHmac, createSecretKey, hash } from 'node:crypto';
import path from 'node:path';
import type { Damage } from '../../ports/block-store.js';
import { recordHeaderBytes, type Mac } from '../record-format/pack-format.js';
import { scanRecords } from '../record-format/pack-scan.js';
import { guarded, unlessAbsent } from './failure.js';
import { nodeFiles } from './file-layer.js';
import { encodeMark, listPacks, packPath, readMark, type PackFolder } from './pack-folder.js';

/** One pack file as it was when it was listed. Only the one of the highest number may grow. */
export interface PackFile {
  readonly pack: number;
  readonly path: string;
  readonly bytes: number;
}

/** What of a pack is whole. */
export interface PackSurvey {
  /** Where the last intact record ends; 0 where there is none. */
  readonly intactBytes: number;
  readonly damage: readonly Damage[];
}

export class PackSet {
  private readonly folder: PackFolder;

  /** `storeKey`: 32 secret bytes. */
  constructor(directory: string, storeKey: Uint8Array) {
    const key = createSecretKey(storeKey);
    const mac: Mac = (message) => createHmac('sha256', key).update(message).digest();
    this.folder = { directory: path.resolve(directory), files: nodeFiles, mac };
  }

  /** All packs with their lengths now, in ascending order. */
  list(): Promise<readonly PackFile[]> {
    return guarded('listing the packs', async () => {
      const found: PackFile[] = [];
      for (const pack of await listPacks(this.folder)) {
        const file = packPath(this.folder, pack);
        const bytes = await unlessAbsent(() => this.folder.files.size(file));
        if (bytes !== undefined) found.push({ pack, path: file, bytes });
      }
      return found;
    });
  }

  /** Reads and authenticates every record of a pack, as far as it was listed; undefined where it is gone. */
  survey({ pack, path: name, bytes }: PackFile): Promise<PackSurvey | undefined> {
    return guarded(`reading pack ${pack}`, async () => {
      const file = await unlessAbsent(() => this.folder.files.open(name, 'read'));
      if (file === undefined) return undefined;
      try {
        const damage: Damage[] = [];
        let intactBytes = 0;
        const records = scanRecords({ file, pack, end: bytes, mac: this.folder.mac, sha256: (piece) => hash('sha256', piece, 'buffer'), onDamage: (stretch) => damage.push(stretch) });
        for await (const { place } of records) intactBytes = place.offset + recordHeaderBytes + place.length;
        return { intactBytes, damage };
      } finally {
        await file.close();
      }
    });
  }

  /** The file `mark` for a copy of generation `generation` in which no pack has a number above `highest`. CorruptionError where that of the folder is damaged. */
  markFor({ generation, highest }: { readonly generation: number; readonly highest: number }): Promise<Uint8Array> {
    return guarded('reading the mark of the packs', async () => {
      const retired = (await readMark(this.folder))?.retired ?? 0;
      return encodeMark(this.folder.mac, { generation, retired: Math.max(retired, highest) });
    });
  }
}

/** Where the record ends whose payload would end at `end` if it had no header. */
export function endWithHeader(end: number): number {
  return end + recordHeaderBytes;
}
