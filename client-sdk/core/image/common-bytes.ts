/**
 * How far two places of a window are the same: what searches for matches ask of their candidates. SPEC.md section 6.7.
 */

/** Bytes that follow both places alike, at most `most`. */
export function commonBytes(bytes: Uint8Array, from: number, at: number, most: number): number {
  let length = 0;
  while (length < most && bytes[from + length] === bytes[at + length]) length++;
  return length;
}

/** Whether the three bytes of zlib's key are the same. */
export function isSameKey(bytes: Uint8Array, from: number, at: number): boolean {
  return bytes[from] === bytes[at] && bytes[from + 1] === bytes[at + 1] && bytes[from + 2] === bytes[at + 2];
}
