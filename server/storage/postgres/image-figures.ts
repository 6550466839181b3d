/**
 * Figures of accounts and of the store: sums kept with the owners, and what is counted when asked. An image counts
 * whether it is in the trash or not. Each function runs inside a transaction that its caller holds.
 */
import type { AccountId } from '../../../client-sdk/protocol/ids.js';
import type { AccountUsage, ImageFigures, UsageDay } from '../../ports/image-store.js';
import { idBlob } from './columns.js';
import { findOwner, sessionBytes, type OwnerSums } from './owner-rows.js';
import type { Session } from './session.js';
import { usageDays } from './usage-days.js';

type Sums = OwnerSums & { readonly id: number; readonly trashedImages: number; readonly receivedBytes: number };
const sumsSql = `SELECT id, images, blocks, cipher_bytes AS "cipherBytes", manifest_bytes AS "manifestBytes", entry_bytes AS "entryBytes",
    previews, preview_bytes AS "previewBytes",
    (SELECT COUNT(*) FROM image WHERE image.owner = o.id AND trashed_at IS NOT NULL) AS "trashedImages",
    (SELECT COALESCE(SUM(bytes), 0)::bigint FROM received_day d WHERE d.owner = o.id) AS "receivedBytes"
  FROM owner o WHERE account_id = $1`;
const noUsage: AccountUsage = {
  images: 0, trashedImages: 0, blocks: 0, cipherBytes: 0, manifestBytes: 0, entryBytes: 0, previewBytes: 0, records: 0, sessionBytes: 0, receivedBytes: 0,
};

/** What an account uses. Sessions count until they are dropped. */
export async function usage(session: Session, accountId: AccountId): Promise<AccountUsage> {
  const row = await session.get<Sums>(sumsSql, idBlob(accountId));
  if (row === undefined) return noUsage;
  const { id, previews, ...sums } = row;
  return { ...sums, records: sums.blocks + sums.images + previews, sessionBytes: await sessionBytes(session, id, 0) };
}

/** What each day added, in order of days. */
export async function days(session: Session, accountId: AccountId): Promise<readonly UsageDay[]> {
  const owner = await findOwner(session, accountId);
  return owner === undefined ? [] : usageDays(session, owner);
}

const figuresSql = `SELECT COALESCE(SUM(images), 0)::bigint AS images, COALESCE(SUM(manifest_bytes), 0)::bigint AS "manifestBytes",
    COALESCE(SUM(preview_bytes), 0)::bigint AS "previewBytes", COALESCE(SUM(cipher_bytes), 0)::bigint AS "referencedCipherBytes",
    (SELECT COUNT(*) FROM image WHERE trashed_at IS NOT NULL) AS "trashedImages" FROM owner`;
const noFigures: ImageFigures = { images: 0, trashedImages: 0, manifestBytes: 0, previewBytes: 0, referencedCipherBytes: 0 };

/** Counts and sums over all images. */
export async function figures(session: Session): Promise<ImageFigures> {
  return (await session.get<ImageFigures>(figuresSql)) ?? noFigures;
}
