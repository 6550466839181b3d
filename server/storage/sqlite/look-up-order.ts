/**
 * The orders in which many T1 are looked up: that of their first bytes, and that of any numbers. No SQL.
 */

/** Indexes of `rehashes` in order of their first four bytes; equal ones in the order given. */
export function inOrderOfFirstBytes(rehashes: readonly Uint8Array[]): Uint32Array {
  const words = new Float64Array(rehashes.length);
  rehashes.forEach((rehash, index) => {
    words[index] = (rehash[0] ?? 0) * 2 ** 24 + (((rehash[1] ?? 0) << 16) | ((rehash[2] ?? 0) << 8) | (rehash[3] ?? 0));
  });
  return ascending(words);
}

/** Indexes of `values`, integers of at least 0, in ascending order of the values; equal ones in the order given. */
export function ascending(values: Float64Array): Uint32Array {
  const span = 2 ** Math.ceil(Math.log2(values.length + 1));
  const packed = values.map((value, index) => value * span + index);
  // Numbers sort several times as fast as what needs a comparison of ours.
  if (packed.every(Number.isSafeInteger)) return Uint32Array.from(packed.sort(), (value) => value % span);
  return Uint32Array.from(values.keys()).sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0) || a - b);
}
