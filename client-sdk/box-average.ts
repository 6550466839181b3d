/**
 * A picture made smaller by averaging the box of samples behind each new one, row by row as they come: memory is one row of sums
 * and the small picture. Never larger than it was. Pure.
 */

/** Gathers the rows of one picture from the top. */
export class BoxAverage {
  readonly width: number;
  readonly height: number;
  /** Averages, row by row, channels interleaved; complete after the last row. */
  readonly values: Float32Array;
  readonly #target: Int32Array;
  readonly #across: Float64Array;
  readonly #sums: Float64Array;
  #row = 0;
  #rows = 0;

  /** `maxSide`: of the small picture. */
  constructor(
    private readonly from: { readonly width: number; readonly height: number; readonly channels: number },
    maxSide: number,
  ) {
    const scale = Math.min(1, maxSide / Math.max(from.width, from.height));
    this.width = Math.max(1, Math.round(from.width * scale));
    this.height = Math.max(1, Math.round(from.height * scale));
    this.values = new Float32Array(this.width * this.height * from.channels);
    this.#sums = new Float64Array(this.width * from.channels);
    this.#across = new Float64Array(this.width);
    this.#target = Int32Array.from({ length: from.width }, (_, x) => Math.floor((x * this.width) / from.width));
    for (const x of this.#target) this.#across[x] = (this.#across[x] ?? 0) + 1;
  }

  /** The next row: `width` times `channels` samples. */
  add(samples: ArrayLike<number>): void {
    const { width, channels, height } = this.from;
    let at = 0;
    for (let x = 0; x < width; x++) {
      const to = (this.#target[x] ?? 0) * channels;
      for (let k = 0; k < channels; k++) this.#sums[to + k] = (this.#sums[to + k] ?? 0) + (samples[at++] ?? 0);
    }
    this.#rows++;
    this.#row++;
    const isLast = this.#row === height;
    if (isLast || Math.floor((this.#row * this.height) / height) > Math.floor(((this.#row - 1) * this.height) / height)) this.#close();
  }

  #close(): void {
    const { channels, height } = this.from;
    const start = Math.floor(((this.#row - 1) * this.height) / height) * this.#sums.length;
    for (let i = 0; i < this.#sums.length; i++) {
      const count = (this.#across[Math.floor(i / channels)] ?? 1) * this.#rows;
      this.values[start + i] = (this.#sums[i] ?? 0) / count;
    }
    this.#sums.fill(0);
    this.#rows = 0;
  }
}
