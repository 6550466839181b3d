/**
 * Who has which block: the look-ups behind existence, commit and fetching. A T1 that is absent costs the same seeks as
 * one that only others have, so that time tells no more than the answer does. DESIGN.md section 3.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { ExistenceScope } from '../../ports/tag-store.js';
import { idBlob } from './columns.js';
import type { StoreDatabase } from './database.js';
import { tagSeeker } from './tag-seek.js';

/** An upload session that is live for this account. */
export interface LiveUpload {
  readonly id: number;
  readonly owner: number;
  readonly receivedBytes: number;
  readonly uncommittedBytes: number;
}

/** A live tag row, and what the account has of it. */
export interface Sighting {
  readonly id: number;
  readonly length: number;
  readonly hasReference: boolean;
  readonly hasPin: boolean;
}

const uploadSql = `SELECT u.id, u.owner, u.received_bytes AS receivedBytes, u.uncommitted_bytes AS uncommittedBytes
  FROM upload u JOIN owner o ON o.id = u.owner WHERE u.upload_id = ? AND o.account_id = ? AND u.expires_at > ?`;

/** The session of `scope`, or undefined where it is unknown, expired or another account's. */
export function liveUpload(db: StoreDatabase, scope: ExistenceScope): LiveUpload | undefined {
  return db.query<LiveUpload>(uploadSql).get(idBlob(scope.uploadId), idBlob(scope.accountId), scope.now);
}

/** Pins in any session of the owner that is live at `now`, or in this one alone. */
export type PinQuestion = { readonly kind: 'owner'; readonly now: number } | { readonly kind: 'upload'; readonly upload: number };

/** Who asks, and for what. */
export interface Inquiry {
  readonly owner: number;
  readonly pins: PinQuestion;
}

const referenceSql = 'SELECT 1 FROM referrer WHERE tag = ? AND owner = ? LIMIT 1';
const uploadPinSql = 'SELECT 1 FROM pin WHERE upload = ? AND tag = ?';
const ownerPinSql = 'SELECT 1 FROM pin p JOIN upload u ON u.id = p.upload WHERE p.tag = ? AND p.owner = ? AND u.expires_at > ? LIMIT 1';

/** Per T1, in the order given, what the owner has of it; undefined where no live row exists. */
export function sightings(db: StoreDatabase, { owner, pins }: Inquiry, rehashes: readonly Rehash[]): readonly (Sighting | undefined)[] {
  const seek = tagSeeker(db);
  const referenceOf = db.query(referenceSql);
  const hasPin = pinAsker(db, owner, pins);
  return visit(db, rehashes, (rehash, decoy) => {
    const { asked, row } = seek(rehash, decoy);
    const hasReference = referenceOf.get(asked, owner) !== undefined;
    const isPinned = hasPin(asked);
    return row?.state === 0 ? { id: asked, length: row.length, hasReference, hasPin: isPinned } : undefined;
  });
}

/** Per T1, in the order given, the id of its row if an image of `owner` refers to it, whatever its state. */
export function ownedTags(db: StoreDatabase, owner: number, rehashes: readonly Rehash[]): readonly (number | undefined)[] {
  const seek = tagSeeker(db);
  const referenceOf = db.query(referenceSql);
  return visit(db, rehashes, (rehash, decoy) => {
    const { asked, row } = seek(rehash, decoy);
    const hasReference = referenceOf.get(asked, owner) !== undefined;
    return row !== undefined && hasReference ? asked : undefined;
  });
}

function pinAsker(db: StoreDatabase, owner: number, question: PinQuestion): (tag: number) => boolean {
  if (question.kind === 'upload') {
    const pinOf = db.query(uploadPinSql);
    return (tag) => pinOf.get(question.upload, tag) !== undefined;
  }
  const pinOf = db.query(ownerPinSql);
  return (tag) => pinOf.get(tag, owner, question.now) !== undefined;
}

/**
 * Looks up in order of T1, so that the order in which a client asks gains it nothing, and gives a decoy for each: some row that
 * is looked at in place of an absent one. Decoys lie in one window of as many neighbouring rows as were asked for, as the
 * blocks of somebody's image do, asked for in its order; what is found there is not used.
 */
function visit<T>(db: StoreDatabase, rehashes: readonly Rehash[], look: (rehash: Rehash, decoy: number) => T): readonly T[] {
  const highest = Math.max(1, db.query<{ id: number | null }>('SELECT MAX(id) AS id FROM tag').get()?.id ?? 0);
  const order = rehashes.map((rehash, index) => ({ rehash, index })).sort((a, b) => Buffer.compare(a.rehash, b.rehash));
  const [first] = order;
  const base = first === undefined ? 0 : wordOf(first.rehash);
  const found = new Array<T>(rehashes.length);
  for (const { rehash, index } of order) found[index] = look(rehash, 1 + ((base + index) % highest));
  return found;
}

function wordOf(rehash: Rehash): number {
  return ((rehash[4] ?? 0) << 16) | ((rehash[5] ?? 0) << 8) | (rehash[6] ?? 0);
}
