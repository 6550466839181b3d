/**
 * Packs written whole, for moving a store between engines. The records of a pack keep their offsets; only the number of a pack may
 * change, and with it the codes of its records.
 */
import type { ScannedRecord } from './block-store.js';

/** A pack to write: `bytes` is the length of the one that the records come from. */
export interface PackCopy {
  readonly bytes: number;
  /** That its header names. */
  readonly generation: number;
  /** In ascending order of offsets. What lies between them is written as zeros, what lies behind the last one not at all. */
  readonly records: AsyncIterable<ScannedRecord>;
}

/** A block store that comes to be. No server opens it between `begin` and `finish`. */
export interface PackIntake {
  /** What `begin` noted; undefined where no move is under way. */
  note(): Promise<string | undefined>;
  /** Holds neither packs nor a mark. */
  isEmpty(): Promise<boolean>;
  /** Notes that a move into this store is under way, durably; over an earlier note. */
  begin(note: string): Promise<void>;
  /** The number that a pack shall have here; `above`: all numbers that were given out before are at most this. StorageError where none is left. */
  numberFor(pack: number, above: number): number;
  /**
   * Writes a pack, over whatever an earlier attempt left under its number. Resolves with its length when it is durable and was read back equal;
   * with 0 where there was no record, and then there is no pack. What `records` throws passes through.
   */
  put(pack: number, copy: PackCopy): Promise<number>;
  /** Absence is not an error. */
  drop(pack: number): Promise<void>;
  /** Lengths of all packs by number. */
  lengths(): Promise<ReadonlyMap<number, number>>;
  /** Bytes that still fit. */
  freeBytes(): Promise<number>;
  /** Marks the store with the generation; then the note goes, so that servers may open it. Repeatable. */
  finish(generation: number): Promise<void>;
  close(): Promise<void>;
}
