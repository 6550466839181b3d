/**
 * Paths in an archive, one for each image: safe on any system (safe-path.ts), none twice, no file where another has a folder, also
 * where a file system takes upper and lower case for the same. Pure but for what it has given out.
 */
import { numbered, safeParts } from './safe-path.js';

/** The paths of one archive. */
export class ArchiveNames {
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();
  /** The next number to try for a path, so that a thousand equal names are numbered in a thousand steps. */
  readonly #next = new Map<string, number>();

  /** A path with `/` that was not given out before. */
  place(name: string): string {
    const parts = safeParts(name);
    const folders: string[] = [];
    for (const part of parts.slice(0, -1)) folders.push(this.#free(folders, part, (key) => !this.#files.has(key)));
    for (let depth = 1; depth <= folders.length; depth++) this.#folders.add(keyOf(folders.slice(0, depth)));
    const last = this.#free(folders, parts.at(-1) ?? 'unnamed', (key) => !this.#files.has(key) && !this.#folders.has(key));
    const path = [...folders, last];
    this.#files.add(keyOf(path));
    return path.join('/');
  }

  /** The part itself, or with the first number that makes it free. */
  #free(folders: readonly string[], part: string, isFree: (key: string) => boolean): string {
    const plain = keyOf([...folders, part]);
    if (isFree(plain)) return part;
    for (let number = this.#next.get(plain) ?? 2; ; number++) {
      const [named = part] = numbered([part], number);
      if (!isFree(keyOf([...folders, named]))) continue;
      this.#next.set(plain, number);
      return named;
    }
  }
}

function keyOf(parts: readonly string[]): string {
  return parts.join('/').normalize('NFC').toLowerCase();
}
