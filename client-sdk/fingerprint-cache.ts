/**
 * What this account has stored before: fingerprint to tag and length, so that a content that was met needs neither
 * coding nor sealing. Keys are HMACs, values are sealed in pages, all bound to server, account and domain; the store that holds
 * them learns how much there is, and what came together. Existence is asked all the same. SPEC.md section 8.
 */
import type { OpenAccount } from './account.js';
import { type CacheEntry, CachePages } from './cache-pages.js';
import type { Domain } from './core/domain.js';
import { deriveKey, subkey } from './core/hkdf.js';
import type { Anchor } from './core/image/anchors.js';
import { objectIdOf } from './core/keys/sealed-object.js';
import type { CacheStore, Platform } from './ports.js';
import { concat, u32, utf8 } from './protocol/bytes.js';
import { asTag, idOfBytes, type ImageId, type Tag, type UploadId } from './protocol/ids.js';
import { hashBytes, idBytes } from './protocol/limits.js';

/** A block that was stored under this fingerprint. */
export interface CachedBlock {
  readonly tag: Tag;
  readonly cipherBytes: number;
}

/** What is worth remembering of a picture. */
export interface RememberedImage {
  readonly imageId: ImageId;
  readonly domain: Domain;
  readonly blocks: readonly (CachedBlock & { readonly fingerprint: Uint8Array })[];
  readonly anchors: readonly Anchor[];
}

/** Where an anchor was met. */
export interface CachedAnchor {
  readonly imageId: ImageId;
  readonly anchor: Anchor;
}

interface CacheParts {
  readonly platform: Platform;
  readonly store: CacheStore;
  readonly pages: CachePages;
  readonly indexKey: Uint8Array;
}

/** The cache of one account on one server, over the platform's store. */
export class FingerprintCache {
  /** Keys of arrays that were asked about before: a file asks about each of its fingerprints and anchors several times. */
  readonly #keys = new Map<string, WeakMap<Uint8Array, Uint8Array>>();

  private constructor(private readonly parts: CacheParts) {}

  /** Opens it, or undefined where the platform keeps none. */
  static async open(platform: Platform, serverId: string, account: OpenAccount): Promise<FingerprintCache | undefined> {
    if (platform.openCache === undefined) return undefined;
    const store = await platform.openCache({ serverId, accountId: account.record.accountId });
    const cacheKey = await subkey(platform.crypto, account.accountKey, 'cache');
    const indexKey = await deriveKey(platform.crypto, cacheKey, utf8(`dice/1/cache-index/${serverId}`));
    const sealingKey = await deriveKey(platform.crypto, cacheKey, utf8(`dice/1/cache-seal/${serverId}`));
    return new FingerprintCache({ platform, store, indexKey, pages: new CachePages({ platform, store, account, sealingKey }) });
  }

  /** What is known of each fingerprint, in order. */
  async find(domain: Domain, fingerprints: readonly Uint8Array[]): Promise<readonly (CachedBlock | undefined)[]> {
    return (await this.parts.pages.find(await this.#keysOf(domain.id, fingerprints))).map(cachedBlock);
  }

  /** In which picture each anchor was met, in order. */
  async findAnchors(anchors: readonly Anchor[]): Promise<readonly (CachedAnchor | undefined)[]> {
    const hashes = anchors.map(({ hash }) => hash);
    const values = await this.parts.pages.find(await this.#keysOf('anchor', hashes));
    return hashes.map((hash, i) => cachedAnchor(hash, values[i]));
  }

  /** Remembers blocks and anchors of a picture whose commit was acknowledged. */
  async remember(image: RememberedImage): Promise<void> {
    const { imageId, domain, blocks, anchors } = image;
    const blockKeys = await this.#keysOf(domain.id, blocks.map(({ fingerprint }) => fingerprint));
    const anchorKeys = await this.#keysOf('anchor', anchors.map(({ hash }) => hash));
    const id = objectIdOf(imageId);
    await this.parts.pages.put([
      ...entriesOf(blockKeys, blocks.map(({ tag, cipherBytes }) => concat(tag, u32(cipherBytes)))),
      ...entriesOf(anchorKeys, anchors.map(({ x, y, orientation }) => concat(id, u32(x), u32(y), Uint8Array.of(orientation)))),
    ]);
  }

  /** Values that were kept under these names, in order: by `keepSealed`, of this account. */
  async findSealed(names: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    return this.parts.pages.find(await Promise.all(names.map((name) => this.keyed(name))));
  }

  /** Keeps values under names that no other kind of entry has. */
  async keepSealed(entries: readonly (readonly [name: Uint8Array, value: Uint8Array])[]): Promise<void> {
    const sealed: CacheEntry[] = [];
    for (const [name, value] of entries) sealed.push({ key: await this.keyed(name), value });
    await this.parts.pages.put(sealed);
  }

  /** Changes the value under such a name in one step; undefined leaves it as it is. */
  async changeSealed(name: Uint8Array, to: (now: Uint8Array | undefined) => Uint8Array | undefined): Promise<void> {
    await this.parts.pages.change(await this.keyed(name), to);
  }

  /** HMAC of `name` under a secret of this account and server. */
  async keyed(name: Uint8Array): Promise<Uint8Array> {
    return await this.parts.platform.crypto.hmacSha256(this.parts.indexKey, name);
  }

  /** The upload session that an earlier run left behind: its pins are what makes a repeated upload send little. */
  async openUpload(): Promise<UploadId | undefined> {
    const [plaintext] = await this.parts.pages.find(await this.#keysOf('upload', [new Uint8Array()]));
    return plaintext?.length === idBytes ? idOfBytes<UploadId>(plaintext) : undefined;
  }

  /** Remembers the upload session of this run, or that it has ended. */
  async keepUpload(uploadId: UploadId | undefined): Promise<void> {
    const keys = await this.#keysOf('upload', [new Uint8Array()]);
    await this.parts.pages.put(entriesOf(keys, [uploadId === undefined ? new Uint8Array() : objectIdOf(uploadId)]));
  }

  erase(): Promise<void> {
    return this.parts.store.erase();
  }

  close(): Promise<void> {
    return this.parts.store.close();
  }

  /** `kind` is the id of a domain, or what else is kept. */
  async #keysOf(kind: string, arrays: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const known = this.#keys.get(kind) ?? new WeakMap<Uint8Array, Uint8Array>();
    this.#keys.set(kind, known);
    const label = utf8(`${kind}/`);
    const keys: Uint8Array[] = [];
    for (const array of arrays) {
      const key = known.get(array) ?? (await this.keyed(concat(label, array)));
      known.set(array, key);
      keys.push(key);
    }
    return keys;
  }
}

function entriesOf(keys: readonly Uint8Array[], values: readonly Uint8Array[]): readonly CacheEntry[] {
  return keys.flatMap((key, i) => (values[i] === undefined ? [] : [{ key, value: values[i] }]));
}

function cachedBlock(value: Uint8Array | undefined): CachedBlock | undefined {
  if (value?.length !== hashBytes + 4) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return { tag: asTag(value.slice(0, hashBytes)), cipherBytes: view.getUint32(hashBytes) };
}

function cachedAnchor(hash: Uint8Array, place: Uint8Array | undefined): CachedAnchor | undefined {
  if (place?.length !== idBytes + 9) return undefined;
  const view = new DataView(place.buffer, place.byteOffset, place.byteLength);
  const anchor = { hash, x: view.getUint32(idBytes), y: view.getUint32(idBytes + 4), orientation: view.getUint8(idBytes + 8) };
  return { imageId: idOfBytes<ImageId>(place.slice(0, idBytes)), anchor };
}
