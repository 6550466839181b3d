/**
 * JSON bodies about an account: registration, login, recovery, its record, changes of credentials, keyring and second factor, closing. Part of
 * messages.ts. SPEC.md sections 8 and 12.
 */
import type { AccountId, SessionId } from './ids.js';
import { backupCodeChars, backupCodes, idBytes } from './limits.js';
import { carrier, code, digest, sealed, username } from './message-parts.js';
import { blob, count, flag, hex, id, integer, list, object, optional, text, time, type Infer } from './schema.js';

/** scrypt cost and salt of one password. Bounds of the form: what a client pays is between scryptFloor and scryptCeiling (limits.ts). */
export const kdf = object({
  log2N: integer(1, 30),
  r: integer(1, 64),
  p: integer(1, 64),
  salt: hex(16),
});
export type Kdf = Infer<typeof kdf>;

/** The password half of an account: replaced whole, never in part. */
export const passwordRecord = object({ kdf, authKey: digest, wrappedAccountKey: sealed });
export type PasswordRecord = Infer<typeof passwordRecord>;

/** The recovery half of an account. */
export const recoveryRecord = object({ recoveryAuth: digest, wrappedAccountKey: sealed });
export type RecoveryRecord = Infer<typeof recoveryRecord>;

/** Public identity keys, their self-signature and the wrapped private halves. */
export const identityRecord = object({
  x25519: digest,
  ed25519: digest,
  epoch: integer(1, 0xffffffff),
  signature: hex(64),
  wrapped: sealed,
});
export type IdentityRecord = Infer<typeof identityRecord>;

/** POST /accounts. */
export const registration = object({
  accountId: id<AccountId>(),
  username,
  email: optional(text(3, 254)),
  password: passwordRecord,
  recovery: recoveryRecord,
  identity: identityRecord,
  keyring: sealed,
  invitationCode: optional(hex(idBytes)),
  setupToken: optional(text(1, 128)),
  carrier,
  device: optional(text(1, 100)),
});
export type Registration = Infer<typeof registration>;

/** POST /login/parameters. */
export const loginParametersRequest = object({ username });
/** The salt and cost of a user's password; for an unknown user a stable invention. */
export const loginParameters = object({ kdf });

/** POST /login. `isKept` (carrier cookie): the session outlives the browser; until then a cookie ends with it. */
export const loginRequest = object({ username, authKey: digest, carrier, device: optional(text(1, 100)), isKept: optional(flag), code: optional(code) });
export type LoginRequest = Infer<typeof loginRequest>;

/** All that the server keeps of an account for its owner. */
export const accountRecord = object({
  accountId: id<AccountId>(),
  username,
  email: optional(text(3, 254)),
  isOperator: flag,
  revision: integer(1, Number.MAX_SAFE_INTEGER),
  kdf,
  wrappedAccountKey: sealed,
  identity: identityRecord,
  keyring: sealed,
  keyringRevision: integer(1, Number.MAX_SAFE_INTEGER),
  createdAt: time,
  quotaBytes: optional(count),
  /** Only where a second factor is on. */
  secondFactor: optional(object({ backupCodesLeft: integer(0, backupCodes) })),
});
export type AccountRecord = Infer<typeof accountRecord>;

/** Answer of login and registration. `token` only for carrier bearer; `pageKey` and `csrfToken` only for carrier cookie. */
export const sessionGrant = object({
  account: accountRecord,
  sessionId: id<SessionId>(),
  token: optional(blob(32, 32)),
  pageKey: optional(blob(32, 32)),
  csrfToken: optional(blob(32, 32)),
});
export type SessionGrant = Infer<typeof sessionGrant>;

/** GET /session (cookie): what a page needs to open what it sealed in sessionStorage. */
export const pageSession = object({ accountId: id<AccountId>(), username, isOperator: flag, isKept: flag, pageKey: blob(32, 32), csrfToken: blob(32, 32) });
export type PageSession = Infer<typeof pageSession>;

/** POST /recovery: proves the words, and gets the account key wrapped under them. */
export const recoveryRequest = object({ username, recoveryAuth: digest });
export const recoveryAnswer = object({ account: accountRecord, recoveryWrappedAccountKey: sealed });
export type RecoveryAnswer = Infer<typeof recoveryAnswer>;

/** What shows that a change of credentials comes from the owner: more than a session. */
export const credentialProof = object({ username, authKey: optional(digest), recoveryAuth: optional(digest), code: optional(code) });

/** PUT /account/credentials. At least one of `password` and `recovery`; answers a new grant, ends all other sessions. */
export const credentialChange = object({
  proof: credentialProof,
  expectedRevision: integer(1, Number.MAX_SAFE_INTEGER),
  password: optional(passwordRecord),
  recovery: optional(recoveryRecord),
  carrier,
  device: optional(text(1, 100)),
  isKept: optional(flag),
});
export type CredentialChange = Infer<typeof credentialChange>;

/** PUT /account/keyring: replaces the sealed domain keyring if its revision is still the expected one. */
export const keyringChange = object({ expectedRevision: integer(1, Number.MAX_SAFE_INTEGER), keyring: sealed });
export const keyringChanged = object({ keyringRevision: integer(1, Number.MAX_SAFE_INTEGER) });

/** POST /account/second-factor: begins one. The secret (base32), the link that says the same to an authenticator app and its QR code (a data: URL of a GIF) are shown once. */
export const factorBeginning = object({ authKey: digest });
export const begunFactor = object({ secret: text(32, 32), link: text(1, 1_000), picture: text(1, 32_768) });
export type BegunFactor = Infer<typeof begunFactor>;
/** PUT /account/second-factor: the first code turns it on. The backup codes are shown once. */
export const factorConfirmation = object({ code });
export const confirmedFactor = object({ backupCodes: list(text(backupCodeChars, backupCodeChars), backupCodes) });
export type ConfirmedFactor = Infer<typeof confirmedFactor>;
/** DELETE /account/second-factor. */
export const factorEnding = object({ authKey: digest, code });

/** DELETE /account: more than a session, the password too. */
export const accountClosing = object({ authKey: digest });

/** PUT /account/email: sets or (absent) clears the e-mail address. */
export const emailChange = object({ email: optional(text(3, 254)) });
