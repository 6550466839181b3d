/**
 * Who has which block: the look-ups behind existence, commit and fetching. What an account has is asked of its own references and pins, by
 * T1; the tag row is looked at only where there is one of these. So a T1 that only others have costs what an absent one costs, and time tells
 * no more than the answer does. DESIGN.md, *Looking up*.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { ExistenceScope } from '../../ports/tag-store.js';
import { idBlob, rehashColumn } from './columns.js';
import type { Session } from './session.js';

/** An upload session that is live for this account. */
export interface LiveUpload {
  readonly id: number;
  readonly owner: number;
  readonly receivedBytes: number;
}

const uploadSql = `SELECT u.id, u.owner, u.received_bytes AS "receivedBytes"
  FROM upload u JOIN owner o ON o.id = u.owner WHERE u.upload_id = $1 AND o.account_id = $2 AND u.expires_at > $3`;

/** The session of `scope`, or undefined where it is unknown, expired or another account's. */
export function liveUpload(session: Session, scope: ExistenceScope): Promise<LiveUpload | undefined> {
  return session.get<LiveUpload>(uploadSql, idBlob(scope.uploadId), idBlob(scope.accountId), scope.now);
}

/** As `liveUpload`, and it will not be ended before this transaction is: whoever pins in it holds it so. */
export function holdUpload(session: Session, scope: ExistenceScope): Promise<LiveUpload | undefined> {
  return session.get<LiveUpload>(`${uploadSql} FOR KEY SHARE OF u`, idBlob(scope.uploadId), idBlob(scope.accountId), scope.now);
}

/** As `holdUpload`, and the owner is locked too. */
export function holdUploadAndOwner(session: Session, scope: ExistenceScope): Promise<LiveUpload | undefined> {
  return session.get<LiveUpload>(`${uploadSql} FOR NO KEY UPDATE OF o FOR KEY SHARE OF u`, idBlob(scope.uploadId), idBlob(scope.accountId), scope.now);
}

/** A T1 of which the account has something. */
export interface Held {
  readonly rehash: Rehash;
  readonly hasReference: boolean;
}

/** Pins in any session of the owner that is live at `now`, or in this one alone. */
export type PinQuestion = { readonly kind: 'owner'; readonly now: number } | { readonly kind: 'upload'; readonly upload: number };

/** Who asks, and for what. */
export interface Inquiry {
  readonly owner: number;
  readonly pins: PinQuestion;
}

interface HeldColumns {
  readonly t1: Uint8Array;
  readonly has_reference: boolean;
}

const hasReference = 'EXISTS (SELECT 1 FROM reference r WHERE r.t1 = k.t1 AND r.owner = $2)';
const pinConditions = {
  owner: 'EXISTS (SELECT 1 FROM pin p JOIN upload u ON u.id = p.upload WHERE p.t1 = k.t1 AND p.owner = $2 AND u.expires_at > $3)',
  upload: 'EXISTS (SELECT 1 FROM pin p WHERE p.t1 = k.t1 AND p.owner = $2 AND p.upload = $3)',
};
const heldSql = (hasPin: string): string => `SELECT t1, has_reference FROM (
    SELECT k.t1, ${hasReference} AS has_reference, ${hasPin} AS has_pin FROM unnest($1::bytea[]) AS k(t1)
  ) x WHERE has_reference OR has_pin`;
const heldSqls = { owner: heldSql(pinConditions.owner), upload: heldSql(pinConditions.upload) };

/** Those of `rehashes` that the owner refers to or pins, whether their rows are live or not. Nothing is locked. */
export async function heldOf(session: Session, { owner, pins }: Inquiry, rehashes: readonly Rehash[]): Promise<readonly Held[]> {
  if (rehashes.length === 0) return [];
  const rows = await session.all<HeldColumns>(heldSqls[pins.kind], rehashes, owner, pins.kind === 'owner' ? pins.now : pins.upload);
  return rows.map((row) => ({ rehash: rehashColumn(row.t1), hasReference: row.has_reference }));
}
