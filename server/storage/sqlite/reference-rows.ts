/**
 * References of images to tags: adding and removing them together with the owner's sums and the table of
 * unreferenced tags. Each function runs inside a transaction that its caller holds.
 */
import type { StoreDatabase } from './database.js';
import { likeUnreferencing } from './decoys.js';
import { forgetHeld } from './holdings.js';
import { exchange, idsWithin, runsOf, type IdRun } from './id-runs.js';
import { type Lost as LostPin, pinLost } from './pin-vectors.js';
import { firstImageSeeker } from './usage-days.js';

/** A tag to refer to; `isNew`: no image of the owner referred to it before. */
export interface Referent {
  readonly id: number;
  readonly length: number;
  readonly isNew: boolean;
}

/** Distinct blocks, and their cipher bytes, that an owner gained or lost. */
export interface Distinct {
  readonly blocks: number;
  readonly cipherBytes: number;
}

/** What an owner lost with an image. `passed`: blocks of which it was the first, by the image of the owner that is the first now. */
export interface Lost extends Distinct {
  readonly passed: ReadonlyMap<number, Distinct>;
}

/** An image row, and whose it is. */
interface Referring {
  readonly image: number;
  readonly owner: number;
}

/** Images to a row of `referrer`, as in the migration. */
const spanImages = 16;
const allImages = 2 ** spanImages - 1;
const linkSql = `INSERT INTO referrer (tag, owner, span, images) VALUES (?, ?, ?, ?)
  ON CONFLICT (tag, owner, span) DO UPDATE SET images = images | excluded.images`;

/** Joins the images that a row of `referrer` names, as `i`. */
export const joinImages = `CROSS JOIN image i ON i.id BETWEEN ${spanImages} * referrer.span AND ${spanImages} * referrer.span + ${spanImages - 1}
  AND (referrer.images >> (i.id % ${spanImages})) & 1`;
/** Joins the tags that the runs of an image name. */
export const joinTags = 'CROSS JOIN tag ON tag.id BETWEEN reference_run.first_tag AND reference_run.first_tag + reference_run.tags - 1';

/** Refers from `image` to every tag. Answers what was new to the owner. */
export function link(db: StoreDatabase, { image, owner }: Referring, tags: readonly Referent[]): Distinct {
  const insert = db.query(linkSql);
  const isReferenced = db.query('DELETE FROM unreferenced WHERE tag = ?');
  const gained = { blocks: 0, cipherBytes: 0 };
  const { span, bit } = spotOf(image);
  // In order of ids pages fill one after the other, and fuller.
  const sorted = [...tags].sort((a, b) => a.id - b.id);
  for (const tag of sorted) {
    insert.run(tag.id, owner, span, bit);
    if (!tag.isNew) continue;
    isReferenced.run(tag.id);
    gained.blocks++;
    gained.cipherBytes += tag.length;
  }
  insertRuns(db, image, runsOf(sorted.map(({ id }) => id)));
  return gained;
}

const tagsSql = `SELECT tag.id, tag.length FROM reference_run ${joinTags} WHERE reference_run.image = ?`;

/** Drops all references of `image`. Tags that nothing refers to any longer count as touched at `now`. Answers what the owner lost. */
export function unlink(db: StoreDatabase, { image, owner }: Referring, now: number): Lost {
  const tags = db.query<{ id: number; length: number }>(tagsSql).all(image);
  const drop = dropper(db, { image, owner });
  const firstOf = firstImageSeeker(db, owner);
  const ofAnyone = db.query('SELECT 1 FROM referrer WHERE tag = ? LIMIT 1');
  const isUnreferenced = db.query('INSERT OR REPLACE INTO unreferenced (tag, touched_at) VALUES (?, ?)');
  db.query('DELETE FROM reference_run WHERE image = ?').run(image);
  const lost = { blocks: 0, cipherBytes: 0 };
  const t1Of = db.query<Uint8Array>('SELECT t1 FROM tag WHERE id = ?').pluck();
  const passed = new Map<number, Distinct>();
  const unheld: LostPin[] = [];
  for (const { id, length } of tags) {
    const wasFirst = firstOf(id) === image;
    drop(id);
    const heir = firstOf(id);
    if (heir !== undefined) {
      if (wasFirst) passed.set(heir, more(passed.get(heir), length));
      continue;
    }
    unheld.push({ rehash: t1Of.get(id) ?? new Uint8Array(0), tag: id, pinned: id });
    lost.blocks++;
    lost.cipherBytes += length;
    if (ofAnyone.get(id) === undefined) isUnreferenced.run(id, now);
    else likeUnreferencing(db);
  }
  forgetHeld(db, owner, unheld.map(({ rehash }) => rehash));
  pinLost(db, owner, unheld);
  return { ...lost, passed };
}

