/**
 * Every label that separates one use of a key or a hash from another, in one place. Frozen with the format:
 * a label that changes makes stored things unreadable. SPEC.md section 1.
 */

/** Labels of derivations and signatures that are no subkeys. */
export const labels = {
  block: 'dice/1/block',
  personal: 'dice/1/personal',
  group: 'dice/1/group',
  auth: 'dice/1/auth',
  wrap: 'dice/1/wrap',
  recoveryAuth: 'dice/1/recovery-auth',
  recoveryWrap: 'dice/1/recovery-wrap',
  keyId: 'dice/1/key-id',
  seal: 'dice/1/seal',
  identity: 'dice/1/identity',
  manifestSignature: 'dice/1/manifest-signature',
  headSignature: 'dice/1/account-head',
} as const;

/** What subkeys are for. `entry` is an image's listing entry, `invitation` the secret that travels with a link. */
export const subkeyPurposes = [
  'image-wrap', 'identity-wrap', 'domain-wrap', 'cache', 'account-head', 'manifest', 'preview', 'entry', 'invitation',
] as const;
/** A purpose of the closed list. */
export type SubkeyPurpose = (typeof subkeyPurposes)[number];

/** The HKDF info of a subkey. */
export function subkeyLabel(purpose: SubkeyPurpose): string {
  return `dice/1/${purpose}`;
}
