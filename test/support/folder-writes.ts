/**
 * Waits for files of a folder to be written to, as another process does it: so a test knows how far that one has come.
 */
import { watch } from 'node:fs';

export interface FolderWrites {
  /** Resolves when files in the folder itself were made or written to so many times. */
  readonly reached: Promise<void>;
  close(): void;
}

/** Counts from now on. */
export function writesTo(folder: string, count: number): FolderWrites {
  const watcher = watch(folder);
  let seen = 0;
  const reached = new Promise<void>((resolve) => {
    watcher.on('change', () => { if (++seen >= count) resolve(); });
  });
  return { reached, close: () => { watcher.close(); } };
}
