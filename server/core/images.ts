/**
 * Images of an account: listing, reading, trash and removal. Sealed objects stay opaque. A removal is durable in a pack
 * before the row goes, and so is the word that an image was restored. SPEC.md section 12.
 */
import { base64Of, bytesOfBase64, textOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import { idOf, type AccountId, type ImageId } from '../../client-sdk/protocol/ids.js';
import { maxPageImages, maxRecordBytes } from '../../client-sdk/protocol/limits.js';
import type { ImageCard, ImageList } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Place } from '../ports/block-store.js';
import { CorruptionError } from '../ports/errors.js';
import type { ImageCursor, ImageRow } from '../ports/image-store.js';
import type { ImageService, Parts } from './contract.js';
import { decodeManifestRecord, decodePreviewRecord } from './image-record.js';
import { appendRemoval } from './records.js';

const defaultPageImages = 100;

/** An image by its owner and id. */
interface ImageName {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
}

export function createImages(parts: Parts): ImageService {
  return {
    list: (accountId, page) => list(parts, accountId, page),
    read: (accountId, imageId) => read(parts, { accountId, imageId }),
    readSeveral: (accountId, imageIds) => readSeveral(parts, accountId, imageIds),
    preview: (accountId, imageId) => readPreview(parts, { accountId, imageId }),
    async trash(accountId, imageId) {
      if (!(await parts.stores.images.trash(accountId, imageId, parts.world.clock.now()))) throw new Refusal('not-found');
    },
    restore: (accountId, imageId) => restore(parts, { accountId, imageId }),
    purge: (accountId, imageId) => purge(parts, { accountId, imageId }),
  };
}

async function list(
  parts: Parts,
  accountId: AccountId,
  page: { readonly isTrash: boolean; readonly cursor: string | undefined; readonly limit: number | undefined },
): Promise<ImageList> {
  const limit = page.limit ?? defaultPageImages;
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxPageImages) {
    throw new Refusal('request-invalid', `A page has 1 to ${String(maxPageImages)} images.`);
  }
  const after = page.cursor === undefined ? undefined : parseCursor(page.cursor);
  const rows = await parts.stores.images.list(accountId, { isTrash: page.isTrash, after, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const images = shown.map(cardOf);
  return rows.length > limit && last !== undefined ? { images, next: cursorOf(last) } : { images };
}

async function read(parts: Parts, name: ImageName): Promise<{ readonly card: ImageCard; readonly manifest: Uint8Array }> {
  const { row, payload } = await readRecord(parts, name, (found) => ({ type: 'manifest', place: found.manifestPlace }));
  const record = decodeManifestRecord(payload);
  if (record.accountId !== name.accountId || record.imageId !== name.imageId) throw misplaced();
  return { card: cardOf(row), manifest: record.manifest };
}

/** One after the other: the next only while there is room for the largest. */
async function readSeveral(parts: Parts, accountId: AccountId, imageIds: readonly ImageId[]): Promise<Awaited<ReturnType<typeof read>>[]> {
  const records: Awaited<ReturnType<typeof read>>[] = [];
  let bytes = 0;
  for (const imageId of new Set(imageIds)) {
    const record = await readOrSkip(parts, { accountId, imageId });
    if (record === undefined) continue;
    if (records.length > 0 && bytes + record.manifest.length > maxRecordBytes) break;
    bytes += record.manifest.length;
    records.push(record);
  }
  return records;
}

/** Whoever needs the image reads it alone, and hears what is wrong. */
async function readOrSkip(parts: Parts, name: ImageName): Promise<Awaited<ReturnType<typeof read>> | undefined> {
  try {
    return await read(parts, name);
  } catch (thrown) {
    if (thrown instanceof Refusal || thrown instanceof CorruptionError) return undefined;
    throw thrown;
  }
}

async function readPreview(parts: Parts, name: ImageName): Promise<Uint8Array> {
  const { payload } = await readRecord(parts, name, ({ preview }) => (preview === undefined ? undefined : { type: 'preview', place: preview.place }));
  const record = decodePreviewRecord(payload);
  if (record.accountId !== name.accountId || record.imageId !== name.imageId) throw misplaced();
  return record.preview;
}

/** Reads a record of an image; looks its row up once more where compaction moved the record meanwhile. */
async function readRecord(
  parts: Parts,
  { accountId, imageId }: ImageName,
  choose: (row: ImageRow) => { readonly type: 'manifest' | 'preview'; readonly place: Place } | undefined,
): Promise<{ readonly row: ImageRow; readonly payload: Uint8Array }> {
  for (let tries = 0; tries < 2; tries++) {
    const row = await parts.stores.images.find(accountId, imageId);
    const chosen = row === undefined ? undefined : choose(row);
    if (row === undefined || chosen === undefined) throw new Refusal('not-found');
    const payload = await parts.stores.blocks.read(chosen.place, chosen.type);
    if (payload !== undefined) return { row, payload };
  }
  throw new CorruptionError('a record of an image is not in its pack');
}

async function restore(parts: Parts, { accountId, imageId }: ImageName): Promise<void> {
  const row = await parts.stores.images.find(accountId, imageId);
  if (row === undefined) throw new Refusal('not-found');
  if (row.trashedAt === undefined) return;
  // A purge may have written its record and died: without this word a rebuild would remove the image.
  await parts.gate.run(async () => {
    await appendRemoval(parts, { kind: 'restored', accountId, imageId, at: parts.world.clock.now() });
    if (!(await parts.stores.images.restore(accountId, imageId))) throw new Refusal('not-found');
  });
}

async function purge(parts: Parts, name: ImageName): Promise<void> {
  const row = await parts.stores.images.find(name.accountId, name.imageId);
  if (row?.trashedAt === undefined) throw new Refusal('not-found');
  await parts.gate.run(() => purgeTrashed(parts, name));
}

async function purgeTrashed(parts: Parts, { accountId, imageId }: ImageName): Promise<void> {
  const at = parts.world.clock.now();
  await appendRemoval(parts, { kind: 'removed', accountId, imageId, at });
  if (await parts.stores.images.purge(accountId, imageId, at)) return;
  // Restored meanwhile: the removal did not happen. (Where it was purged by another call, its own record stands.)
  if ((await parts.stores.images.find(accountId, imageId)) !== undefined) await appendRemoval(parts, { kind: 'restored', accountId, imageId, at });
  throw new Refusal('not-found');
}

function cardOf(row: ImageRow): ImageCard {
  const { imageId, wrappedKey, entry, manifestBytes, manifestHash, blocks, createdAt, trashedAt } = row;
  const card = { imageId, wrappedKey, entry, manifestBytes, manifestHash, blocks, createdAt, hasPreview: row.preview !== undefined };
  return trashedAt === undefined ? card : { ...card, trashedAt };
}

function cursorOf({ createdAt, imageId }: ImageCursor): string {
  return base64Of(utf8(`${String(createdAt)}.${imageId}`));
}

function parseCursor(cursor: string): ImageCursor {
  const text = textOf(bytesOfBase64(cursor.slice(0, 200)) ?? new Uint8Array()) ?? '';
  const [, digits, rest] = /^(\d{1,16})\.([0-9a-f]{32})$/.exec(text) ?? [];
  const imageId = idOf<ImageId>(rest ?? '');
  if (digits === undefined || imageId === undefined) throw new Refusal('request-invalid', 'The cursor is not one of a listing.');
  return { createdAt: Number(digits), imageId };
}

function misplaced(): CorruptionError {
  return new CorruptionError('a record lies where another image’s should');
}
