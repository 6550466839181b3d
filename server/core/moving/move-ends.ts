/**
 * What a move works with: the store that is read and the one that comes to be, and what it tells on the way. Types only.
 */
import type { AccountId, ImageId } from '../../../client-sdk/protocol/ids.js';
import type { BlockStore } from '../../ports/block-store.js';
import type { IndexSource, IndexTarget, ReadTable } from '../../ports/index-move.js';
import type { PackIntake } from '../../ports/pack-move.js';
import type { Stop } from '../contract.js';

/** Nobody else has the source or the target open. */
export interface MoveEnds {
  readonly source: { readonly index: IndexSource; readonly blocks: BlockStore };
  /** `packs` undefined: the blocks stay where they are. */
  readonly target: { readonly index: IndexTarget; readonly packs: PackIntake | undefined };
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** Makes what else the new store needs, before servers may open it. Repeatable. */
  readonly complete: () => Promise<void>;
}

/** How a move is asked for. */
export interface MoveOrder {
  readonly storeId: string;
  /** From where to where, without secrets: a move that was broken off goes on the same way alone. */
  readonly route: string;
  /** Names this move if it is a new one. */
  readonly moveId: string;
  readonly stop: Stop;
  readonly onProgress: (progress: MoveProgress) => void;
}

/** How far a phase is. Of packs, `doneBytes` and `totalBytes` are bytes of the old ones. What an earlier run did counts as done. */
export interface MoveProgress {
  readonly phase: 'packs' | 'rows' | 'compare';
  readonly done: number;
  readonly total: number;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** What a move would do or did. */
export interface MoveFigures {
  readonly packs: number;
  readonly packBytes: number;
  readonly rows: Readonly<Record<string, number>>;
}

/** Something that cannot be read in the old store, and so not in the new one. */
export type LostRecord =
  | { readonly what: 'block'; readonly rehash: string; readonly images: readonly { readonly accountId: AccountId; readonly imageId: ImageId }[] }
  | { readonly what: 'manifest' | 'preview'; readonly accountId: AccountId; readonly imageId: ImageId }
  | { readonly what: 'account'; readonly accountId: AccountId };

/** A stretch of an old pack without an intact record. */
export interface DamagedStretch {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

/** `stopped`: on demand, and the next run goes on. `differs`: what was written is not what was read, and the new store stays closed. */
export interface MoveAnswer extends MoveFigures {
  readonly outcome: 'moved' | 'stopped' | 'differs';
  readonly records: number;
  /** Tables and packs that are not the same on both sides. */
  readonly different: readonly (ReadTable | 'packs')[];
  readonly damage: readonly DamagedStretch[];
  readonly lost: readonly LostRecord[];
}
