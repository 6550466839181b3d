/**
 * Moving young keys to the old ones: a slice in key order with each batch that is filed, in its transaction. A batch then touches
 * few pages of the old keys, however many there are, and no call waits longer than for a batch. DESIGN.md, *Young and old keys*.
 */
import type { StoreDatabase } from './database.js';

interface Moving {
  readonly movedTo: Uint8Array;
  readonly young: number;
  readonly tags: number;
}

const movingSql = 'SELECT moved_to AS movedTo, young, COALESCE((SELECT MAX(id) FROM tag), 0) AS tags FROM key_moving';
const boundSql = 'SELECT t1 FROM young_key WHERE t1 > ? ORDER BY t1 LIMIT 1 OFFSET ?';
const copySql = 'INSERT OR IGNORE INTO old_key (t1, tag, owner) SELECT t1, tag, IFNULL(owner, 0) FROM young_key WHERE t1 > ? AND t1 <= ?';
const dropSql = 'DELETE FROM young_key WHERE t1 > ? AND t1 <= ?';
const noteSql = 'UPDATE key_moving SET moved_to = ?, young = ?';

const nothing = new Uint8Array(0);
/** Above every key: keys have 6 bytes. */
const everything = new Uint8Array(7).fill(0xff);

/**
 * Notes that `received` blocks brought `keys` young keys. Once there are too many young ones, a round begins, in which every batch moves twice as many as
 * it received until all were met: so that whether a batch moves keys, and how many, does not depend on which of its blocks were new. Answers how many it moved.
 */
export function moveKeys(db: StoreDatabase, { keys, received }: { readonly keys: number; readonly received: number }): number {
  if (received === 0) return 0;
  const moving = db.query<Moving>(movingSql).get() ?? { movedTo: nothing, young: 0, tags: 0 };
  const young = moving.young + keys;
  const isInRound = moving.movedTo.length > 0;
  if (isInRound || young > youngKept(moving.tags)) return moveSlice(db, { ...moving, young }, 2 * received);
  db.query(noteSql).run(moving.movedTo, young);
  return 0;
}

/**
 * How many young keys an index of `tags` blocks keeps. More of them make the young pages that a batch touches more, fewer the old
 * ones: a batch of 10,000 touches least where both are about as many.
 */
export function youngKept(tags: number): number {
  return Math.round(100 * Math.sqrt(tags));
}

function moveSlice(db: StoreDatabase, { movedTo, young }: Moving, count: number): number {
  const bound = db.query<{ t1: Uint8Array }>(boundSql).get(movedTo, count - 1)?.t1;
  db.query(copySql).run(movedTo, bound ?? everything);
  const moved = db.query(dropSql).run(movedTo, bound ?? everything).changes;
  if (bound !== undefined) db.query(noteSql).run(bound, young - moved);
  else db.query(noteSql).run(nothing, db.query<{ count: number }>('SELECT COUNT(*) AS count FROM young_key').get()?.count ?? 0);
  return moved;
}
