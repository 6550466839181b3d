/**
 * Where ciphers, sealed manifests and account records lie durably: an append-only log of records in packs.
 * It knows nothing of references, accounts or keys. FORMAT.md of an adapter gives the bytes.
 */
import type { PackParity } from './pack-parity.js';

/** What a record holds. Numbers are in the format: append only. */
export type RecordType = 'block' | 'manifest' | 'preview' | 'removal' | 'account';

/** Where a record lies. `length` is of the payload, in bytes. */
export interface Place {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
}

/** A record to append. `digest` is SHA-256 of the payload, computed by the caller from these very bytes. */
export interface NewRecord {
  readonly type: RecordType;
  readonly payload: Uint8Array;
  readonly digest: Uint8Array;
}

/** A record met by a scan. `isIntact`: header, length and authentication code fit. */
export interface ScannedRecord {
  readonly place: Place;
  readonly type: RecordType;
  readonly payload: Uint8Array;
  readonly digest: Uint8Array;
}

/** A stretch of a pack that holds no intact record. */
export interface Damage {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
  readonly what: string;
}

/** One pack. */
export interface PackSummary {
  readonly pack: number;
  readonly bytes: number;
  readonly isSealed: boolean;
}

/** What the store takes on disk, measured. */
export interface BlockStoreUsage {
  readonly packs: number;
  readonly packFileBytes: number;
  /** Bytes of pack headers. */
  readonly packHeaderBytes: number;
  readonly freeBytes: number;
}

export interface BlockStore {
  /** Bytes that a record takes beside its payload. */
  readonly recordOverheadBytes: number;
  /** A pack that is begun from now on may have a number that is lower, by so much at most, than one that is there; 0: numbers only grow. */
  readonly numberSlack: number;
  /** What heals damaged packs without another copy; undefined where the engine has no such thing. */
  readonly parity?: PackParity | undefined;
  /**
   * Appends records in order. Resolves only when all are durable and have been read back equal to what was
   * given. Several calls may share one sync. Not atomic over a crash: a prefix may survive, which is harmless.
   * Rejects with StorageError (`isFull` when the disk is); then none of the records may be relied on.
   */
  append(records: readonly NewRecord[]): Promise<readonly Place[]>;
  /**
   * The payload at `place`, its record checked (magic, type, length, authentication code, digest). Undefined
   * where the pack no longer exists (the caller looks its row up once more). CorruptionError where the bytes are not
   * what was stored. StorageError on an outage.
   */
  read(place: Place, type: RecordType): Promise<Uint8Array | undefined>;
  /** Every intact record of a pack in order; damaged stretches go to `onDamage`. Repeatable. Memory: one record. */
  scan(pack: number, onDamage: (damage: Damage) => void): AsyncIterable<ScannedRecord>;
  /** All packs in ascending order. */
  packs(): Promise<readonly PackSummary[]>;
  /** Seals the open pack, so that the next append begins a new one. Repeatable. */
  seal(): Promise<void>;
  /** Drops a sealed pack whose records have all been moved or are dead; once this resolves, no crash brings it back. Absence is not an error. */
  drop(pack: number): Promise<void>;
  usage(): Promise<BlockStoreUsage>;
  /** The generation that this store was last marked with; grows with every `mark`. */
  generation(): Promise<number>;
  /** Marks the store with `generation`, durably. */
  mark(generation: number): Promise<void>;
  /** Resolves when the store is reached and takes a small durable write now, which leaves no record. Rejects with StorageError. Cheap, but not free. */
  checkWritable(): Promise<void>;
  /** Syncs and closes. Appends after it reject. */
  close(): Promise<void>;
}
