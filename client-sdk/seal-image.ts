/**
 * The sealed parts of a new image: key, entry, signed manifest and preview, as one commit. SPEC.md section 10.
 */
import type { OpenedFile } from './api.js';
import { type CommitLengths, commitBodyBytes } from './commit-bytes.js';
import { accountOf } from './connection.js';
import { encodeEntry, type Entry, unknownType } from './core/entry.js';
import { makeKey, sealImagePart, wrapImageKey } from './core/keys/hierarchy.js';
import { sealedLength } from './core/keys/sealed-object.js';
import { sealManifest } from './core/keys/signed-manifest.js';
import { type Manifest, maxDescriptionBytes } from './core/manifest.js';
import { mediaHeadBytes, mediaTypeOfHead } from './core/media-type.js';
import { packedRehashes } from './core/plan.js';
import type { StoredFile } from './equal-files.js';
import { textOf, utf8 } from './protocol/bytes.js';
import { type ImageId, idOfBytes } from './protocol/ids.js';
import { idBytes, maxPreviewBytes } from './protocol/limits.js';
import type { Commit } from './protocol/commit-body.js';
import { isDeepPng, isOwnPreview, type PictureFacts, pngHeadBytes, previewBudget } from './core/preview-plan.js';
import type { PlannedFile } from './planned-file.js';
import type { UploadRun } from './upload-run.js';

/** A file whose blocks are all placed. */
export interface PlacedImage extends Omit<StoredFile, 'flatTiles' | 'patchedTiles'> {
  readonly name: string;
  readonly opened: OpenedFile;
  readonly fileHash: Uint8Array;
  /** Request bytes spent so far. */
  readonly sentBytes: number;
}

/** Seals everything under a new image key. */
export async function sealImage(run: UploadRun, image: PlacedImage): Promise<Commit> {
  const { crypto, randomBytes } = run.connection.platform;
  const { record, accountKey, identity } = accountOf(run.connection);
  const imageKey = makeKey(randomBytes);
  const place = { accountId: record.accountId, imageId: idOfBytes<ImageId>(randomBytes(idBytes)) };
  const entry = await entryOf(run, image);
  const preview = await sealedPreview(run, { ...place, imageKey, part: 'preview' }, { opened: image.opened, entry });
  const wrappedKey = await wrapImageKey(crypto, { ...place, accountKey }, { imageKey, randomBytes });
  const manifest = await sealManifest(crypto, { ...place, imageKey }, { manifest: manifestOf(run, image), identity, randomBytes });
  const tags = packedRehashes(image.rehashes);
  const lengths = { wrappedKey: wrappedKey.length, manifest: manifest.length, preview: preview?.length, tags: tags.length };
  const plaintext = entryWithSentBytes(entry, image.sentBytes, lengths);
  const sealedEntry = await sealImagePart(crypto, { ...place, imageKey, part: 'entry' }, { plaintext, randomBytes });
  return { imageId: place.imageId, wrappedKey, entry: sealedEntry, manifest, ...(preview === undefined ? {} : { preview }), tags };
}

/**
 * The entry travels in the commit whose length it tells: a larger number never makes it shorter, so counting again until
 * the number stands still ends after at most one round for each width that a number can have.
 */
function entryWithSentBytes(entry: Omit<Entry, 'sentBytes'>, spentBytes: number, lengths: Omit<CommitLengths, 'entry'>): Uint8Array {
  for (let sentBytes = spentBytes; ; ) {
    const encoded = encodeEntry({ ...entry, sentBytes });
    const counted = spentBytes + commitBodyBytes({ ...lengths, entry: sealedLength('entry', encoded.length) });
    if (counted === sentBytes) return encoded;
    sentBytes = counted;
  }
}

async function entryOf(run: UploadRun, { name, opened, fileHash, planned, codedBytes }: PlacedImage): Promise<Omit<Entry, 'sentBytes'>> {
  const { source, modifiedAt } = opened;
  const head = await source.read(0, Math.min(mediaHeadBytes, source.size));
  return {
    name,
    size: source.size,
    type: mediaTypeOfHead(head) ?? unknownType,
    fileHash,
    picture: sizeOf(planned),
    modifiedAt: modifiedAt === undefined ? undefined : Math.round(modifiedAt),
    addedAt: run.connection.platform.now(),
    splitter: planned.recipe.splitter,
    codedBytes,
  };
}

function manifestOf(run: UploadRun, { opened, fileHash, planned, description, skeleton, contents, patches }: PlacedImage): Manifest {
  return {
    splitter: planned.recipe.splitter,
    params: planned.recipe.params,
    skeleton,
    contents,
    patches,
    domains: [run.domain.id],
    fileHash,
    size: opened.source.size,
    picture: sizeOf(planned),
    description: shortened(description),
  };
}

function sizeOf({ summary: { picture } }: PlannedFile): Manifest['picture'] {
  return picture === undefined ? undefined : { width: picture.width, height: picture.height };
}

function shortened(text: string): string {
  for (let chars = Math.min(text.length, maxDescriptionBytes); chars > 0; chars--) {
    const start = text.slice(0, chars);
    const bytes = utf8(start);
    if (bytes.length <= maxDescriptionBytes && textOf(bytes) === start) return start;
  }
  return '';
}

async function sealedPreview(run: UploadRun, place: Parameters<typeof sealImagePart>[1], file: { readonly opened: OpenedFile; readonly entry: PictureFacts }): Promise<Uint8Array | undefined> {
  const { makePreview, crypto, randomBytes } = run.connection.platform;
  const { source } = file.opened;
  if (run.options.preview === false || makePreview === undefined) return undefined;
  if (isOwnPreview(file.entry) && !isDeepPng(await source.read(0, Math.min(pngHeadBytes, source.size)))) return undefined;
  const plaintext = await makePreview(source, previewBudget(source.size));
  if (plaintext === undefined || sealedLength('preview', plaintext.length) > maxPreviewBytes) return undefined;
  return sealImagePart(crypto, place, { plaintext, randomBytes });
}

/** With padding and seal it stays below the limit of the wire. */
