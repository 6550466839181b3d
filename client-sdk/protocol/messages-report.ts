/**
 * JSON bodies with figures: use and days of an account, and what the operator sees. Part of messages.ts. SPEC.md section 12.
 */
import type { AccountId } from './ids.js';
import { username } from './message-parts.js';
import { count, flag, id, list, object, optional, text, time, type Infer } from './schema.js';

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
