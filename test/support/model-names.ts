/**
 * What the numbers of the model stand for in a real store: ids and bytes that are made from them, the same in every run.
 */
import { compareBytes, concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Commit } from '../../client-sdk/protocol/commit-body.js';
import { idOfBytes, type AccountId, type ImageId } from '../../client-sdk/protocol/ids.js';
import { blockOf, sha256 } from './core-store.js';
import type { Draft } from './model-move.js';
import type { RawBlock } from './raw-account.js';
import { blockLengths, sealedLengths } from './store-model.js';

export const accountCount = 5;

/** Bytes of a length that its name makes. */
export function bytesNamed(name: string, length: number): Uint8Array {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, at) => sha256(Buffer.from(`${name} ${at}`)));
  return concat(...parts).slice(0, length);
}

function idNamed<Id extends AccountId | ImageId>(name: string): Id {
  return idOfBytes<Id>(bytesNamed(name, 16));
}

export const pool: readonly RawBlock[] = blockLengths.map((length, block) => blockOf(bytesNamed(`block ${block}`, length)));
export const blockOfRehash = new Map(pool.map(({ rehash }, block) => [hexOf(rehash), block]));
export const accountIds = Array.from({ length: accountCount }, (_, account) => idNamed<AccountId>(`account ${account}`));
export const imageIdOf = (image: number): ImageId => idNamed<ImageId>(`image ${image}`);

export function packed(blocks: readonly number[]): Uint8Array {
  return concat(...blocks.map((block) => rawOf(block).rehash));
}

export function rawOf(block: number): RawBlock {
  const raw = pool[block];
  if (raw === undefined) throw new Error('there is no such block');
  return raw;
}

export function blocksIn(tags: Uint8Array): readonly number[] {
  return Array.from({ length: tags.length / 32 }, (_, at) => blockOfRehash.get(hexOf(tags.subarray(32 * at, 32 * at + 32))) ?? -1);
}

/** In the order of their T1s, as a commit names them. */
export function sorted(blocks: readonly number[]): readonly number[] {
  return [...new Set(blocks)].sort((a, b) => compareBytes(rawOf(a).rehash, rawOf(b).rehash));
}

export function commitOf({ image, blocks, isOther }: Draft): Commit {
  const part = (name: 'manifest' | 'entry' | 'wrappedKey' | 'preview'): Uint8Array => bytesNamed(`${name} ${image} ${isOther}`, sealedLengths[name]);
  return { imageId: imageIdOf(image), manifest: part('manifest'), entry: part('entry'), wrappedKey: part('wrappedKey'), preview: part('preview'), tags: packed(blocks) };
}

export function accountIdOf(account: number): AccountId {
  const id = accountIds[account];
  if (id === undefined) throw new Error('there is no such account');
  return id;
}
