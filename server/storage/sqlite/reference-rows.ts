/**
 * References of images to tags: adding and removing them together with the owner's sums and the table of
 * unreferenced tags. Each function runs inside a transaction that its caller holds.
 */
import type { StoreDatabase } from './database.js';

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

/** Refers from `image` to every tag. Answers what was new to the owner. */
export function link(db: StoreDatabase, { image, owner }: { readonly image: number; readonly owner: number }, tags: readonly Referent[]): Distinct {
  const insert = db.query('INSERT INTO reference (image, tag, owner) VALUES (?, ?, ?)');
  const isReferenced = db.query('DELETE FROM unreferenced WHERE tag = ?');
  const gained = { blocks: 0, cipherBytes: 0 };
  // In order of ids pages fill one after the other, and fuller.
  for (const tag of [...tags].sort((a, b) => a.id - b.id)) {
    insert.run(image, tag.id, owner);
    if (!tag.isNew) continue;
    isReferenced.run(tag.id);
    gained.blocks++;
    gained.cipherBytes += tag.length;
  }
  return gained;
}

/** Drops all references of `image`. Tags that nothing refers to any longer count as touched at `now`. Answers what the owner lost. */
export function unlink(db: StoreDatabase, { image, owner }: { readonly image: number; readonly owner: number }, now: number): Distinct {
  const tags = db.query<{ id: number; length: number }>('SELECT tag.id, tag.length FROM reference r JOIN tag ON tag.id = r.tag WHERE r.image = ?').all(image);
  const ofOwner = db.query('SELECT 1 FROM reference WHERE tag = ? AND owner = ? LIMIT 1');
  const ofAnyone = db.query('SELECT 1 FROM reference WHERE tag = ? LIMIT 1');
  const isUnreferenced = db.query('INSERT OR REPLACE INTO unreferenced (tag, touched_at) VALUES (?, ?)');
  db.query('DELETE FROM reference WHERE image = ?').run(image);
  const lost = { blocks: 0, cipherBytes: 0 };
  for (const { id, length } of tags) {
    if (ofOwner.get(id, owner) !== undefined) continue;
    lost.blocks++;
    lost.cipherBytes += length;
    if (ofAnyone.get(id) === undefined) isUnreferenced.run(id, now);
  }
  return lost;
}
