/**
 * Parity beside sealed packs, where an engine can keep any: what heals a damaged region of a pack without another copy of it. The adapter's FORMAT.md
 * says what heals.
 */

/** Bytes of a pack in one piece. */
export interface Stretch {
  readonly offset: number;
  readonly length: number;
}

/** A file of parity. `isOrphan`: there is no pack of that number. */
export interface ParityFile {
  readonly pack: number;
  readonly bytes: number;
  readonly isOrphan: boolean;
}

/**
 * How a pack agrees with its parity. `percent`: the share that it was made with, undefined where nothing can be read out of it. `lost`: what of the pack
 * is not as it was, `healable` so many bytes of it. `isParityWhole`: nothing of the parity itself is damaged.
 */
export interface ParityHealth {
  readonly percent: number | undefined;
  readonly lost: readonly Stretch[];
  readonly healable: number;
  readonly isParityWhole: boolean;
}

/** What of a pack was put right. */
export interface HealedPack {
  readonly pack: number;
  readonly healed: readonly Stretch[];
}

/** Hears of bytes that were read, and may make the reader wait. */
export type OnRead = (bytes: number) => Promise<void>;

/** How parity is made. `percent`: 1 to 100. */
export interface ParityOrder {
  readonly percent: number;
  readonly onRead: OnRead;
  /** Looked at now and then: what is half made is left. */
  readonly stop?: { readonly aborted: boolean } | undefined;
}

export interface PackParity {
  /** All files of parity in ascending order. */
  list(): Promise<readonly ParityFile[]>;
  /**
   * Makes the parity of a sealed pack, durably and read back, over what was there. False where it was stopped, the pack is gone, open or empty; then nothing has changed. StorageError
   * on an outage, `isFull` where the disk has little room left.
   */
  make(pack: number, order: ParityOrder): Promise<boolean>;
  /** Reads the pack and its parity whole. Undefined where either is gone. */
  check(pack: number, onRead: OnRead): Promise<ParityHealth | undefined>;
  /**
   * Puts right what can be put right of a sealed pack, durably and read back; places in it stay what they are. Undefined where nothing was, and then nothing has changed. No record that
   * was intact before is damaged afterwards, whatever the parity says.
   */
  heal(pack: number, onRead: OnRead): Promise<HealedPack | undefined>;
  /** Removes the parity of a pack. Absence is not an error. */
  remove(pack: number): Promise<void>;
  /** Removes what belongs to no pack, or was never finished. */
  tidy(): Promise<void>;
}
