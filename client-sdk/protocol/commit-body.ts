/**
 * The binary body in which images are committed: sealed objects as they are, each with its length before it, so that the
 * length of a body follows from theirs. No JSON, no stream: it is read whole. SPEC.md sections 7 and 12.
 *
 *   body   = magic "DCB1", count u8, commit*
 *   commit = image id (16), lengths, wrapped key, entry, manifest, preview, T1 (32)*
 *   lengths = wrapped key u16, entry u16, manifest u32, preview u32 (0: none), T1s u32 (their count)
 *
 * Nothing follows the last commit. Integers are big-endian.
 */
import { bytesOfHex, compareBytes, concat, u16, u32 } from './bytes.js';
import { type ImageId, idOfBytes } from './ids.js';
import {
  hashBytes, idBytes, maxBlocksPerImage, maxCommitsPerRequest, maxEntryBytes, maxManifestBytes, maxPreviewBytes, maxWrappedKeyBytes,
} from './limits.js';
import { Refusal } from './refusals.js';

/** One image to commit: all of it or nothing. Blobs are opaque to the server. */
export interface Commit {
  readonly imageId: ImageId;
  readonly wrappedKey: Uint8Array;
  readonly entry: Uint8Array;
  readonly manifest: Uint8Array;
  /** Absent or at least one byte. */
  readonly preview?: Uint8Array;
  /** T1 of every block that the image refers to, sorted by value, distinct, packed. */
  readonly tags: Uint8Array;
}

/** Content type of the body. */
export const commitsType = 'application/vnd.dice.commits';

const magic = Uint8Array.of(0x44, 0x43, 0x42, 0x31);
const lengthsBytes = 2 + 2 + 4 + 4 + 4;

/** Bytes of a body without commits: magic and count. */
export const bodyOverheadBytes = magic.length + 1;
/** Bytes of a commit beside its blobs and tags. */
export const commitOverheadBytes = idBytes + lengthsBytes;

/** The body of a request that commits these. Throws RangeError where one is outside the limits of the wire. */
export function encodeCommits(commits: readonly Commit[]): Uint8Array<ArrayBuffer> {
  if (commits.length > maxCommitsPerRequest) throw new RangeError('a body has no room for so many commits');
  return concat(magic, Uint8Array.of(commits.length), ...commits.flatMap(piecesOf));
}

/**
 * The commits of a body; their blobs are views of `bytes`. Whether tags are sorted is left to who needs it. Throws Refusal
 * `request-invalid` on any deviation, before anything is copied.
 */
export function decodeCommits(bytes: Uint8Array): readonly Commit[] {
  const reader = new BodyReader(bytes);
  if (compareBytes(reader.take(magic.length), magic) !== 0) throw malformed('it does not begin with DCB1');
  const count = reader.integer(1);
  if (count > maxCommitsPerRequest) throw malformed(`it has more than ${String(maxCommitsPerRequest)} commits`);
  const commits: Commit[] = [];
  while (commits.length < count) commits.push(readCommit(reader));
  if (!reader.isAtEnd) throw malformed('bytes follow its last commit');
  return commits;
}

interface Lengths {
  readonly wrappedKey: number;
  readonly entry: number;
  readonly manifest: number;
  readonly preview: number;
  readonly tags: number;
}

/** Least and greatest of each length, in bytes; of tags the count. */
const bounds: Readonly<Record<keyof Lengths, readonly [number, number]>> = {
  wrappedKey: [1, maxWrappedKeyBytes],
  entry: [1, maxEntryBytes],
  manifest: [1, maxManifestBytes],
  preview: [0, maxPreviewBytes],
  tags: [0, maxBlocksPerImage],
};

/** The first part of which there is more or less than the wire takes. */
function strayIn(lengths: Lengths): string | undefined {
  return Object.entries(bounds).find(([name, [min, max]]) => {
    // Keys of `bounds` are those of the lengths.
    const length = lengths[name as keyof Lengths];
    return !(length >= min && length <= max);
  })?.[0];
}

function piecesOf({ imageId, wrappedKey, entry, manifest, preview, tags }: Commit): readonly Uint8Array[] {
  const id = bytesOfHex(imageId);
  if (id?.length !== idBytes) throw new RangeError('an image id must be 32 digits of lower-case hex');
  const lengths = { wrappedKey: wrappedKey.length, entry: entry.length, manifest: manifest.length, preview: preview?.length ?? 0, tags: tags.length / hashBytes };
  const stray = preview?.length === 0 ? 'preview' : strayIn(lengths);
  if (stray !== undefined || !Number.isInteger(lengths.tags)) throw new RangeError(`a commit has no room for this ${stray ?? 'tags'}`);
  const heads = [u16(lengths.wrappedKey), u16(lengths.entry), u32(lengths.manifest), u32(lengths.preview), u32(lengths.tags)];
  return [id, ...heads, wrappedKey, entry, manifest, ...(preview === undefined ? [] : [preview]), tags];
}

function readCommit(reader: BodyReader): Commit {
  const imageId = idOfBytes<ImageId>(reader.take(idBytes));
  const lengths = { wrappedKey: reader.integer(2), entry: reader.integer(2), manifest: reader.integer(4), preview: reader.integer(4), tags: reader.integer(4) };
  const stray = strayIn(lengths);
  if (stray !== undefined) throw malformed(`a commit has more or less of ${stray} than an image may have`);
  const [wrappedKey, entry, manifest] = [reader.take(lengths.wrappedKey), reader.take(lengths.entry), reader.take(lengths.manifest)];
  const preview = lengths.preview === 0 ? {} : { preview: reader.take(lengths.preview) };
  return { imageId, wrappedKey, entry, manifest, ...preview, tags: reader.take(lengths.tags * hashBytes) };
}

/** Takes bytes from the front of a body. */
class BodyReader {
  #at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  take(length: number): Uint8Array {
    if (length > this.bytes.length - this.#at) throw malformed('it ends before its last commit does');
    this.#at += length;
    return this.bytes.subarray(this.#at - length, this.#at);
  }

  integer(length: 1 | 2 | 4): number {
    return this.take(length).reduce((value, byte) => value * 256 + byte, 0);
  }
}

function malformed(what: string): Refusal {
  return new Refusal('request-invalid', `The body of commits is refused: ${what}.`);
}
