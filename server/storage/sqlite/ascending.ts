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
