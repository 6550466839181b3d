/**
 * Padme: lengths rounded up so that a length tells only O(log log) bits, at most 12 % longer.
 * Nikitin et al., Reducing Metadata Leakage from Encrypted Files and Communication with PURBs, 2019, section 4.
 * What is padded: SPEC.md sections 3 and 8.
 */

/** The padded length of `length` bytes (0 to 2^31). Repeating it changes nothing. */
export function padmeLength(length: number): number {
  if (!Number.isInteger(length) || length < 0 || length > 0x80000000) throw new RangeError('a length to pad is an integer from 0 to 2^31');
  if (length < 2) return length;
  const exponent = floorLog2(length);
  const kept = floorLog2(exponent) + 1;
  const step = 2 ** Math.max(0, exponent - kept);
  return Math.ceil(length / step) * step;
}

/** `bytes` followed by zeros up to `length`: the same array where nothing is to be added. */
export function padWithZeros(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length === length) return bytes;
  const padded = new Uint8Array(length);
  padded.set(bytes);
  return padded;
}

/** Every byte from `start` on is zero. */
export function isZeroFrom(bytes: Uint8Array, start: number): boolean {
  for (let at = start; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}

function floorLog2(value: number): number {
  return 31 - Math.clz32(value);
}
