/**
 * An account's images on a server that is not there: entries sealed by the SDK's functions, answers to what a listing asks, and a count of
 * what was asked and opened. For tests of clients with more images than a server takes in within a test's time.
 */
import { randomBytes } from 'node:crypto';
import type { Connection } from '../../client-sdk/connection.js';
import { encodeEntry } from '../../client-sdk/core/entry.js';
import { DiceError } from '../../client-sdk/core/errors.js';
import { makeKey, sealImagePart, wrapImageKey } from '../../client-sdk/core/keys/hierarchy.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { type ImageId, idOfBytes } from '../../client-sdk/protocol/ids.js';
import type { ImageCard } from '../../client-sdk/protocol/messages.js';

export const serverId = '00'.repeat(16);
export const record = { accountId: '11'.repeat(16) };
export const accountKey = Uint8Array.from(randomBytes(32));
const plain = nodePlatform(undefined, 0);

/** Bytes of the file of this number. */
export const file = (number: number): { readonly name: string; readonly fileHash: Uint8Array } => ({ name: `picture ${String(number)}.png`, fileHash: new Uint8Array(32).fill(number % 251) });

/** The images, newest first. */
export class Library {
  readonly cards: ImageCard[] = [];
  readonly asked: string[] = [];
  opened = 0;

  async store(number: number, createdAt = 1_000_000 * number): Promise<ImageId> {
    const { crypto } = plain;
    const imageId = idOfBytes<ImageId>(Uint8Array.from(randomBytes(16)));
    const place = { accountId: record.accountId as never, imageId };
    const imageKey = makeKey(plain.randomBytes);
    const entry = { ...file(number), size: 9, type: 'image/png', picture: undefined, modifiedAt: undefined, addedAt: createdAt, splitter: 'bytes' as const, codedBytes: 1, sentBytes: 1 };
    const wrap = { imageKey, randomBytes: plain.randomBytes };
    this.cards.unshift({
      imageId,
      wrappedKey: await wrapImageKey(crypto, { ...place, accountKey }, wrap),
      entry: await sealImagePart(crypto, { ...place, imageKey, part: 'entry' }, { plaintext: encodeEntry(entry), randomBytes: plain.randomBytes }),
      manifestBytes: 1, manifestHash: new Uint8Array(16).fill(1), blocks: 1, createdAt, hasPreview: false,
    });
    return imageId;
  }

  trash(imageId: ImageId, trashedAt: number | undefined): void {
    const at = this.cards.findIndex((card) => card.imageId === imageId);
    const { imageId: id, wrappedKey, entry, manifestBytes, manifestHash, blocks, createdAt, hasPreview } = this.cards[at] as ImageCard; // it was just stored
    const card = { imageId: id, wrappedKey, entry, manifestBytes, manifestHash, blocks, createdAt, hasPreview };
    this.cards[at] = trashedAt === undefined ? card : { ...card, trashedAt };
  }

  /** A connection whose answers come from here, with a cache below `folder`. */
  connection(folder?: string, threads = 0): Connection {
    const aes256GcmOpen: typeof plain.crypto.aes256GcmOpen = (key, nonce, input) => {
      this.opened++;
      return plain.crypto.aes256GcmOpen(key, nonce, input);
    };
    const platform = { ...nodePlatform(folder, threads), crypto: { ...plain.crypto, aes256GcmOpen } };
    const transport = { call: (name: string, input: Parameters<Library['answer']>[1]) => Promise.resolve().then(() => this.answer(name, input)) };
    return { platform, transport, server: { serverId }, serverUrl: '', session: { account: { record, accountKey } } } as unknown as Connection; // all that listing needs
  }

  answer(name: string, { query = {}, params }: { readonly query?: Readonly<Record<string, string | undefined>>; readonly params?: { readonly imageId: ImageId } }): unknown {
    this.asked.push(name);
    if (name === 'readUsage') return { images: this.cards.length };
    if (name === 'readImage') {
      const card = this.cards.find(({ imageId }) => imageId === params?.imageId);
      if (card === undefined) throw new DiceError('not-found', 'gone');
      return { card, manifest: new Uint8Array() };
    }
    const inOrder = [...this.cards].sort((one, other) => other.createdAt - one.createdAt || (one.imageId < other.imageId ? 1 : -1));
    const shown = inOrder.filter(({ trashedAt }) => (trashedAt !== undefined) === (query['trash'] === 'true'));
    const from = Number(query['cursor'] ?? 0);
    const images = shown.slice(from, from + 500);
    return from + 500 < shown.length ? { images, next: String(from + 500) } : { images };
  }

  /** What was asked and opened since the last time. Two objects are opened for an entry: its key and itself. */
  spent(): { readonly asked: readonly string[]; readonly entries: number } {
    const entries = this.opened / 2;
    this.opened = 0;
    return { asked: this.asked.splice(0), entries };
  }
}
