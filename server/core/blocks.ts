/**
 * Intake and fetch of blocks. What is filed is what was computed here from the cipher; the sender's word is only
 * compared. A fetch presents T and is decided by the account's references. SPEC.md sections 3, 4 and 7.
 */
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import type { BlockFrame, Frame } from '../../client-sdk/protocol/frames.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { rehashHex, type AccountId, type ImageId, type Tag } from '../../client-sdk/protocol/ids.js';
import { maxCipherBytes, maxTagsPerFetch } from '../../client-sdk/protocol/limits.js';
import type { IntakeAnswer } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { rehashOf, tagOf } from '../../client-sdk/protocol/tag.js';
import { StorageError } from '../ports/errors.js';
import type { ExistenceScope, FiledBlock, TagRow } from '../ports/tag-store.js';
import type { BlockService, FetchedFrames, Parts, UploadName } from './contract.js';
import { sessionRoom } from './quota.js';
import { readSound } from './stored-block.js';
import { enterUpload } from './upload-scope.js';

const maxGroupFrames = 256;
const maxGroupBytes = 8 * 2 ** 20;
const readsAhead = 8;
/** What one intake holds at once: a group, the frame that filled it, and the one that is coming. */
export const maxIntakeBytes = maxGroupBytes + 2 * maxCipherBytes;

/** A cipher with what was computed from it. */
type Verified = Omit<FiledBlock, 'place'> & { readonly cipher: Uint8Array };

export function createBlocks(parts: Parts): BlockService {
  return {
    receive: (upload, frames) => receive(parts, upload, frames),
    fetch: (accountId, imageId, tags) => openFetch(parts, { accountId, imageId }, tags),
  };
}

async function receive(parts: Parts, upload: UploadName, frames: AsyncIterable<Frame>): Promise<IntakeAnswer> {
  const { scope } = await enterUpload(parts, upload);
  let room = await sessionRoom(parts, upload.accountId);
  const results: ('stored' | 'tag-mismatch')[] = [];
  let group: Verified[] = [];
  let groupBytes = 0;
  let memory: ArrayBufferLike | undefined;
  for await (const frame of frames) {
    if (frame.kind === 'absent') throw new Refusal('frame-invalid', 'Only answers have absent frames.');
    const block = verify(parts, frame);
    results.push(block === undefined ? 'tag-mismatch' : 'stored');
    if (block === undefined) parts.meter?.add('received', 'mismatched', 1);
    if (block === undefined) continue;
    room -= block.cipher.length;
    if (room < 0) throw new Refusal('quota-exceeded');
    group.push(block);
    // A view holds all of the piece that it came in, though the rest of that was refused.
    if (block.cipher.buffer !== memory) groupBytes += block.cipher.buffer.byteLength;
    memory = block.cipher.buffer;
    if (group.length < maxGroupFrames && groupBytes < maxGroupBytes) continue;
    await storeGroup(parts, scope, group);
    [group, groupBytes, memory] = [[], 0, undefined];
  }
  await storeGroup(parts, scope, group);
  return { results, sessionBytes: (await enterUpload(parts, upload)).upload.receivedBytes };
}

/** The block with T, T1 and code recomputed; undefined where the sender said others. */
function verify(parts: Parts, frame: BlockFrame): Verified | undefined {
  const sha256 = (bytes: Uint8Array) => parts.world.hasher.sha256(bytes);
  const tag = tagOf(sha256, frame.cipher);
  const rehash = rehashOf(sha256, tag);
  const code = hammingOf(tag);
  return isEqual(rehash, frame.rehash) && code === frame.code ? { tag, rehash, code, cipher: frame.cipher } : undefined;
}

/** Bytes, then rows. Returns when all blocks of the group are durable and pinned by the session. */
async function storeGroup(parts: Parts, scope: ExistenceScope, group: readonly Verified[]): Promise<void> {
  const distinct = [...new Map(group.map((block) => [rehashHex(block.rehash), block])).values()];
  const fresh = await withoutOwnSound(parts, scope, distinct);
  if (fresh.length > 0) await fileGroup(parts, scope, fresh);
  countGroup(parts, { group, distinct, fresh });
}

