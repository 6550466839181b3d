/**
 * Opens entries of a listing, in whatever thread: the image key under the account's, the entry under the image's. Packed, so that many cross
 * between threads as two arrays. Keeps nothing; image keys stay where they are opened. SPEC.md section 10.
 */
import type { Breath } from './breath.js';
import type { CryptoProvider } from './core/crypto.js';
import { openImagePart, unwrapImageKeyUnder } from './core/keys/hierarchy.js';
import { concat } from './protocol/bytes.js';
import type { ImageCard } from './protocol/messages.js';
import type { EntriesInput, PackedEntries } from './tasks.js';

/** Entries of `cards`, to be opened. */
export function entriesInput(account: Pick<EntriesInput, 'accountId' | 'under'>, cards: readonly Pick<ImageCard, 'imageId' | 'wrappedKey' | 'entry'>[]): EntriesInput {
  const parts = cards.flatMap(({ wrappedKey, entry }) => [wrappedKey, entry]);
  return { ...account, imageIds: cards.map(({ imageId }) => imageId), sealed: concat(...parts), lengths: parts.map(({ length }) => length) };
}

/** See Tasks.entries. */
export async function openEntries(crypto: CryptoProvider, input: EntriesInput, breath: Breath): Promise<PackedEntries> {
  const { accountId, under, imageIds } = input;
  const parts = unpacked(input.sealed, input.lengths);
  const entries: Uint8Array[] = [];
  for (const [i, imageId] of imageIds.entries()) {
    const [wrappedKey, entry] = [parts[2 * i], parts[2 * i + 1]];
    if (wrappedKey === undefined || entry === undefined) throw new RangeError('an entry comes with its key');
    const place = { accountId, imageId };
    const imageKey = await unwrapImageKeyUnder(crypto, { ...place, under }, wrappedKey);
    entries.push(await openImagePart(crypto, { ...place, imageKey, part: 'entry' }, entry));
    await breath.breatheSometimes();
  }
  return { packed: concat(...entries), lengths: entries.map(({ length }) => length) };
}

/** The arrays that were packed, as views. */
export function unpacked(packed: Uint8Array, lengths: readonly number[]): readonly Uint8Array[] {
  let at = 0;
  return lengths.map((length) => packed.subarray(at, (at += length)));
}
