/**
 * Who has which block: the look-ups behind existence, filing, commit and fetching. An account finds its own rows and everybody's; a T1 that is absent costs the same seeks as
 * one that only others have, so that time tells no more than the answer does. DESIGN.md, *Looking up*.
 */
import type { Rehash } from '../../../client-sdk/protocol/ids.js';
import type { ExistenceScope } from '../../ports/tag-store.js';
import { idBlob } from './columns.js';
import type { StoreDatabase } from './database.js';
import { ascending, inOrderOfFirstBytes } from './look-up-order.js';
import { firstSeeker, ownCandidateSeeker } from './tag-seek.js';

/** An upload session that is live for this account. */
export interface LiveUpload {
  readonly id: number;
  readonly owner: number;
  readonly receivedBytes: number;
  readonly uncommittedBytes: number;
}

/** A tag row, and what the account has of it: a reference, or a pin. */
export interface Sighting {
  readonly id: number;
  readonly length: number;
  readonly isLive: boolean;
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

const referenceSql = 'EXISTS (SELECT 1 FROM referrer WHERE referrer.tag = tag.id AND referrer.owner = ?)';
const uploadPinSql = 'EXISTS (SELECT 1 FROM pin WHERE pin.upload = ? AND pin.tag = tag.id)';
const ownerPinSql = 'EXISTS (SELECT 1 FROM pin JOIN upload ON upload.id = pin.upload WHERE pin.tag = tag.id AND pin.owner = ? AND upload.expires_at > ?)';
const anyPinSql = 'SELECT 1 FROM upload CROSS JOIN pin ON pin.upload = upload.id WHERE upload.owner = ? AND upload.expires_at > ? LIMIT 1';

/** Per T1, in the order given, the row that the owner holds, whatever its state; undefined where it holds none. */
export function sightings(db: StoreDatabase, { owner, pins }: Inquiry, rehashes: readonly Rehash[]): readonly (Sighting | undefined)[] {
  const { sql, bound } = pinCondition(db, owner, pins);
  return look(db, { owner, pinSql: sql, bound }, rehashes);
}

/** As `sightings`, of live rows alone. */
export function liveSightings(db: StoreDatabase, inquiry: Inquiry, rehashes: readonly Rehash[]): readonly (Sighting | undefined)[] {
  return sightings(db, inquiry, rehashes).map((row) => (row?.isLive === true ? row : undefined));
}

/** Per T1, in the order given, the id of its row if an image of `owner` refers to it, whatever its state. */
export function ownedTags(db: StoreDatabase, owner: number, rehashes: readonly Rehash[]): readonly (number | undefined)[] {
  return look(db, { owner, pinSql: '0', bound: [] }, rehashes).map((row) => row?.id);
}

/** An owner without any live pin is not asked for each of them: that depends on nobody else. */
function pinCondition(db: StoreDatabase, owner: number, question: PinQuestion): { readonly sql: string; readonly bound: readonly number[] } {
  if (question.kind === 'upload') return { sql: uploadPinSql, bound: [question.upload] };
  const hasAny = db.query(anyPinSql).get(owner, question.now) !== undefined;
  return hasAny ? { sql: ownerPinSql, bound: [owner, question.now] } : { sql: '0', bound: [] };
}

interface Look {
  readonly owner: number;
  readonly pinSql: string;
  /** What `pinSql` binds. */
  readonly bound: readonly number[];
}

/**
 * Looks up in two passes: keys in order of T1, so that the order in which a client asks gains it nothing, then rows and references in
 * order of their ids, where neighbours share pages. Every T1 that the owner does not hold costs the same seeks whether it is there or not; only where another
 * T1 has its first bytes, or the owner has several rows of it, more than one is looked at.
 */
function look(db: StoreDatabase, asked: Look, rehashes: readonly Rehash[]): readonly (Sighting | undefined)[] {
  const ask = rowAsker(db, asked);
  const candidates = ownCandidateSeeker(db, asked.owner);
  const ids = firstCandidates(db, asked.owner, rehashes);
  const found = new Array<Sighting | undefined>(rehashes.length);
  for (const index of ascending(ids)) {
    const rehash = rehashes[index];
    const id = ids[index];
    if (rehash === undefined || id === undefined) continue;
    found[index] = ask(rehash, id) ?? firstHeld(candidates(rehash), (other) => (other === id ? undefined : ask(rehash, other)));
  }
  return found;
}

/** A row in one number, which the driver hands over several times as fast as an array: its length, then one bit each. */
const rowSql = (pinSql: string): string => `SELECT 16 * length + 8 * (t1 = ?) + 4 * state + 2 * ${referenceSql} + ${pinSql} FROM tag WHERE id = ?`;

/** A function that looks at one row: undefined where it is not of T1, or the owner does not hold it. */
function rowAsker(db: StoreDatabase, { owner, pinSql, bound }: Look): (rehash: Rehash, id: number) => Sighting | undefined {
  const row = db.query<number>(rowSql(pinSql)).pluck();
  return (rehash, id) => {
    const seen = row.get(rehash, owner, ...bound, id) ?? 0;
    if ((seen & 8) === 0 || (seen & 3) === 0) return undefined;
    return { id, length: Math.floor(seen / 16), isLive: (seen & 4) === 0, hasReference: (seen & 2) !== 0, hasPin: (seen & 1) !== 0 };
  };
}

function firstHeld(ids: readonly number[], ask: (id: number) => Sighting | undefined): Sighting | undefined {
  for (const id of ids) {
    const seen = ask(id);
    if (seen !== undefined) return seen;
  }
  return undefined;
}

/**
 * Per T1 a row to look at: a candidate, or some row in place of an absent one. Such decoys lie in one window of as many
 * neighbouring rows as were asked for, as the blocks of somebody's image do, asked for in its order; what is found there is not used.
 */
function firstCandidates(db: StoreDatabase, owner: number, rehashes: readonly Rehash[]): Float64Array {
  const highest = Math.max(1, db.query<{ id: number | null }>('SELECT MAX(id) AS id FROM tag').get()?.id ?? 0);
  const first = firstSeeker(db, owner);
  const ids = new Float64Array(rehashes.length);
  let base: number | undefined;
  for (const index of inOrderOfFirstBytes(rehashes)) {
    const rehash = rehashes[index];
    if (rehash === undefined) continue;
    base ??= wordOf(rehash);
    const id = first(rehash);
    ids[index] = id === 0 ? 1 + ((base + index) % highest) : id;
  }
  return ids;
}

function wordOf(rehash: Rehash): number {
  return ((rehash[4] ?? 0) << 16) | ((rehash[5] ?? 0) << 8) | (rehash[6] ?? 0);
}
