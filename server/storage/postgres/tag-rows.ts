/**
 * Rows of the index: finding, listing, moving and quarantine. Each function runs inside a transaction that its caller holds, or is one
 * statement. Filing is in filing.ts, repair in repair.ts.
 */
import { rehashHex, type AccountId, type Rehash } from '../../../client-sdk/protocol/ids.js';
import type { Place } from '../../ports/block-store.js';
import type { Claimable, ExistenceScope, FiledBlock, TagRow } from '../../ports/tag-store.js';
import { idBlob, placeColumns, rehashColumn, tagColumn, type PlaceColumns } from './columns.js';
import { heldOf } from './existence.js';
import { findOwner } from './owner-rows.js';
import type { Session } from './session.js';

/** A tag row as it stands in the table. */
export interface TagColumns extends PlaceColumns {
  readonly t1: Uint8Array;
  readonly t: Uint8Array;
  readonly code: number;
  readonly state: number;
}

/** The columns of `TagColumns`, of a table called `tag`. */
export const tagColumns = 'tag.t1, tag.t, tag.code, tag.length, tag.pack, tag.start, tag.state';

const byRehashSql = `SELECT ${tagColumns} FROM tag WHERE t1 = $1`;
const liveSql = 'SELECT t1, pack, start, length FROM tag WHERE t1 = ANY($1::bytea[]) AND state = 0';

/** The live rows among `rehashes`, in the order given. */
export async function findLive(session: Session, rehashes: readonly Rehash[]): Promise<readonly Claimable[]> {
  if (rehashes.length === 0) return [];
  const rows = await session.all<PlaceColumns & { t1: Uint8Array }>(liveSql, rehashes);
  const places = new Map(rows.map((row) => [rehashHex(rehashColumn(row.t1)), placeColumns(row)]));
  return rehashes.flatMap((rehash) => {
    const place = places.get(rehashHex(rehash));
    return place === undefined ? [] : [{ rehash, place }];
  });
}

/** Which of them the account refers to is asked first, so that a row of others is not even looked at. */
const ownedSql = `WITH owned AS MATERIALIZED (
    SELECT k.t1 FROM unnest($2::bytea[]) AS k(t1)
    WHERE EXISTS (SELECT 1 FROM reference r WHERE r.t1 = k.t1 AND r.owner = (SELECT id FROM owner WHERE account_id = $1))
  ) SELECT ${tagColumns} FROM owned JOIN tag ON tag.t1 = owned.t1`;

/** Per T1 its row, if an image of the account refers to it. */
export async function findAllOwned(session: Session, accountId: AccountId, rehashes: readonly Rehash[]): Promise<readonly (TagRow | undefined)[]> {
  if (rehashes.length === 0) return [];
  const rows = (await session.all<TagColumns>(ownedSql, idBlob(accountId), rehashes)).map(tagRow);
  const found = new Map(rows.map((row) => [rehashHex(row.rehash), row]));
  return rehashes.map((rehash) => found.get(rehashHex(rehash)));
}

/** The row of T1, if it is live and the account holds it. */
export async function findHeld(session: Session, { accountId, now }: ExistenceScope, rehash: Rehash): Promise<TagRow | undefined> {
  const owner = await findOwner(session, accountId);
  const held = owner === undefined ? [] : await heldOf(session, { owner, pins: { kind: 'owner', now } }, [rehash]);
  return held.length === 0 ? undefined : find(session, rehash);
}

/** The row of T1. */
export async function find(session: Session, rehash: Rehash): Promise<TagRow | undefined> {
  const row = await session.get<TagColumns>(byRehashSql, rehash);
  return row === undefined ? undefined : tagRow(row);
}

const listSql = `SELECT ${tagColumns} FROM tag WHERE t1 > $1 ORDER BY t1 LIMIT $2`;

/** Rows in order of T1. */
export async function list(session: Session, after: Rehash | undefined, limit: number): Promise<readonly TagRow[]> {
  return (await session.all<TagColumns>(listSql, after ?? new Uint8Array(0), limit)).map(tagRow);
}

const packSql = `SELECT t1, pack, start, length FROM tag WHERE pack = $1
  UNION ALL SELECT tag.t1, copy.pack, copy.start, tag.length FROM copy JOIN tag ON tag.t1 = copy.t1 WHERE copy.pack = $1`;

/** Rows and copies in one pack. */
export async function listPack(session: Session, pack: number): Promise<readonly { readonly rehash: Rehash; readonly place: Place }[]> {
  const rows = await session.all<PlaceColumns & { t1: Uint8Array }>(packSql, pack);
  return rows.map((row) => ({ rehash: rehashColumn(row.t1), place: placeColumns(row) }));
}

const moveSql = 'UPDATE tag SET pack = $4, start = $5 WHERE t1 = $1 AND pack = $2 AND start = $3';
const forgetSql = 'DELETE FROM copy WHERE t1 = $1 AND pack = $2 AND start = $3';

/** Moves a row, or a copy, that is still at `from`. */
export async function move(session: Session, rehash: Rehash, { from, to }: { readonly from: Place; readonly to: Place }): Promise<boolean> {
  if ((await session.run(moveSql, rehash, from.pack, from.offset, to.pack, to.offset)) === 1) return true;
  if ((await session.run(forgetSql, rehash, from.pack, from.offset)) === 0) return false;
  await session.run('INSERT INTO copy (t1, pack, start) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', rehash, to.pack, to.offset);
  return true;
}

/** Quarantines the row of T1 if it is at `place`. */
export async function quarantine(session: Session, rehash: Rehash, place: Place): Promise<void> {
  await session.run('UPDATE tag SET state = 1 WHERE t1 = $1 AND pack = $2 AND start = $3', rehash, place.pack, place.offset);
}

function tagRow(row: TagColumns): TagRow {
  return { ...filedBlock(row), state: row.state === 0 ? 'live' : 'quarantined' };
}

/** A row as the block that was filed in it. */
export function filedBlock(row: TagColumns): FiledBlock {
  return { rehash: rehashColumn(row.t1), tag: tagColumn(row.t), code: row.code, place: placeColumns(row) };
}
