/**
 * What earlier runs, and this one so far, say of files: which are stored, so that they need not be read again, and how many are
 * missing. Files are told apart by name, size and time of change. A model: it keeps nothing itself.
 */
import type { FileMark, RecordedFile, RecordedRun } from '../../../client-sdk/browser/upload-record.js';

/** All files of a list, by mark. */
export class EarlierFiles {
  readonly #files = new Map<string, RecordedFile>();

  /** Of equal files in several runs a stored one counts. */
  constructor(runs: readonly RecordedRun[]) {
    for (const file of runs.flatMap(({ files }) => files)) {
      if (this.#files.get(keyOf(file))?.state !== 'stored') this.#files.set(keyOf(file), file);
    }
  }

  get files(): readonly RecordedFile[] {
    return [...this.#files.values()];
  }

  /** How many there are and how many are stored. */
  get counts(): { readonly files: number; readonly stored: number } {
    let stored = 0;
    for (const { state } of this.#files.values()) if (state === 'stored') stored++;
    return { files: this.#files.size, stored };
  }

  note(file: RecordedFile): void {
    this.#files.set(keyOf(file), file);
  }

  drop(mark: FileMark): void {
    this.#files.delete(keyOf(mark));
  }

  /** The image as which an equal file was stored. */
  storedAs(mark: FileMark): string | undefined {
    const file = this.#files.get(keyOf(mark));
    return file?.state === 'stored' ? file.imageId : undefined;
  }
}

function keyOf({ name, size, modifiedAt }: FileMark): string {
  return `${String(size)}/${String(modifiedAt)}/${name}`;
}
