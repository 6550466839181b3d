/**
 * Pins of blocks that the account's images refer to already, a vector of tag ids to a row: a hundredth of what rows in `pin` cost.
 * As long as a reference holds a block its pin need not be looked at; when the account's last one goes, the block gets a row in
 * `pin`, which is what everybody else asks. Each function runs inside a transaction that its caller holds.
 */
import { packAscending, unpackAscending } from './ascending.js';
import type { StoreDatabase } from './database.js';

/** Vectors of one level that become one of the next. */
const fanIn = 16;

/** Keeps `tags` for a session. Images of its account refer to each of them. */
export function keepVector(db: StoreDatabase, upload: number, tags: readonly number[]): void {
  if (tags.length > 0) insert(db, { upload, level: 0 }, packAscending(distinct(Float64Array.from(tags))));
}

/**
 * Gives blocks that `owner` lost its last reference to rows in `pin`, for every session of the owner that had them in a vector.
 * `lost`: from the tag that was referred to, to the one that is to be pinned: itself, or the one that it was united with.
 */
export function pinLost(db: StoreDatabase, owner: number, lost: ReadonlyMap<number, number>): void {
  if (lost.size === 0) return;
  const vectors = db.query<Vector>('SELECT v.id, v.upload, v.tags FROM upload u CROSS JOIN pin_vector v ON v.upload = u.id WHERE u.owner = ?').all(owner);
  const pin = db.query('INSERT OR IGNORE INTO pin (upload, tag, owner) VALUES (?, ?, ?)');
  for (const { upload, tags } of vectors) {
    for (const tag of unpackAscending(tags)) {
      const pinned = lost.get(tag);
      if (pinned !== undefined) pin.run(upload, pinned, owner);
    }
  }
}

interface Vector {
  readonly id: number;
  readonly upload: number;
  readonly tags: Uint8Array;
}

/** Where a vector stands. */
interface Shelf {
  readonly upload: number;
  readonly level: number;
}

/** Asking the same again and again must not fill the disk: vectors that pile up become one without repetitions. */
function insert(db: StoreDatabase, { upload, level }: Shelf, tags: Uint8Array): void {
  const ofLevel = db.query<Vector>('SELECT id, upload, tags FROM pin_vector WHERE upload = ? AND level = ?');
  db.query('INSERT INTO pin_vector (upload, level, tags) VALUES (?, ?, ?)').run(upload, level, tags);
  const count = db.query<{ count: number }>('SELECT COUNT(*) AS count FROM pin_vector WHERE upload = ? AND level = ?').get(upload, level)?.count ?? 0;
  if (count < fanIn) return;
  const vectors = ofLevel.all(upload, level).map((vector) => unpackAscending(vector.tags));
  db.query('DELETE FROM pin_vector WHERE upload = ? AND level = ?').run(upload, level);
  insert(db, { upload, level: level + 1 }, packAscending(united(vectors)));
}

function united(vectors: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(vectors.reduce((sum, vector) => sum + vector.length, 0));
  let at = 0;
  for (const vector of vectors) {
    all.set(vector, at);
    at += vector.length;
  }
  return distinct(all);
}

/** In ascending order, each once. */
function distinct(tags: Float64Array): Float64Array {
  tags.sort();
  return tags.filter((tag, index) => index === 0 || tag !== tags[index - 1]);
}
