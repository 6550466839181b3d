/**
 * Which (name, file hash) of an account lies under which image id, kept in the fingerprint cache, so that an upload need not list and
 * open a large library first. A part is made at once from many images and never changes: 1,024 sealed buckets. What comes later has a
 * row of its own. Nothing is read, changed and written back, so two processes lose nothing of each other. SPEC.md section 10.
 */
import type { FingerprintCache } from './fingerprint-cache.js';
import { concat, hexOf, isEqual, u32, utf8 } from './protocol/bytes.js';
import { type ImageId, idOfBytes } from './protocol/ids.js';
import { idBytes } from './protocol/limits.js';
import { objectIdOf } from './core/keys/sealed-object.js';

/** Bytes of a key that stand in a bucket. Keys depend on a secret of the account, so nobody can look for two files that share so many. */
const keptKeyBytes = 16;
const rowBytes = keptKeyBytes + idBytes;
const buckets = 1_024;
/** Images of one part: 2 MB while it is made. */
export const partImages = 65_536;
const version = 1;
const stateBytes = 1 + idBytes + 4 + 8;

/** How far an index reaches. */
export interface IndexState {
  /** Names everything of this index, 16 random bytes: a later index shares nothing with an earlier one. */
  readonly generation: Uint8Array;
  readonly parts: number;
  /** Creation time of the newest image in it, milliseconds since the epoch. */
  readonly newest: number;
}

/** One image. `key`: 32 bytes that name its name and its bytes. */
export interface KnownImage {
  readonly key: Uint8Array;
  readonly imageId: ImageId;
}

/** The index of one generation. */
export class KnownIndex {
  constructor(
    private readonly cache: FingerprintCache,
    private readonly state: Pick<IndexState, 'generation' | 'parts'>,
  ) {}

  /** How far the index of this account reaches; undefined where there is none. */
  static async stateOf(cache: FingerprintCache): Promise<IndexState | undefined> {
    const [bytes] = await cache.findSealed([stateName]);
    if (bytes?.length !== stateBytes || bytes[0] !== version) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    return { generation: bytes.slice(1, 1 + idBytes), parts: view.getUint32(1 + idBytes), newest: view.getFloat64(5 + idBytes) };
  }

  /** Written last: an index without it is not there. */
  static async keepState(cache: FingerprintCache, { generation, parts, newest }: IndexState): Promise<void> {
    const time = new Uint8Array(8);
    new DataView(time.buffer).setFloat64(0, newest);
    await cache.keepSealed([[stateName, concat(Uint8Array.of(version), generation, u32(parts), time)]]);
  }

  /** Ids under which the file of this key may lie: what came later first. */
  async find(plainKey: Uint8Array): Promise<readonly ImageId[]> {
    const key = await this.#keyed(plainKey);
    const names = Array.from({ length: this.state.parts }, (_, part) => this.#bucketName(part, bucketOf(key)));
    const [later, ...rows] = await this.cache.findSealed([this.#laterName(key), ...names]);
    const ids = [...idsOf(later ?? new Uint8Array())];
    for (const bucket of rows) if (bucket !== undefined) ids.push(...idsIn(bucket, key));
    return [...new Set(ids)];
  }

  /** Which of these images are in the index as rows of their own. */
  async hasLater(imageIds: readonly ImageId[]): Promise<readonly boolean[]> {
    const found = await this.cache.findSealed(imageIds.map((imageId) => this.#takenName(imageId)));
    return found.map((value) => value !== undefined);
  }

  /** Adds images, each a row of its own. */
  async add(images: readonly KnownImage[]): Promise<void> {
    const names = await Promise.all(images.map(async ({ key }) => this.#laterName(await this.#keyed(key))));
    const before = await this.cache.findSealed(names);
    const packed = new Map<string, [Uint8Array, Uint8Array]>();
    for (const [i, { imageId }] of images.entries()) {
      const name = names[i] ?? new Uint8Array();
      const there = packed.get(hexOf(name))?.[1] ?? before[i];
      packed.set(hexOf(name), [name, concat(objectIdOf(imageId), without(there, imageId))]);
    }
    const taken = images.map(({ imageId }): [Uint8Array, Uint8Array] => [this.#takenName(imageId), Uint8Array.of(version)]);
    await this.cache.keepSealed([...packed.values(), ...taken]);
  }

  /** An image as it stands in a part. */
  async rowOf({ key, imageId }: KnownImage): Promise<Uint8Array> {
    return concat((await this.#keyed(key)).subarray(0, keptKeyBytes), objectIdOf(imageId));
  }

  /** Writes a part that nobody reads yet: at most `partImages` rows of `rowOf`. */
  async writePart(part: number, rows: readonly Uint8Array[]): Promise<void> {
    const filled = new Map<number, Uint8Array[]>();
    for (const row of rows) {
      const bucket = bucketOf(row);
      const there = filled.get(bucket);
      if (there === undefined) filled.set(bucket, [row]);
      else there.push(row);
    }
    await this.cache.keepSealed([...filled].map(([bucket, inside]) => [this.#bucketName(part, bucket), concat(...inside)]));
  }

  #keyed(key: Uint8Array): Promise<Uint8Array> {
    return this.cache.keyed(concat(utf8('known-file/'), key));
  }

  #bucketName(part: number, bucket: number): Uint8Array {
    return concat(utf8('known-part/'), this.state.generation, u32(part), u32(bucket));
  }

  #laterName(key: Uint8Array): Uint8Array {
    return concat(utf8('known-later/'), this.state.generation, key);
  }

  #takenName(imageId: ImageId): Uint8Array {
    return concat(utf8('known-taken/'), this.state.generation, objectIdOf(imageId));
  }
}

const stateName = utf8('known-state');

function bucketOf(key: Uint8Array): number {
  return (((key[0] ?? 0) << 8) | (key[1] ?? 0)) % buckets;
}

function idsIn(bucket: Uint8Array, key: Uint8Array): readonly ImageId[] {
  const ids: ImageId[] = [];
  for (let at = 0; at + rowBytes <= bucket.length; at += rowBytes) {
    if (isEqual(bucket.subarray(at, at + keptKeyBytes), key.subarray(0, keptKeyBytes))) ids.push(idOfBytes<ImageId>(bucket.slice(at + keptKeyBytes, at + rowBytes)));
  }
  return ids;
}

function idsOf(packed: Uint8Array): readonly ImageId[] {
  return Array.from({ length: Math.floor(packed.length / idBytes) }, (_, i) => idOfBytes<ImageId>(packed.slice(i * idBytes, (i + 1) * idBytes)));
}

function without(packed: Uint8Array | undefined, imageId: ImageId): Uint8Array {
  return packed === undefined ? new Uint8Array() : concat(...idsOf(packed).filter((id) => id !== imageId).map(objectIdOf));
}
