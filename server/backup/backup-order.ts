/**
 * What the making of a backup is told, and what it tells on the way. Types only.
 */
import type { DataDirectory } from '../data-directory.js';
import type { Damage } from '../ports/block-store.js';
import type { Repository } from './repository.js';

/** How far a phase is. `index` counts pages, and no bytes. */
export interface BackupProgress {
  readonly phase: 'index' | 'packs' | 'files';
  readonly done: number;
  readonly total: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What to do. The caller holds the repository's lock. */
export interface BackupOrder {
  readonly data: DataDirectory;
  readonly repository: Repository;
  /** Milliseconds. */
  readonly at: number;
  /** Points that stay, this one among them; undefined: all, and so where this one has damage. */
  readonly keep: number | undefined;
  readonly stop: AbortSignal;
  readonly onProgress: (progress: BackupProgress) => void;
}

/** What was done. `damage` was there in the store already: stretches that rows may need. */
export interface BackupAnswer {
  readonly id: string;
  readonly isHeld: boolean;
  readonly packs: number;
  readonly packBytes: number;
  readonly indexBytes: number;
  readonly copiedPacks: number;
  readonly copiedPackBytes: number;
  readonly forgottenPoints: number;
  readonly forgottenPacks: number;
  readonly damage: readonly Damage[];
}
