/**
 * Sampled contents of a file: what they take coded tells whether structure pays (core/plan.ts). No content is coded twice
 * for that, and what is coded waits for its sealing.
 */
import { contentCoder } from './coder.js';
import type { CryptoProvider } from './core/crypto.js';
import { hexOf } from './protocol/bytes.js';

/** Coded lengths that are remembered. */
const maxLengths = 65_536;
/** Bytes of coded samples that wait for their sealing. */
const maxSampleBytes = 4_194_304;

/** Coded lengths of sampled contents: near copies have the same samples. Knows contents by a hash of their fingerprint only. */
export class SampleLengths {
  readonly #lengths = new Map<string, number>();

  get(key: string): number | undefined {
    return this.#lengths.get(key);
  }

  set(key: string, length: number): void {
    if (this.#lengths.size === maxLengths) this.#lengths.clear();
    this.#lengths.set(key, length);
  }
}

/** Codes samples, each content once for as long as its length is remembered; keeps the first of them for their sealing. */
export class Samples {
  readonly kept = new Map<number, Uint8Array>();
  count = 0;
  bytes = 0;
  #keptBytes = 0;

  constructor(private readonly tools: { readonly crypto: CryptoProvider; readonly lengths: SampleLengths }) {}

  async take(index: number, content: Uint8Array, fingerprint: Uint8Array): Promise<void> {
    // A fingerprint can be a key, and is not remembered itself.
    const key = hexOf(await this.tools.crypto.sha256(fingerprint));
    const length = this.tools.lengths.get(key) ?? this.#code(index, content);
    this.tools.lengths.set(key, length);
    this.count++;
    this.bytes += length;
  }

  #code(index: number, content: Uint8Array): number {
    const coded = contentCoder.code(content);
    if (this.#keptBytes + coded.length <= maxSampleBytes) {
      this.kept.set(index, coded);
      this.#keptBytes += coded.length;
    }
    return coded.length;
  }
}
