/**
 * The contents of a file that is understood, for a join that proves it: those of the first reading, or read again. SPEC.md section 12.
 */
import type { CryptoProvider } from './core/crypto.js';
import { fault } from './core/errors.js';
import type { ContentReader, Split, SplitSummary } from './core/image/splitter.js';
import type { PlacedAnchors } from './placed-anchors.js';
import { isEqual } from './protocol/bytes.js';
import { hashBytes } from './protocol/limits.js';

/** A file whose contents were read once. */
export interface ReadFile {
  readonly split: Split;
  readonly summary: SplitSummary;
  /** SHA-256 of each content, packed; undefined where it was not read ahead (bytes). */
  readonly fingerprints: Uint8Array | undefined;
  /** The contents themselves, where they are few enough to keep, and the split does not hold them anyway. */
  readonly kept: readonly Uint8Array[] | undefined;
}

/** Gives a join the contents of the first reading, or reads them again; those of the source are held against their fingerprints. */
export class SplitReader implements ContentReader {
  readonly count: number;
  position = 0;
  #iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | undefined;

  constructor(
    private readonly crypto: CryptoProvider,
    private readonly by: { readonly planned: ReadFile; readonly finder?: PlacedAnchors },
  ) {
    this.count = by.planned.summary.count;
  }

  async get(index: number): Promise<Uint8Array> {
    const content = await this.#get(index);
    this.by.finder?.see(index, content);
    return content;
  }

  async #get(index: number): Promise<Uint8Array> {
    const kept = this.by.planned.kept?.[index];
    if (kept !== undefined) {
      this.position = Math.max(this.position, index);
      return kept;
    }
    if (this.#iterator === undefined || index < this.position) await this.#restart(index);
    for (;;) {
      const next = await this.#iterator?.next();
      if (next === undefined || next.done === true) throw fault('recipe-invalid', 'A content is missing.');
      if (this.position++ === index) return await this.#checked(index, next.value);
    }
  }

  async close(): Promise<void> {
    await this.#iterator?.return?.();
  }

  async #restart(index: number): Promise<void> {
    await this.close();
    const { split } = this.by.planned;
    this.#iterator = split.views?.(index)[Symbol.iterator]() ?? split.contents(index)[Symbol.asyncIterator]();
    this.position = index;
  }

  /** What the split holds cannot have changed. */
  async #checked(index: number, content: Uint8Array): Promise<Uint8Array> {
    if (this.by.planned.split.views !== undefined) return content;
    const expected = fingerprintAt(this.by.planned.fingerprints, index);
    if (expected !== undefined && !isEqual(await this.crypto.sha256(content), expected)) throw fault('file-changed');
    return content;
  }
}

/** Fingerprint `index` of a packed list. */
function fingerprintAt(fingerprints: Uint8Array | undefined, index: number): Uint8Array | undefined {
  return fingerprints?.subarray(index * hashBytes, (index + 1) * hashBytes);
}
