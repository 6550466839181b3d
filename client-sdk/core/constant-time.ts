/**
 * Comparison that takes the same time wherever two byte strings differ: for keys, commitments and authentication
 * codes. protocol/bytes.ts has the fast one for public bytes. SPEC.md section 1.
 */

/** `a` and `b` hold the same bytes; the time depends on their lengths alone. */
export function isSameSecret(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= (a[at] ?? 0) ^ (b[at] ?? 0);
  return difference === 0;
}
