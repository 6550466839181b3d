/**
 * Ascending positive integers as bytes and back: each the difference to the one before it, seven bits to a byte, the lowest first.
 * No SQL. It trusts what it reads: only this program writes it.
 */

/** Packs integers from 1 to 2^53 - 1, ascending. */
export function packAscending(values: ArrayLike<number>): Uint8Array {
  const bytes = new Uint8Array(8 * values.length);
  let length = 0;
  let before = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? before;
    let rest = value - before;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[length++] = 128 + (rest % 128);
    bytes[length++] = rest;
    before = value;
  }
  return bytes.slice(0, length);
}

/** What was packed. */
export function unpackAscending(bytes: Uint8Array): Float64Array {
  const values = new Float64Array(bytes.length);
  let count = 0;
  let before = 0;
  let [rest, unit] = [0, 1];
  for (const byte of bytes) {
    rest += (byte % 128) * unit;
    unit *= 128;
    if (byte >= 128) continue;
    before += rest;
    values[count++] = before;
    [rest, unit] = [0, 1];
  }
  return values.slice(0, count);
}

/** The union of what was packed, packed: each number once. It takes the memory of its input, whatever it unites. */
export function uniteAscending(packed: readonly Uint8Array[]): Uint8Array {
  const readers = packed.map((bytes) => new AscendingReader(bytes));
  const bytes = new Uint8Array(packed.reduce((sum, { length }) => sum + length, 0));
  let [length, before] = [0, 0];
  for (let least = leastOf(readers); least !== Infinity; least = leastOf(readers)) {
    for (const reader of readers) while (reader.value === least) reader.next();
    let rest = least - before;
    for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[length++] = 128 + (rest % 128);
    bytes[length++] = rest;
    before = least;
  }
  return bytes.slice(0, length);
}

function leastOf(readers: readonly AscendingReader[]): number {
  let least = Infinity;
  for (const { value } of readers) if (value < least) least = value;
  return least;
}

/** Stands at one number after the other; behind the last at infinity. */
class AscendingReader {
  value = 0;
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {
    this.next();
  }

  next(): void {
    if (this.#at === this.bytes.length) {
      this.value = Infinity;
      return;
    }
    let unit = 1;
    for (;;) {
      const byte = this.bytes[this.#at++] ?? 0;
      this.value += (byte % 128) * unit;
      if (byte < 128) return;
      unit *= 128;
    }
  }
}
