/**
 * Pins of blocks that the account's images refer to already, a vector of the first bytes of their T1s to a row: a fiftieth of what rows in
 * `pin` cost, and no row has to be found for them. As long as a reference holds a block its pin need not be looked at; when the
 * account's last one goes, the block gets a row in `pin`, which is what everybody else asks. Functions run inside their caller's transaction.
 */
import { packAscending, uniteAscending, unpackAscending } from './ascending.js';
import type { StoreDatabase } from './database.js';

/** Vectors of one level that become one of the next. */
const fanIn = 16;
/** Vectors of tag ids, as a schema before kept them. */
const levelOfTags = -1;

const vectorsSql = 'SELECT v.id, v.upload, v.level, v.members FROM upload u CROSS JOIN pin_vector v ON v.upload = u.id WHERE u.owner = ?';

/** Keeps T1s for a session. Images of its account refer to each of them. */
export function keepVector(db: StoreDatabase, upload: number, rehashes: readonly Uint8Array[]): void {
  if (rehashes.length > 0) insert(db, { upload, level: 0 }, packAscending(distinct(keysOf(rehashes))));
}

/** A block that an owner lost its last reference to. */
export interface Lost {
  /** T1, as it was asked for. */
  readonly rehash: Uint8Array;
  readonly tag: number;
  /** The tag that is to be pinned: the same one, or that which it is united with. */
  readonly pinned: number;
}

/** Gives blocks that `owner` lost its last reference to rows in `pin`, for every session of the owner that had them in a vector. */
export function pinLost(db: StoreDatabase, owner: number, lost: readonly Lost[]): void {
  if (lost.length === 0) return;
  const vectors = db.query<Vector>(vectorsSql).all(owner);
  if (vectors.length === 0) return;
  const byKey = grouped(lost, ({ rehash }) => keyOf(rehash));
  const byTag = grouped(lost, ({ tag }) => tag);
  const pin = db.query('INSERT OR IGNORE INTO pin (upload, tag, owner) VALUES (?, ?, ?)');
  for (const { upload, level, members } of vectors) {
    const wanted = level === levelOfTags ? byTag : byKey;
    for (const member of unpackAscending(members)) for (const { pinned } of wanted.get(member) ?? []) pin.run(upload, pinned, owner);
  }
}

function grouped(lost: readonly Lost[], by: (lost: Lost) => number): ReadonlyMap<number, readonly Lost[]> {
  const groups = new Map<number, Lost[]>();
  for (const one of lost) {
    const group = groups.get(by(one));
    if (group === undefined) groups.set(by(one), [one]);
    else group.push(one);
  }
  return groups;
}

/**
 * The first 5 bytes of T1. Two blocks that share them are pinned together: one of them for longer than it was asked for, which
 * nobody but its owner sees, and only until the session ends.
 */
function keyOf(rehash: Uint8Array): number {
  return (rehash[0] ?? 0) * 2 ** 32 + (rehash[1] ?? 0) * 2 ** 24 + (((rehash[2] ?? 0) << 16) | ((rehash[3] ?? 0) << 8) | (rehash[4] ?? 0));
}

function keysOf(rehashes: readonly Uint8Array[]): Float64Array {
  const keys = new Float64Array(rehashes.length);
  for (let index = 0; index < rehashes.length; index++) keys[index] = keyOf(rehashes[index] ?? new Uint8Array(0));
  return keys;
}

interface Vector {
  readonly id: number;
  readonly upload: number;
  readonly level: number;
  readonly members: Uint8Array;
}

/** Where a vector stands. */
interface Shelf {
  readonly upload: number;
  readonly level: number;
}

/** Asking the same again and again must not fill the disk: vectors that pile up become one without repetitions. */
function insert(db: StoreDatabase, { upload, level }: Shelf, members: Uint8Array): void {
  const ofLevel = db.query<Vector>('SELECT id, upload, level, members FROM pin_vector WHERE upload = ? AND level = ?');
  db.query('INSERT INTO pin_vector (upload, level, members) VALUES (?, ?, ?)').run(upload, level, members);
  const count = db.query<{ count: number }>('SELECT COUNT(*) AS count FROM pin_vector WHERE upload = ? AND level = ?').get(upload, level)?.count ?? 0;
  if (count < fanIn) return;
  const united = uniteAscending(ofLevel.all(upload, level).map((vector) => vector.members));
  db.query('DELETE FROM pin_vector WHERE upload = ? AND level = ?').run(upload, level);
  insert(db, { upload, level: level + 1 }, united);
}

/** In ascending order, each once. */
function distinct(keys: Float64Array): Float64Array {
  keys.sort();
  let count = 0;
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index] ?? 0;
    if (count === 0 || key !== keys[count - 1]) keys[count++] = key;
  }
  return keys.subarray(0, count);
}