function more(sum: Distinct | undefined, length: number): Distinct {
  return { blocks: (sum?.blocks ?? 0) + 1, cipherBytes: (sum?.cipherBytes ?? 0) + length };
}

/** The owners of images that refer to a tag. */
export function referringOwners(db: StoreDatabase, tag: number): readonly number[] {
  return db.query<number>('SELECT DISTINCT owner FROM referrer WHERE tag = ?').pluck().all(tag);
}

const referringSql = 'SELECT owner, span, images FROM referrer WHERE tag = ?';

/** Lets every image that refers to a tag refer to another instead. Answers the owners that referred to both, and so have a block less. */
export function redirect(db: StoreDatabase, into: ReadonlyMap<number, number>): ReadonlySet<number> {
  const [fewer, byImage] = [new Set<number>(), new Map<number, Map<number, number>>()];
  for (const [from, to] of into) {
    const there = new Set(referringOwners(db, to));
    for (const { owner, span, images: bits } of db.query<{ owner: number; span: number; images: number }>(referringSql).all(from)) {
      const images = bits & allImages;
      if (images === 0) continue;
      if (there.has(owner)) fewer.add(owner);
      db.query(linkSql).run(to, owner, span, images);
      for (const image of imagesOf(span, images)) byImage.set(image, (byImage.get(image) ?? new Map<number, number>()).set(from, to));
    }
    db.query('DELETE FROM referrer WHERE tag = ?').run(from);
  }
  for (const [image, tags] of byImage) redirectRuns(db, image, tags);
  return fewer;
}

/** Writes the runs that change, and no others. */
function redirectRuns(db: StoreDatabase, image: number, into: ReadonlyMap<number, number>): void {
  const before = db.query<IdRun>('SELECT first_tag, tags FROM reference_run WHERE image = ? ORDER BY first_tag').all(image);
  const there = idsWithin(before, [...into.keys()].sort((a, b) => a - b));
  const after = exchange(before, new Map(there.map((id) => [id, into.get(id) ?? id])));
  const isAmong = (runs: readonly IdRun[]) => {
    const lengths = new Map(runs.map(({ first_tag, tags }) => [first_tag, tags]));
    return ({ first_tag, tags }: IdRun): boolean => lengths.get(first_tag) === tags;
  };
  const [wasThere, isThere] = [isAmong(before), isAmong(after)];
  const drop = db.query('DELETE FROM reference_run WHERE image = ? AND first_tag = ?');
  for (const run of before) if (!isThere(run)) drop.run(image, run.first_tag);
  insertRuns(db, image, after.filter((run) => !wasThere(run)));
}

function imagesOf(span: number, bits: number): readonly number[] {
  return Array.from({ length: spanImages }, (_, bit) => bit).filter((bit) => ((bits >> bit) & 1) === 1).map((bit) => spanImages * span + bit);
}

/** The row of `referrer` that names an image, and its bit there. */
export function spotOf(image: number): { readonly span: number; readonly bit: number } {
  return { span: Math.floor(image / spanImages), bit: 1 << (image % spanImages) };
}

/** A function that takes the bit of an image out of what is known of a tag. A row without bits goes. */
function dropper(db: StoreDatabase, { image, owner }: Referring): (tag: number) => void {
  const remove = db.query('DELETE FROM referrer WHERE tag = ? AND owner = ? AND span = ? AND images = ?');
  const clear = db.query('UPDATE referrer SET images = images & ~? WHERE tag = ? AND owner = ? AND span = ?');
  const { span, bit } = spotOf(image);
  return (tag) => {
    if (remove.run(tag, owner, span, bit).changes === 0) clear.run(bit, tag, owner, span);
  };
}

function insertRuns(db: StoreDatabase, image: number, runs: readonly IdRun[]): void {
  const insert = db.query('INSERT INTO reference_run (image, first_tag, tags) VALUES (?, ?, ?)');
  for (const { first_tag, tags } of runs) insert.run(image, first_tag, tags);
}
