/**
 * What the rules ask of the world around them: time, randomness and hashing. Passed in, so that core has none of its own.
 */

/** Milliseconds since the epoch. */
export interface Clock {
  now(): number;
}

/** `length` cryptographically random bytes. */
export type RandomBytes = (length: number) => Uint8Array;

/** Hashing of bytes that came from outside; native where the platform has it. */
export interface Hasher {
  /** FIPS 180-4: 32 bytes. */
  sha256(bytes: Uint8Array): Uint8Array;
  /** RFC 2104 with SHA-256: 32 bytes. */
  hmacSha256(key: Uint8Array, bytes: Uint8Array): Uint8Array;
}

/** How much is open. */
export interface OpenCounts {
  /** Sessions and tokens that have not expired. */
  readonly sessions: number;
  readonly uploads: number;
}

/** State of the whole store that must survive a restart. */
export interface StoreState {
  /** Generation of the database; never above the packs' unless the packs are older. */
  generation(): Promise<number>;
  setGeneration(generation: number): Promise<void>;
  /** Collection and compaction are forbidden until the operator releases the store. */
  isHeld(): Promise<boolean>;
  setHeld(isHeld: boolean): Promise<void>;
  /** Anything small by name: the realm fixed at first start, the existence mode in force. */
  read(name: string): Promise<string | undefined>;
  write(name: string, value: string): Promise<void>;
  /** Size of database files, measured. */
  databaseFileBytes(): Promise<number>;
  /** The schema is the one that this program knows, no older and no newer: another process may have brought it further. */
  isMigrated(): Promise<boolean>;
  /** What is open at `now`, in all accounts together. Costs a look at each: not for a request's way. */
  countOpen(now: number): Promise<OpenCounts>;
  /** What the engine finds wrong in its own structure, a sentence each; nothing where it is sound, or where the engine cannot tell. Reads all of it. */
  findFaults(): Promise<readonly string[]>;
  /**
   * Another text whenever the engine was started anew, recovered from a crash of a part of it, or gave way to another one while this process went on: it may have forgotten what it had
   * acknowledged. The same in all processes that ask it between two such moments, and always where the engine lives in this process.
   */
  incarnation(): Promise<string>;
  /** Truncates the write-ahead log. */
  truncateLog(): Promise<void>;
}