async function fileGroup(parts: Parts, scope: ExistenceScope, fresh: readonly Verified[]): Promise<void> {
  await parts.gate.run(async () => {
    const records = fresh.map(({ cipher, tag }) => ({ type: 'block' as const, payload: cipher, digest: tag }));
    const places = await parts.stores.blocks.append(records);
    const filed = fresh.map(({ rehash, tag, code }, i) => {
      const place = places[i];
      if (place === undefined) throw new StorageError('the block store named too few places', { retryable: false });
      return { rehash, tag, code, place };
    });
    if (!(await parts.stores.tags.file(scope, filed))) throw new Refusal('upload-unknown');
  });
}

/** Once for a group: of each block it costs an addition. */
function countGroup({ meter }: Parts, { group, distinct, fresh }: Readonly<Record<'group' | 'distinct' | 'fresh', readonly Verified[]>>): void {
  const bytesOf = (blocks: readonly Verified[]) => blocks.reduce((sum, { cipher }) => sum + cipher.length, 0);
  meter?.add('received', 'taken', group.length);
  meter?.add('blockBytes', 'received', bytesOf(group));
  meter?.add('stored', 'block', fresh.length);
  meter?.add('blockBytes', 'stored', bytesOf(fresh));
  meter?.add('hits', 'repeated', group.length - distinct.length);
  meter?.add('hits', 'sent_again', distinct.length - fresh.length);
}

/**
 * Leaves out what the account owns already and what was just read and hashed in the store: else sending one block again and
 * again would fill the disk. What others own is written like a new block, so nothing tells of them.
 */
async function withoutOwnSound(parts: Parts, scope: ExistenceScope, blocks: readonly Verified[]): Promise<readonly Verified[]> {
  if (blocks.length === 0) return [];
  const owned = await parts.stores.tags.pinOwned(scope, blocks.map((block) => block.rehash));
  const fresh: Verified[] = [];
  for (const [i, block] of blocks.entries()) {
    const row = owned[i] === true ? await parts.stores.tags.findHeld({ ...scope, now: parts.world.clock.now() }, block.rehash) : undefined;
    if (row === undefined || (await readSound(parts, row)) === undefined) fresh.push(block);
  }
  return fresh;
}

async function openFetch(parts: Parts, image: { readonly accountId: AccountId; readonly imageId: ImageId }, tags: readonly Tag[]): Promise<FetchedFrames> {
  if (tags.length > maxTagsPerFetch) throw new Refusal('request-invalid', `At most ${String(maxTagsPerFetch)} tags are fetched at once.`);
  const { accountId, imageId } = image;
  if ((await parts.stores.images.find(accountId, imageId)) === undefined) throw new Refusal('not-found');
  const rehashes = tags.map((tag) => rehashOf((bytes) => parts.world.hasher.sha256(bytes), tag));
  const rows: TagRow[] = [];
  for (const row of await parts.stores.tags.findAllOwned(accountId, rehashes)) {
    if (row === undefined) throw new Refusal('block-not-found');
    rows.push(row);
  }
  return Object.assign(framesOf(parts, rows), { heldBytes: readBytes(rows) });
}

/** Of the blocks that are read together, where they are largest. */
function readBytes(rows: readonly TagRow[]): number {
  let most = 0;
  for (let start = 0; start < rows.length; start += readsAhead) {
    most = Math.max(most, rows.slice(start, start + readsAhead).reduce((sum, { place }) => sum + place.length, 0));
  }
  return most;
}

/** Reads a few blocks ahead of the consumer, in order. Memory: `readsAhead` blocks. */
async function* framesOf(parts: Parts, rows: readonly TagRow[]): AsyncGenerator<Frame> {
  const served = { sound: 0, absent: 0, bytes: 0 };
  try {
    for (let start = 0; start < rows.length; start += readsAhead) {
      const frames = await Promise.all(rows.slice(start, start + readsAhead).map((row) => frameOf(parts, row)));
      for (const frame of frames) {
        served[frame.kind === 'block' ? 'sound' : 'absent']++;
        served.bytes += frame.kind === 'block' ? frame.cipher.length : 0;
        yield frame;
      }
    }
  } finally {
    parts.meter?.add('served', 'sound', served.sound);
    parts.meter?.add('served', 'absent', served.absent);
    parts.meter?.add('blockBytes', 'served', served.bytes);
  }
}

async function frameOf(parts: Parts, row: TagRow): Promise<Frame> {
  const block = await readSound(parts, row);
  if (block === undefined) return { kind: 'absent', rehash: row.rehash };
  return { kind: 'block', rehash: block.row.rehash, code: block.row.code, cipher: block.cipher };
}
