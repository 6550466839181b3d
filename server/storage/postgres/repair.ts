/**
 * Repair of a row whose T1, T or code rotted. T1 is the key by which everything hangs together, so a row under another T1 is another row, onto
 * which all is hung; where a block was filed anew under the right T1 meanwhile, the two become one. Runs inside a transaction
 * that its caller holds.
 */
import { rehashHex, type Rehash } from '../../../client-sdk/protocol/ids.js';
import type { FiledBlock } from '../../ports/tag-store.js';
import { placeColumns } from './columns.js';
import { noteCopies } from './filing.js';
import { recountOwner } from './owner-rows.js';
import type { Session } from './session.js';
import { lockTags } from './tag-locks.js';
import { tagColumns, type TagColumns } from './tag-rows.js';

const insertSql = 'INSERT INTO tag (t1, t, code, length, pack, start, state) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING';

/** Puts T1, T and code right. Nothing where `was` has no row. */
export async function repair(session: Session, was: Rehash, block: FiledBlock): Promise<void> {
  const owners = await lockOwnersOf(session, was);
  await lockTags(session, [was, block.rehash], 'change');
  const row = await session.get<TagColumns>(`SELECT ${tagColumns} FROM tag WHERE t1 = $1`, was);
  if (row === undefined) return;
  if (rehashHex(was) === rehashHex(block.rehash)) {
    await session.run('UPDATE tag SET t = $2, code = $3 WHERE t1 = $1', was, block.tag, block.code);
    return;
  }
  const isAlone = (await session.run(insertSql, block.rehash, block.tag, block.code, row.length, row.pack, row.start, row.state)) === 1;
  await hang(session, was, block.rehash);
  if (!isAlone) await noteCopies(session, [{ rehash: block.rehash, place: placeColumns(row) }]);
  await session.run('DELETE FROM tag WHERE t1 = $1', was);
  for (const owner of owners) await recountOwner(session, owner);
}

/** Owners come before tags in the order of locks. One that refers from now on does not lack: it locks its own row, and recounting waits. */
async function lockOwnersOf(session: Session, rehash: Rehash): Promise<readonly number[]> {
  const sql = 'SELECT id FROM owner WHERE id IN (SELECT owner FROM reference WHERE t1 = $1) ORDER BY id FOR NO KEY UPDATE';
  return (await session.all<{ id: number }>(sql, rehash)).map(({ id }) => id);
}

const moves = [
  `UPDATE image SET rehashes = ARRAY(SELECT DISTINCT x FROM unnest(array_replace(rehashes, $1::bytea, $2::bytea)) AS x ORDER BY x)
    WHERE id IN (SELECT image FROM reference WHERE t1 = $1)`,
  'INSERT INTO reference (t1, owner, image) SELECT $2::bytea, owner, image FROM reference WHERE t1 = $1 ON CONFLICT DO NOTHING',
  'INSERT INTO pin (t1, owner, upload) SELECT $2::bytea, owner, upload FROM pin WHERE t1 = $1 ON CONFLICT DO NOTHING',
  'INSERT INTO copy (t1, pack, start) SELECT $2::bytea, pack, start FROM copy WHERE t1 = $1 ON CONFLICT DO NOTHING',
  'INSERT INTO unreferenced (t1, touched_at) SELECT $2::bytea, touched_at FROM unreferenced WHERE t1 = $1 ON CONFLICT DO NOTHING',
];

/** Everything that hung on the row `from` hangs on `to`. */
async function hang(session: Session, from: Rehash, to: Rehash): Promise<void> {
  for (const sql of moves) await session.run(sql, from, to);
  for (const table of ['reference', 'pin', 'copy', 'unreferenced']) await session.run(`DELETE FROM ${table} WHERE t1 = $1`, from);
  await session.run('DELETE FROM unreferenced WHERE t1 = $1 AND EXISTS (SELECT 1 FROM reference r WHERE r.t1 = $1)', to);
}
