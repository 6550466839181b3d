/**
 * A file system of bounded size in front of the real one: a write takes what still fits, then fails as a full disk does.
 */
import { nodeFiles, type FileLayer, type OpenFile } from '../../server/storage/packs/file-layer.js';

export class TinyDisk {
  /** Writes that failed for want of room. */
  refusals = 0;

  /** Bytes that still fit. */
  constructor(public room: number) {}

  get files(): FileLayer {
    return {
      ...nodeFiles,
      open: async (path, how) => this.#bounded(await nodeFiles.open(path, how)),
      remove: async (path) => {
        this.room += await nodeFiles.size(path).catch(() => 0);
        await nodeFiles.remove(path);
      },
      freeBytes: () => Promise.resolve(this.room),
    };
  }

  #bounded(file: OpenFile): OpenFile {
    return {
      read: (into, position) => file.read(into, position),
      datasync: () => file.datasync(),
      size: () => file.size(),
      close: () => file.close(),
      write: async (parts, position) => {
        const fitting = this.#fitting(parts);
        const written = await file.write(fitting, position);
        this.room -= written;
        return written;
      },
    };
  }

  #fitting(parts: readonly Uint8Array[]): readonly Uint8Array[] {
    const fitting: Uint8Array[] = [];
    let left = this.room;
    for (const part of parts) {
      if (left <= 0) break;
      fitting.push(part.subarray(0, left));
      left -= part.length;
    }
    if (fitting.length > 0) return fitting;
    this.refusals++;
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }
}
