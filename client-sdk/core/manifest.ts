/**
 * The manifest: the recipe, and where every content is. Written by the owner's client, but perhaps a stranger's, so
 * decoding checks every member against its limit. Positions instead of names, for it goes along with every image.
 * Sealing and signing: keys/signed-manifest.ts. SPEC.md section 10.
 */
import { hashBytes, maxBlocksPerImage, maxInlineSegmentBytes, maxManifestBytes } from '../protocol/limits.js';
import { utf8 } from '../protocol/bytes.js';
import { checkList, maxDomains, type PackedList } from './block-list.js';
import { type CborValue, decodeCbor, encodeCbor } from './cbor.js';
import { type DomainId, kindOfDomain } from './domain.js';
import { fault } from './errors.js';
import { maxPictureSide, maxSkeletonBytes } from './image/image-limits.js';
import type { SplitterId } from './image/splitter.js';
import { isBytes, isInteger } from './record.js';
import type { PackedSkeleton } from './skeleton.js';

/** All that turns blocks into the file again. */
export interface Manifest {
  readonly splitter: SplitterId;
  readonly params: CborValue;
  readonly skeleton: PackedSkeleton;
  readonly contents: PackedList;
  /** What turns blocks of other pictures into contents of this one (patch-list.ts), packed as a skeleton is. */
  readonly patches: PackedSkeleton;
  /** The table that lists of blocks refer to; distinct. */
  readonly domains: readonly DomainId[];
  /** SHA-256 of the file. */
  readonly fileHash: Uint8Array;
  /** Bytes of the file. */
  readonly size: number;
  /** Pixels, where the splitter saw a picture. */
  readonly picture: { readonly width: number; readonly height: number } | undefined;
  /** For people: what was recognised; at most `maxDescriptionBytes` of UTF-8. */
  readonly description: string;
}

/** Bytes of a manifest's description. */
export const maxDescriptionBytes = 200;
/** Splitters and their numbers in manifests and entries; append-only. */
export const splitterCodes: Readonly<Record<SplitterId, number>> = { bytes: 0, raster: 1, jpeg: 2 };

const version = 1;

/** The canonical bytes. Throws DiceError `image-too-large` above `maxBlocksPerImage` contents. */
export function encodeManifest(manifest: Manifest): Uint8Array<ArrayBuffer> {
  const { splitter, params, skeleton, contents, patches, domains, fileHash, size, picture, description } = manifest;
  if (contents.count > maxBlocksPerImage) throw fault('image-too-large', `It has more than ${String(maxBlocksPerImage)} contents.`);
  const bytes = encodeCbor([
    version, splitterCodes[splitter], params, piecesValue(skeleton), listValue(contents), piecesValue(patches), domains, fileHash, size,
    picture === undefined ? null : [picture.width, picture.height], description,
  ]);
  // A manifest that would be refused when it is read must not be written.
  decodeManifest(bytes);
  return bytes;
}

/** The manifest in `bytes`. Throws DiceError `recipe-invalid` or `sealed-invalid`; allocates no more than the input holds. */
export function decodeManifest(bytes: Uint8Array): Manifest {
  if (bytes.length > maxManifestBytes) throw malformed('it is too long');
  const items = itemsOf(decodeCbor(bytes));
  if (items[0] !== version) throw malformed('it has an unknown version');
  if (!hasAllMembers(items)) throw malformed('it has other members');
  const [, splitter, params, skeleton, contents, patches, domains, fileHash, size, picture, description] = items;
  if (!isBytes(fileHash, hashBytes)) throw malformed('its file hash has another length');
  if (!isInteger(size, 0, Number.MAX_SAFE_INTEGER)) throw malformed('its size is none');
  return {
    splitter: splitterOf(splitter),
    params,
    skeleton: piecesOf(skeleton),
    contents: listOf(contents, maxBlocksPerImage),
    patches: piecesOf(patches),
    domains: domainsOf(domains),
    fileHash,
    size,
    picture: pictureOf(picture),
    description: descriptionOf(description),
  };
}

/** The splitter of a number. Throws DiceError `recipe-invalid` for an unknown one. */
export function splitterOf(value: CborValue): SplitterId {
  for (const id of ['bytes', 'raster', 'jpeg'] as const) if (splitterCodes[id] === value) return id;
  throw malformed('its splitter is unknown');
}

type V = CborValue;
/** Version, then the members in the order in which they are written. */
type Members = readonly [V, V, V, V, V, V, V, V, V, V, V];

function hasAllMembers(items: readonly CborValue[]): items is Members {
  return items.length === 11;
}

function piecesValue(pieces: PackedSkeleton): CborValue {
  return pieces.kind === 'inline' ? pieces.bytes : [pieces.length, ...listValue(pieces.list)];
}

function listValue({ count, depth, packed }: PackedList): readonly CborValue[] {
  return [count, depth, packed];
}

function listOf(value: CborValue, maxCount: number): PackedList {
  const [count, depth, packed, ...rest] = itemsOf(value);
  const isList = isInteger(count, 0, maxCount) && isInteger(depth, 0, 4) && packed instanceof Uint8Array && rest.length === 0;
  if (!isList) throw malformed('a list of blocks has another form');
  checkList({ count, depth, packed });
  return { count, depth, packed };
}

function piecesOf(value: CborValue): PackedSkeleton {
  if (value instanceof Uint8Array) {
    if (value.length > maxInlineSegmentBytes) throw malformed('its skeleton or patches are too long');
    return { kind: 'inline', bytes: value };
  }
  const [length, ...list] = itemsOf(value);
  if (!isInteger(length, maxInlineSegmentBytes + 1, maxSkeletonBytes)) throw malformed('its skeleton or patches have a wrong length');
  // A piece has at least one byte, and a stranger's pieces are counted before one is fetched.
  return { kind: 'segments', length, list: listOf(list, Math.min(length, maxBlocksPerImage)) };
}

function domainsOf(value: CborValue): readonly DomainId[] {
  const items = itemsOf(value);
  const ids = items.filter((item): item is DomainId => typeof item === 'string' && kindOfDomain(item) !== undefined);
  if (ids.length !== items.length || ids.length > maxDomains || new Set(ids).size !== ids.length) throw malformed('its table of domains');
  return ids;
}

function pictureOf(value: CborValue): Manifest['picture'] {
  if (value === null) return undefined;
  const [width, height, ...rest] = itemsOf(value);
  if (!isInteger(width, 1, maxPictureSide) || !isInteger(height, 1, maxPictureSide) || rest.length > 0) throw malformed('its picture has no size');
  return { width, height };
}

function descriptionOf(value: CborValue): string {
  if (typeof value === 'string' && utf8(value).length <= maxDescriptionBytes) return value;
  throw malformed('its description is too long');
}

function itemsOf(value: CborValue): readonly CborValue[] {
  if (Array.isArray(value)) return value as readonly CborValue[]; // Array.isArray narrows a readonly array to any[].
  throw malformed('a member has another type');
}

function malformed(what: string): Error {
  return fault('recipe-invalid', `The manifest is refused: ${what}.`);
}
