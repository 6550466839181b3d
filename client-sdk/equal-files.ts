/**
 * Files of one run with the same bytes under different names: one is taken apart and stored, the others refer to what it brought. Those
 * that come while it is on its way wait for it. SPEC.md section 12.
 */
import type { PackedList } from './core/block-list.js';
import type { PackedSkeleton } from './core/skeleton.js';
import type { PlannedFile } from './planned-file.js';
import { hexOf } from './protocol/bytes.js';
import type { Rehash } from './protocol/ids.js';

/** What was stored of a file: all that a further image of the same bytes needs. */
export interface StoredFile {
  readonly planned: PlannedFile;
  readonly description: string;
  readonly skeleton: PackedSkeleton;
  readonly contents: PackedList;
  readonly patches: PackedSkeleton;
  readonly rehashes: readonly Rehash[];
  /** Cipher bytes of all references. */
  readonly codedBytes: number;
  readonly flatTiles: number;
  readonly patchedTiles: number;
}

/** Blocks of all files that are remembered together: some 100 bytes each. */
const maxBlocks = 50_000;
const maxFiles = 1_000;

/** The files of one run. */
export class EqualFiles {
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #stored = new Map<string, StoredFile>();
  #blocks = 0;

  /** Waits until no other file with this hash is on its way; call the answer when done. */
  async enter(fileHash: Uint8Array): Promise<() => void> {
    const key = hexOf(fileHash);
    for (let other = this.#underWay.get(key); other !== undefined; other = this.#underWay.get(key)) await other;
    let leave: () => void = () => undefined;
    this.#underWay.set(key, new Promise((resolve) => {
      leave = () => {
        this.#underWay.delete(key);
        resolve();
      };
    }));
    return leave;
  }

  find(fileHash: Uint8Array): StoredFile | undefined {
    return this.#stored.get(hexOf(fileHash));
  }

  /** Remembers a file whose commit was acknowledged; the oldest are forgotten where there are many. */
  keep(fileHash: Uint8Array, file: StoredFile): void {
    this.forget(fileHash);
    this.#stored.set(hexOf(fileHash), { ...file, planned: withoutSkeleton(file.planned) });
    this.#blocks += file.rehashes.length;
    for (const key of this.#stored.keys()) {
      if (this.#blocks <= maxBlocks && this.#stored.size <= maxFiles) break;
      this.#drop(key);
    }
  }

  /** For blocks of it are missing. */
  forget(fileHash: Uint8Array): void {
    this.#drop(hexOf(fileHash));
  }

  #drop(key: string): void {
    this.#blocks -= this.#stored.get(key)?.rehashes.length ?? 0;
    this.#stored.delete(key);
  }
}

/** The manifest has the skeleton folded. */
function withoutSkeleton(planned: PlannedFile): PlannedFile {
  return { ...planned, anchors: [], recipe: { ...planned.recipe, skeleton: new Uint8Array(0) } };
}
