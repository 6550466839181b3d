/**
 * Every JSON body of the wire, as a two-way schema. Blobs are opaque to the server: sealed objects that only
 * a client opens. SPEC.md section 12.
 */
import {
  backupCodeChars, backupCodes, hashBytes, idBytes, maxBlocksPerImage, maxCommitsPerRequest, maxEntryBytes, manifestHashBytes, maxHeadBytes, maxHeadLeaves, maxManifestBytes, maxPageHeads, maxPageImages,
  maxRecordsPerRead,
  maxSealedBytes, maxTagsPerQuery, maxUsernameChars, maxWrappedKeyBytes, minUsernameChars, scryptCeiling,
} from './limits.js';
import { leafBytes } from './head-tree.js';
import type { AccountId, ImageId, InvitationId, SessionId, UploadId } from './ids.js';
import { blob, count, flag, hex, id, integer, list, object, oneOf, optional, text, time, type Infer } from './schema.js';

const digest = hex(hashBytes);
const sealed = blob(1, maxSealedBytes);
const username = text(minUsernameChars, maxUsernameChars);
const packedTags = (max: number) => blob(0, max * hashBytes);

/** scrypt cost and salt of one password. */
export const kdf = object({
  log2N: integer(1, scryptCeiling.log2N + 10),
  r: integer(1, 64),
  p: integer(1, 64),
  salt: hex(16),
});
export type Kdf = Infer<typeof kdf>;

/** How existence is answered; which domain a new account is offered; who may register. */
export const existenceMode = oneOf('own', 'shared');
export const signupMode = oneOf('open', 'invite', 'closed');
export const domainKind = oneOf('open', 'personal');

/** GET /server: what a client must know before it dials further. */
export const serverCard = object({
  serverId: id<string>(),
  realm: text(1, 253),
  version: text(1, 64),
  protocol: integer(1, 1),
  existence: existenceMode,
  signup: signupMode,
  defaultDomain: domainKind,
  hasAccounts: flag,
  needsSetupToken: flag,
  maxImageBytes: count,
  trashDays: integer(0, 3650),
});
export type ServerCard = Infer<typeof serverCard>;

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

/** How a session is carried: a cookie for pages, a bearer for programs. */
export const carrier = oneOf('cookie', 'bearer');

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

/** What a person types as second factor: 6 digits, or a backup code; spaces, hyphens and case do not count. */
const code = text(1, 64);

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

/** POST /account/second-factor: begins one. The secret (base32) and the link that says the same to an authenticator app are shown once. */
export const factorBeginning = object({ authKey: digest });
export const begunFactor = object({ secret: text(32, 32), link: text(1, 1_000) });
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

/** GET /account/usage. Functions of this account's references alone. */
export const usage = object({
  images: count,
  trashedImages: count,
  /** Distinct blocks that the account's images refer to, and the bytes of their ciphers. */
  blocks: count,
  cipherBytes: count,
  /** Sealed manifests, entries, wrapped keys and previews. */
  manifestBytes: count,
  entryBytes: count,
  previewBytes: count,
  /** Record headers of all these in packs: a fixed number per record. */
  recordBytes: count,
  /** Bytes in live upload sessions that no image refers to yet. */
  sessionBytes: count,
  usedBytes: count,
  quotaBytes: optional(count),
  /** Request body bytes received for committed images since the account began. */
  receivedBytes: count,
});
export type Usage = Infer<typeof usage>;

/** GET /sessions. */
export const sessionCard = object({
  sessionId: id<SessionId>(),
  kind: oneOf('page', 'bearer', 'token'),
  device: optional(text(1, 100)),
  createdAt: time,
  lastUsedAt: time,
  expiresAt: time,
  isCurrent: flag,
});
export const sessionList = object({ sessions: list(sessionCard, 1_000) });
export type SessionCard = Infer<typeof sessionCard>;

/** POST /tokens: a long-lived bearer for a program. Shown once. */
export const tokenRequest = object({ device: text(1, 100), days: integer(1, 3_650) });
export const tokenGrant = object({ sessionId: id<SessionId>(), token: blob(32, 32), expiresAt: time });

/** POST /invitations: the server learns only the hash of the code; the group secret is sealed under a key that it never sees. */
export const invitationRequest = object({ invitationId: id<InvitationId>(), codeHash: digest, sealedGroup: sealed, days: integer(1, 90) });
export type InvitationRequest = Infer<typeof invitationRequest>;
export const invitationCard = object({
  invitationId: id<InvitationId>(), createdAt: time, expiresAt: time, usedAt: optional(time), usedBy: optional(username),
});
export const invitationList = object({ invitations: list(invitationCard, 1_000) });
export type InvitationCard = Infer<typeof invitationCard>;
/** POST /invitations/open: reads, does not use; registration uses it. */
export const invitationOpening = object({ code: hex(idBytes) });
export const openedInvitation = object({ invitationId: id<InvitationId>(), inviterId: id<AccountId>(), inviter: username, sealedGroup: sealed, expiresAt: time });
export type OpenedInvitation = Infer<typeof openedInvitation>;

/** POST /uploads. */
export const uploadGrant = object({ uploadId: id<UploadId>(), expiresAt: time });

/**
 * POST /uploads/:uploadId/existence (body: T1s packed, 32 bytes each, in shuffled order). One byte per asked T1, in the same order: 0 send it, 1 present and pinned, 2 may be claimed by proof of
 * possession over `nonce` (only under existence = shared).
 */
export const existenceAnswer = object({ states: blob(0, maxTagsPerQuery), nonce: optional(hex(32)) });
export type ExistenceAnswer = Infer<typeof existenceAnswer>;
export const existenceStates = { send: 0, present: 1, claimable: 2 } as const;

