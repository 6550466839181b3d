/**
 * A file system that stops: of the calls that change it, all up to one are taken, and from then on nothing happens any more, as when the process is killed there.
 */
import { nodeFiles, type FileLayer, type OpenFile } from '../../server/storage/packs/file-layer.js';

export class StoppingFiles {
  #left: number;
  /** True once a call was not taken. */
  isStopped = false;

  constructor(taken: number, private readonly below: FileLayer = nodeFiles) {
    this.#left = taken;
  }

  get files(): FileLayer {
    return {
      open: async (path, how) => this.#stopping(await this.#step(how !== 'read', () => this.below.open(path, how))),
      names: (folder) => this.#step(false, () => this.below.names(folder)),
      size: (path) => this.#step(false, () => this.below.size(path)),
      rename: (from, to) => this.#step(true, () => this.below.rename(from, to)),
      remove: (path) => this.#step(true, () => this.below.remove(path)),
      syncFolder: (folder) => this.#step(true, () => this.below.syncFolder(folder)),
      freeBytes: (folder) => this.#step(false, () => this.below.freeBytes(folder)),
    };
  }

  #stopping(file: OpenFile): OpenFile {
    return {
      write: (parts, position) => this.#step(true, () => file.write(parts, position)),
      read: (into, position) => this.#step(false, () => file.read(into, position)),
      datasync: () => this.#step(true, () => file.datasync()),
      size: () => this.#step(false, () => file.size()),
      // The system closes what a killed process had open.
      close: () => file.close(),
    };
  }

  #step<T>(changes: boolean, act: () => Promise<T>): Promise<T> {
    if (changes && this.#left-- <= 0) this.isStopped = true;
    return this.isStopped ? Promise.reject(Object.assign(new Error('the process is gone'), { code: 'EIO' })) : act();
  }
}
