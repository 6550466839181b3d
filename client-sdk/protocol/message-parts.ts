/**
 * What several messages of the wire are made of. Part of messages.ts. SPEC.md section 12.
 */
import { hashBytes, maxSealedBytes, maxUsernameChars, minUsernameChars } from './limits.js';
import { blob, hex, oneOf, text, type Schema } from './schema.js';

export const digest = hex(hashBytes);
export const sealed = blob(1, maxSealedBytes);
export const username = text(minUsernameChars, maxUsernameChars);
/** Up to `max` hashes, one after the other. */
export const packedTags = (max: number): Schema<Uint8Array> => blob(0, max * hashBytes);

/** How a session is carried: a cookie for pages, a bearer for programs. */
export const carrier = oneOf('cookie', 'bearer');

/** What a person types as second factor: 6 digits, or a backup code; spaces, hyphens and case do not count. */
export const code = text(1, 64);
