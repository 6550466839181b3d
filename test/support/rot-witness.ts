/**
 * What was stored, against what a store serves now: images with their cards, accounts, and which bytes of the packs rows name.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { OpenedStore } from '../../server/open-store.js';
import type { Place } from '../../server/ports/block-store.js';
import { CorruptionError } from '../../server/ports/errors.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import type { RawBlock } from './raw-account.js';

/** An image as it was stored. */
export interface StoredImage {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly blocks: readonly RawBlock[];
  readonly wrappedKey: Uint8Array;
  readonly entry: Uint8Array;
  readonly manifest: Uint8Array;
  readonly preview: Uint8Array;
}

/** An account as its row was; `told` is all of it that a record tells too. */
export interface StoredAccount {
  readonly accountId: AccountId;
  readonly told: string;
}

/** Everything is there and as it was. Throws where bytes that the server vouches for are not what was stored; sealed objects of the row are for the client to open, so they count as not whole. */
export async function isWhole(store: OpenedStore, image: StoredImage): Promise<boolean> {
  const { accountId, imageId, wrappedKey, entry, manifest, preview } = image;
  const read = await orDamaged(() => store.services.images.read(accountId, imageId));
  if (read !== undefined && !isEqual(read.manifest, manifest)) throw new Error(`another manifest is served for image ${imageId}`);
  const seen = await orDamaged(() => store.services.images.preview(accountId, imageId));
  if (seen !== undefined && !isEqual(seen, preview)) throw new Error(`another preview is served for image ${imageId}`);
  const isCardRight = read !== undefined && isEqual(read.card.wrappedKey, wrappedKey) && isEqual(read.card.entry, entry);
  return isCardRight && seen !== undefined && (await missingBlocks(store, image)) === 0;
}

/** How many blocks of the image are not served. */
export async function missingBlocks({ services }: OpenedStore, { accountId, imageId, blocks }: Pick<StoredImage, 'accountId' | 'imageId' | 'blocks'>): Promise<number> {
  let missing = 0;
  for (const block of blocks) {
    const frames = await orDamaged(() => services.blocks.fetch(accountId, imageId, [block.tag]));
    if (frames === undefined) missing++;
    else for await (const frame of frames) {
      if (frame.kind !== 'block') missing++;
      else if (!isEqual(frame.cipher, block.cipher) || frame.code !== block.code) throw new Error(`a wrong byte is served in block ${hexOf(block.rehash)}`);
    }
  }
  return missing;
}

/** The row of an account, but for where its record lies and who is the operator, which no record decides. */
export async function accountTold({ parts }: OpenedStore, accountId: AccountId): Promise<string | undefined> {
  const row = await orDamaged(() => parts.stores.accounts.find(accountId));
  if (row === undefined) return undefined;
  return JSON.stringify({ ...row, place: undefined, isOperator: undefined }, (_name, value: unknown) => (value instanceof Uint8Array ? hexOf(value) : value));
}

/** Undefined where it is refused or damaged; a damaged database is for the caller. */
async function orDamaged<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal || (error instanceof CorruptionError && !error.message.includes('rebuild-index'))) return undefined;
    throw error;
  }
}

/** Where records lie that rows name, headers included. */
export async function liveStretches({ parts }: OpenedStore, { images, accounts }: { readonly images: readonly StoredImage[]; readonly accounts: readonly StoredAccount[] }): Promise<readonly Place[]> {
  const { tags, blocks, ...rows } = parts.stores;
  const places: (Place | undefined)[] = [];
  for (const { accountId, imageId, blocks: sent } of images) {
    const row = await rows.images.find(accountId, imageId);
    places.push(row?.manifestPlace, row?.preview?.place);
    for (const { rehash } of sent) places.push((await tags.find(rehash))?.place, ...(await tags.copiesOf(rehash)));
  }
  for (const { accountId } of accounts) places.push((await rows.accounts.find(accountId))?.place);
  return places.flatMap((place) => (place === undefined ? [] : [{ ...place, length: place.length + blocks.recordOverheadBytes }]));
}

/** Is any byte of `stretches` another one in the packs of `damaged` than in those of `sound`? */
export function isTouched(stretches: readonly Place[], { sound, damaged }: { readonly sound: string; readonly damaged: string }): boolean {
  const files = new Map<number, readonly [Buffer, Buffer]>();
  return stretches.some(({ pack, offset, length }) => {
    const [was, is] = files.get(pack) ?? [packIn(sound, pack), packIn(damaged, pack)];
    files.set(pack, [was, is]);
    return !was.subarray(offset, offset + length).equals(is.subarray(offset, offset + length));
  });
}

function packIn(directory: string, pack: number): Buffer {
  const file = packPath({ directory: path.join(directory, 'packs') }, pack);
  return existsSync(file) ? readFileSync(file) : Buffer.alloc(0);
}
