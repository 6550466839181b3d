/**
 * Figures of accounts and of the store: sums kept with the owners, and what is counted when asked. An image counts
 * whether it is in the trash or not. Each function runs inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { AccountUsage, ImageFigures, UsageDay } from '../../ports/image-store.js';
import type { StoreDatabase } from './database.js';
import { findOwner, sessionBytes, type OwnerSums } from './owner-rows.js';
import { usageDays } from './usage-days.js';

const sumsSql = `SELECT images, blocks, cipher_bytes AS cipherBytes, manifest_bytes AS manifestBytes, entry_bytes AS entryBytes,
  previews, preview_bytes AS previewBytes, trashed_images AS trashedImages FROM owner WHERE id = ?`;
type Sums = OwnerSums & Pick<AccountUsage, 'trashedImages'>;
const noSums: Sums = { trashedImages: 0, images: 0, blocks: 0, cipherBytes: 0, manifestBytes: 0, entryBytes: 0, previews: 0, previewBytes: 0 };

/** What an account uses. Sessions count until they are dropped. */
export function usage(db: StoreDatabase, accountId: AccountId): AccountUsage {
  const owner = findOwner(db, accountId) ?? 0;
  const { previews, ...sums } = db.query<Sums>(sumsSql).get(owner) ?? noSums;
  return {
    ...sums,
    records: sums.blocks + sums.images + previews,
    sessionBytes: sessionBytes(db, owner, 0),
    receivedBytes: number(db, 'SELECT COALESCE(SUM(bytes), 0) AS value FROM received_day WHERE owner = ?', owner),
  };
}

/** What each day added, in order of days. */
export function days(db: StoreDatabase, accountId: AccountId): readonly UsageDay[] {
  return usageDays(db, findOwner(db, accountId) ?? 0);
}

const figuresSql = `SELECT COALESCE(SUM(images), 0) AS images, COALESCE(SUM(manifest_bytes), 0) AS manifestBytes,
  COALESCE(SUM(preview_bytes), 0) AS previewBytes, COALESCE(SUM(cipher_bytes), 0) AS referencedCipherBytes,
  COALESCE(SUM(trashed_images), 0) AS trashedImages FROM owner`;
const noFigures: ImageFigures = { images: 0, trashedImages: 0, manifestBytes: 0, previewBytes: 0, referencedCipherBytes: 0 };

/** Counts and sums over all images. */
export function figures(db: StoreDatabase): ImageFigures {
  return db.query<ImageFigures>(figuresSql).get() ?? noFigures;
}

function number(db: StoreDatabase, sql: string, ...parameters: readonly number[]): number {
  return db.query<{ value: number }>(sql).get(...parameters)?.value ?? 0;
}
