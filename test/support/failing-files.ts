/**
 * A file system in front of the real one that fails one call of those that write: a write, a sync, a rename, a removal, the making of a file. A
 * write may also take a part of what it was given first, as a disk does that gets full or breaks.
 */
import { nodeFiles, type FileLayer, type OpenFile } from '../../server/storage/packs/file-layer.js';

export type FileFailure = 'EIO' | 'ENOSPC' | 'short';

export class FailingFiles {
  #left = 0;
  #how: FileFailure = 'EIO';
  #isBroken = false;

  /** The `at`-th call from now fails. What is written `short` is written in part, and the call after it fails. */
  arm(at: number, how: FileFailure): void {
    [this.#left, this.#how, this.#isBroken] = [at, how, false];
  }

  /** True where the armed call was made meanwhile. */
  disarm(): boolean {
    const hasFailed = this.#left <= 0;
    [this.#left, this.#isBroken] = [0, false];
    return hasFailed;
  }

  get files(): FileLayer {
    return {
      ...nodeFiles,
      open: async (path, how) => {
        if (how !== 'read') this.#hit(`open ${path}`);
        return this.#failing(await nodeFiles.open(path, how));
      },
      rename: (from, to) => this.#guarded(`rename ${from}`, () => nodeFiles.rename(from, to)),
      remove: (path) => this.#guarded(`unlink ${path}`, () => nodeFiles.remove(path)),
      syncFolder: (folder) => this.#guarded(`fsync ${folder}`, () => nodeFiles.syncFolder(folder)),
    };
  }

  #failing(file: OpenFile): OpenFile {
    return {
      read: (into, position) => file.read(into, position),
      size: () => file.size(),
      close: () => file.close(),
      datasync: () => this.#guarded('fdatasync', () => file.datasync()),
      write: async (parts, position) => {
        const isShort = this.#how === 'short' && this.#left === 1;
        this.#hit('write');
        const [first] = parts;
        return isShort && first !== undefined ? file.write([first.subarray(0, Math.ceil(first.length / 2))], position) : file.write(parts, position);
      },
    };
  }

  async #guarded(doing: string, act: () => Promise<void>): Promise<void> {
    this.#hit(doing);
    await act();
  }

  #hit(doing: string): void {
    const isHit = this.#isBroken || (this.#left > 0 && --this.#left === 0);
    if (!isHit) return;
    // The part that fits is taken; the next one is told.
    const isPart = this.#how === 'short' && !this.#isBroken && doing === 'write';
    this.#isBroken = isPart;
    if (isPart) return;
    const code = this.#how === 'EIO' ? 'EIO' : 'ENOSPC';
    throw Object.assign(new Error(`${code}: made to fail, ${doing}`), { code });
  }
}
