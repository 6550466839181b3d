/**
 * Comparison of secrets whose time does not depend on their bytes. SPEC.md section 8.
 */

/** `a` and `b` are equal. The time depends on their lengths alone, which are never secret here. */
export function isEqualSecret(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}
