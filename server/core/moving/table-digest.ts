/**
 * A digest over the rows of a table that does not depend on their order: SHA-256 of each row in one canonical encoding, added up. Two engines that
 * read the same rows in different orders come to the same digest. It finds faults, it does not withstand who chooses rows.
 */
import { hexOf, utf8 } from '../../../client-sdk/protocol/bytes.js';
import type { Cell, MovedRow } from '../../ports/index-move.js';

/** Adds rows up. */
export class TableDigest {
  readonly #sum = new Uint32Array(8);
  readonly #encoder = new RowEncoder();
  #rows = 0;

  constructor(private readonly sha256: (bytes: Uint8Array) => Uint8Array) {}

  add(row: MovedRow): void {
    const digest = this.sha256(this.#encoder.encode(row));
    const view = new DataView(digest.buffer, digest.byteOffset, digest.length);
    for (let word = 0; word < this.#sum.length; word++) this.#sum[word] = (this.#sum[word] ?? 0) + view.getUint32(4 * word);
    this.#rows++;
  }

  get rows(): number {
    return this.#rows;
  }

  /** How many rows there were, and their sum. */
  text(): string {
    return `${this.#rows} ${hexOf(new Uint8Array(this.#sum.buffer))}`;
  }
}

/** Each cell with its kind and its length, so that no two rows have the same bytes. */
class RowEncoder {
  #bytes = new Uint8Array(1_024);
  #view = new DataView(this.#bytes.buffer);
  #end = 0;

  /** Valid until the next row. */
  encode(row: MovedRow): Uint8Array {
    this.#end = 0;
    for (const cell of row) this.#put(cell);
    return this.#bytes.subarray(0, this.#end);
  }

  #put(cell: Cell): void {
    if (cell === null) this.#kind(0, 0);
    else if (typeof cell === 'number') {
      this.#kind(1, 8);
      // Exact up to 2^53, and no number has the bytes of another.
      this.#view.setFloat64(this.#end, cell);
      this.#end += 8;
    } else if (typeof cell === 'string') this.#piece(2, utf8(cell));
    else if (cell instanceof Uint8Array) this.#piece(3, cell);
    else {
      this.#kind(4, 4);
      this.#view.setUint32(this.#end, cell.length);
      this.#end += 4;
      for (const bytes of cell) this.#piece(3, bytes);
    }
  }

  #piece(kind: number, bytes: Uint8Array): void {
    this.#kind(kind, 4 + bytes.length);
    this.#view.setUint32(this.#end, bytes.length);
    this.#bytes.set(bytes, this.#end + 4);
    this.#end += 4 + bytes.length;
  }

  /** Writes the kind, with room for so many bytes behind it. */
  #kind(kind: number, more: number): void {
    const needed = this.#end + 1 + more;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(2 * needed);
      grown.set(this.#bytes.subarray(0, this.#end));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#bytes[this.#end++] = kind;
  }
}
