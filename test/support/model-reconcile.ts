/**
 * What the comparison of the index with the tail of the packs may make of a store that was killed: nothing that was acknowledged goes, and of the rest comes or goes what records tell.
 */
import { forgetAccount } from './model-removal.js';
import type { SeenRebuilt } from './model-rebuild.js';
import { stateIn } from './model-search.js';
import { add, imagesOf, removeImage, wordsOf, type State } from './store-model.js';

/** `viewOfStore` of a store that was compared, as far as it is looked at. */
export interface SeenReconciled extends Omit<SeenRebuilt, 'images'> {
  readonly images: readonly (readonly [number, number, number, number | null])[];
}

/** `before` with all that is seen and that may be; what may not be is left out, and then the two are not equal. `references`: blocks of images that are seen. */
export function reconciled(before: State, seen: SeenReconciled, references: ReadonlyMap<number, readonly number[]>): State {
  const next = stateIn(JSON.stringify(before));
  const there = new Set(seen.images.map(([image]) => image));
  for (const [account, row] of next.accounts.entries()) {
    const found = seen.accounts[account] ?? 'none';
    // Nobody was told of it.
    if (found !== 'none' && row.status === 'lost') row.status = 'open';
    if (found !== 'none' && found.keyring === row.keyring + 1) row.keyring++;
    const images = imagesOf(next, account);
    if (row.status !== 'closing' || images.length === 0 || images.some(({ image }) => there.has(image))) continue;
    for (const { image } of images) removeImage(next, image);
    forgetAccount(next, account);
  }
  for (const image of Object.keys(next.images).map(Number)) {
    const { removedAt, restoredAt } = wordsOf(next, image);
    if (there.has(image) || removedAt <= restoredAt) continue;
    removeImage(next, image);
    add(next.buried, image);
  }
  for (const [image, account, createdAt, trashedAt] of seen.images) {
    const row = next.images[image];
    // The word that restored it is durable; whether it is in the tail is not known here.
    if (row !== undefined && row.trashedAt !== null && row.trashedAt <= wordsOf(next, image).restoredAt) row.trashedAt = trashedAt;
    if (next.images[image] !== undefined || !next.phantoms.some((phantom) => phantom.image === image)) continue;
    next.images[image] = { account, blocks: references.get(image) ?? [], createdAt, trashedAt: null };
    next.phantoms = next.phantoms.filter((phantom) => phantom.image !== image);
  }
  for (const [block, isLive] of seen.blocks) {
    const row = next.blocks[block];
    // A record without a row gets one, as if it had just been sent; and so does one of which the row is quarantined, if it is in the tail.
    if (row === undefined) next.blocks[block] = { isLive: true, touchedAt: next.now };
    else if (isLive && !row.isLive) [row.isLive, row.touchedAt] = [true, Math.max(row.touchedAt, next.now)];
  }
  return next;
}