/** POST /uploads/:uploadId/claims: one 32-byte proof for each claimed T1. Answer: 1 pinned, 0 send it. */
export const claimRequest = object({ nonce: hex(32), tags: packedTags(maxTagsPerQuery), proofs: packedTags(maxTagsPerQuery) });
export const claimAnswer = object({ states: blob(0, maxTagsPerQuery) });

/** POST /uploads/:uploadId/blocks (body: frames). One result per frame, in order. */
export const intakeResult = oneOf('stored', 'tag-mismatch');
export const intakeAnswer = object({ results: list(intakeResult, 1_024), sessionBytes: count });
export type IntakeAnswer = Infer<typeof intakeAnswer>;

/** POST /uploads/:uploadId/commits (body: of commit-body.ts). Per commit, in order. `missing` (T1s packed) only with blocks-missing. */
export const commitResult = object({
  imageId: id<ImageId>(),
  status: oneOf('stored', 'blocks-missing', 'image-conflict', 'quota-exceeded'),
  missing: optional(packedTags(maxBlocksPerImage)),
});
export const commitAnswer = object({ results: list(commitResult, maxCommitsPerRequest) });
export type CommitResult = Infer<typeof commitResult>;

/** GET /images. */
export const imageCard = object({
  imageId: id<ImageId>(),
  wrappedKey: blob(1, maxWrappedKeyBytes),
  entry: blob(1, maxEntryBytes),
  manifestBytes: count,
  manifestHash: hex(manifestHashBytes),
  hasPreview: flag,
  blocks: count,
  createdAt: time,
  trashedAt: optional(time),
});
export type ImageCard = Infer<typeof imageCard>;
export const imageList = object({ images: list(imageCard, maxPageImages), next: optional(text(1, 200)) });
export type ImageList = Infer<typeof imageList>;

/** GET /images/:imageId. */
export const imageRecord = object({ card: imageCard, manifest: blob(1, maxManifestBytes) });
export type ImageRecord = Infer<typeof imageRecord>;

/** POST /images/records: images of the account, each at most once. What is not there, or damaged, is left out, and so is what would make the answer large: read it alone. */
export const recordsRequest = object({ images: list(id<ImageId>(), maxRecordsPerRead) });
export const recordsAnswer = object({ records: list(imageRecord, maxRecordsPerRead) });

const counter = integer(1, Number.MAX_SAFE_INTEGER);
const keptHead = object({ counter, head: blob(1, maxHeadBytes) });

/** GET /account/head: the newest head; without the account has none. `restoredAt`: when the operator last restored the store from a backup or rebuilt it, as the server says. */
export const headCard = object({ head: optional(keptHead), restoredAt: optional(time) });
export type HeadCard = Infer<typeof headCard>;
/** GET /account/heads: those after a counter, the oldest first. */
export const headList = object({ heads: list(keptHead, maxPageHeads) });
export type HeadList = Infer<typeof headList>;
/** POST /account/head/paths. */
export const headPathsRequest = object({ images: list(id<ImageId>(), maxHeadLeaves) });
/** PUT /account/head: the head that has this counter, the leaves that change with it (packed, in order of ids), and the root that they lead to. */
export const headChange = object({ counter, head: blob(1, maxHeadBytes), leaves: blob(0, maxHeadLeaves * leafBytes), root: digest });
export type HeadChange = Infer<typeof headChange>;

/** GET /report: figures of this account over its own references, by day (UTC). */
export const reportDay = object({ day: text(10, 10), images: count, newBlocks: count, newCipherBytes: count, receivedBytes: count });
export const accountReport = object({ usage, days: list(reportDay, 36_600) });
export type AccountReport = Infer<typeof accountReport>;

/** GET /operator/report: physical figures, for the operator alone. Every row is measured or counted, and they add up. */
export const operatorReport = object({
  accounts: count,
  images: count,
  trashedImages: count,
  /** Sum over accounts of the cipher bytes of their distinct blocks. */
  referencedCipherBytes: count,
  /** Distinct blocks of the store and their cipher bytes. */
  blocks: count,
  cipherBytes: count,
  /** Blocks that nothing refers to (waiting for the collector). */
  unreferencedBlocks: count,
  unreferencedCipherBytes: count,
  /** Equal copies waiting to be merged. */
  pendingCopies: count,
  pendingCopyBytes: count,
  quarantinedBlocks: count,
  manifestBytes: count,
  previewBytes: count,
  otherRecordBytes: count,
  recordOverheadBytes: count,
  /** Dead records in packs: reclaimable by compaction. */
  reclaimableBytes: count,
  packHeaderBytes: count,
  /** Measured with stat: files of packs, database with its write-ahead log, everything else. */
  packFileBytes: count,
  databaseFileBytes: count,
  otherFileBytes: count,
  diskBytes: count,
  freeBytes: count,
});
export type OperatorReport = Infer<typeof operatorReport>;

/** GET /operator/users. */
export const userCard = object({
  accountId: id<AccountId>(), username, isOperator: flag, createdAt: time, images: count, usedBytes: count, quotaBytes: optional(count),
});
export const userList = object({ users: list(userCard, 1_000), next: optional(text(1, 200)) });
export type UserCard = Infer<typeof userCard>;

/** POST /operator/collect: what the collector did. */
export const collectAnswer = object({
  expiredUploads: count, purgedImages: count, collectedBlocks: count, mergedCopies: count, compactedPacks: count, freedBytes: count, pendingBlocks: count,
});
export type CollectAnswer = Infer<typeof collectAnswer>;
