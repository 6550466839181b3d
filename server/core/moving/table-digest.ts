/**
 * A digest over the rows of a table that does not depend on their order: SHA-256 of each row in one canonical encoding, added up. Two engines that
 * read the same rows in different orders come to the same digest. It finds faults, it does not withstand who chooses rows.
 */
import { concat, hexOf, u32, utf8 } from '../../../client-sdk/protocol/bytes.js';
import type { Cell, MovedRow } from '../../ports/index-move.js';

/** Adds rows up. */
export class TableDigest {
  readonly #sum = new Uint32Array(8);
  #rows = 0;

  constructor(private readonly sha256: (bytes: Uint8Array) => Uint8Array) {}

  add(row: MovedRow): void {
    const digest = this.sha256(encodeRow(row));
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
export function encodeRow(row: MovedRow): Uint8Array {
  return concat(...row.map(encodeCell));
}

function encodeCell(cell: Cell): Uint8Array {
  if (cell === null) return Uint8Array.of(0);
  if (typeof cell === 'number') return concat(Uint8Array.of(1), numberBytes(cell));
  if (typeof cell === 'string') return withLength(2, utf8(cell));
  if (cell instanceof Uint8Array) return withLength(3, cell);
  return concat(Uint8Array.of(4), u32(cell.length), ...cell.map((bytes) => withLength(3, bytes)));
}

function withLength(kind: number, bytes: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(kind), u32(bytes.length), bytes);
}

function numberBytes(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value));
  return bytes;
}
