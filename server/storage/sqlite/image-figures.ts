/**
 * Figures of accounts and of the store: sums kept with the owners, and what is counted when asked. An image counts
 * whether it is in the trash or not. Each function runs inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { AccountUsage, ImageFigures, UsageDay } from '../../ports/image-store.js';
import type { StoreDatabase } from './database.js';
import { findOwner, sessionBytes, type OwnerSums } from './owner-rows.js';
import { joinTags } from './reference-rows.js';

const sumsSql = `SELECT images, blocks, cipher_bytes AS cipherBytes, manifest_bytes AS manifestBytes, entry_bytes AS entryBytes,
  previews, preview_bytes AS previewBytes FROM owner WHERE id = ?`;
const noSums: OwnerSums = { images: 0, blocks: 0, cipherBytes: 0, manifestBytes: 0, entryBytes: 0, previews: 0, previewBytes: 0 };

/** What an account uses. Sessions count until they are dropped. */
export function usage(db: StoreDatabase, accountId: AccountId): AccountUsage {
  const owner = findOwner(db, accountId) ?? 0;
  const { previews, ...sums } = db.query<OwnerSums>(sumsSql).get(owner) ?? noSums;
  return {
    ...sums,
    trashedImages: number(db, 'SELECT COUNT(*) AS value FROM image WHERE owner = ? AND trashed_at IS NOT NULL', owner),
    records: sums.blocks + sums.images + previews,
    sessionBytes: sessionBytes(db, owner, 0),
    receivedBytes: number(db, 'SELECT COALESCE(SUM(bytes), 0) AS value FROM received_day WHERE owner = ?', owner),
  };
}

const imagesByDay = `SELECT strftime('%Y-%m-%d', created_at / 1000, 'unixepoch') AS day, COUNT(*) AS images FROM image WHERE owner = ? GROUP BY day`;
const blocksByDay = `SELECT strftime('%Y-%m-%d', first / 1000, 'unixepoch') AS day, COUNT(*) AS newBlocks, SUM(length) AS newCipherBytes FROM (
    SELECT MIN(i.created_at) AS first, tag.length FROM image i CROSS JOIN reference_run ON reference_run.image = i.id ${joinTags}
    WHERE i.owner = ? GROUP BY tag.id
  ) GROUP BY day`;
const receivedByDay = 'SELECT day, bytes AS receivedBytes FROM received_day WHERE owner = ?';

/** What each day added, in order of days. */
export function days(db: StoreDatabase, accountId: AccountId): readonly UsageDay[] {
  const owner = findOwner(db, accountId) ?? 0;
  const found = new Map<string, UsageDay>();
  for (const sql of [imagesByDay, blocksByDay, receivedByDay]) {
    for (const row of db.query<Partial<UsageDay> & { day: string }>(sql).all(owner)) {
      const none = { day: row.day, images: 0, newBlocks: 0, newCipherBytes: 0, receivedBytes: 0 };
      found.set(row.day, { ...(found.get(row.day) ?? none), ...row });
    }
  }
  return [...found.values()].sort((a, b) => (a.day < b.day ? -1 : 1));
}

const figuresSql = `SELECT COALESCE(SUM(images), 0) AS images, COALESCE(SUM(manifest_bytes), 0) AS manifestBytes,
  COALESCE(SUM(preview_bytes), 0) AS previewBytes, COALESCE(SUM(cipher_bytes), 0) AS referencedCipherBytes FROM owner`;

/** Counts and sums over all images. */
export function figures(db: StoreDatabase): ImageFigures {
  const sums = db.query<Omit<ImageFigures, 'trashedImages'>>(figuresSql).get() ?? { images: 0, manifestBytes: 0, previewBytes: 0, referencedCipherBytes: 0 };
  return { ...sums, trashedImages: number(db, 'SELECT COUNT(*) AS value FROM image WHERE trashed_at IS NOT NULL') };
}

function number(db: StoreDatabase, sql: string, ...parameters: readonly number[]): number {
  return db.query<{ value: number }>(sql).get(...parameters)?.value ?? 0;
}
