/**
 * What this account has stored before: fingerprint to tag and length, so that a content that was met needs neither
 * coding nor sealing. Keys are HMACs, values are sealed, all bound to server, account and domain; the store that holds
 * them learns nothing. Existence is asked all the same. SPEC.md section 8.
 */
import type { OpenAccount } from './account.js';
import type { Domain } from './core/domain.js';
import { DiceError } from './core/errors.js';
import { deriveKey, subkey } from './core/hkdf.js';
import type { Anchor } from './core/image/anchors.js';
import { objectIdOf, open, seal } from './core/keys/sealed-object.js';
import type { CacheStore, Platform } from './ports.js';
import { concat, u32, utf8 } from './protocol/bytes.js';
import { asTag, idOfBytes, type ImageId, type Tag, type UploadId } from './protocol/ids.js';
import { hashBytes, idBytes } from './protocol/limits.js';

/** A block that was stored under this fingerprint. */
export interface CachedBlock {
  readonly tag: Tag;
  readonly cipherBytes: number;
}

/** Where an anchor was met. */
export interface CachedAnchor {
  readonly imageId: ImageId;
  readonly anchor: Anchor;
}

interface CacheKeys {
  readonly index: Uint8Array;
  readonly sealing: Uint8Array;
}

interface CacheParts {
  readonly platform: Platform;
  readonly store: CacheStore;
  readonly account: OpenAccount;
  readonly keys: CacheKeys;
}

/** The cache of one account on one server, over the platform's store. */
export class FingerprintCache {
  private constructor(private readonly parts: CacheParts) {}

  /** Opens it, or undefined where the platform keeps none. */
  static async open(platform: Platform, serverId: string, account: OpenAccount): Promise<FingerprintCache | undefined> {
    if (platform.openCache === undefined) return undefined;
    const store = await platform.openCache({ serverId, accountId: account.record.accountId });
    const cacheKey = await subkey(platform.crypto, account.accountKey, 'cache');
    const index = await deriveKey(platform.crypto, cacheKey, utf8(`dice/1/cache-index/${serverId}`));
    const sealing = await deriveKey(platform.crypto, cacheKey, utf8(`dice/1/cache-seal/${serverId}`));
    return new FingerprintCache({ platform, store, account, keys: { index, sealing } });
  }

  /** What is known of each fingerprint, in order. */
  async find(domain: Domain, fingerprints: readonly Uint8Array[]): Promise<readonly (CachedBlock | undefined)[]> {
    const keys = await this.#keysOf(domain, fingerprints);
    const values = await this.parts.store.get(keys);
    return Promise.all(keys.map((key, i) => this.#open(key, values[i])));
  }

  /** Remembers blocks whose commit was acknowledged. */
  async remember(domain: Domain, blocks: readonly (CachedBlock & { readonly fingerprint: Uint8Array })[]): Promise<void> {
    const keys = await this.#keysOf(domain, blocks.map((block) => block.fingerprint));
    const entries: [Uint8Array, Uint8Array][] = [];
    for (const [i, block] of blocks.entries()) {
      const key = keys[i];
      if (key !== undefined) entries.push([key, await this.#seal(key, block)]);
    }
    await this.parts.store.put(entries);
  }

  /** In which picture each anchor was met, in order. */
  async findAnchors(anchors: readonly Anchor[]): Promise<readonly (CachedAnchor | undefined)[]> {
    const keys = await Promise.all(anchors.map((anchor) => this.#anchorKey(anchor)));
    const values = await this.parts.store.get(keys);
    return Promise.all(anchors.map(async ({ hash }, i) => cachedAnchor(hash, await this.#opened(keys[i] ?? hash, values[i]))));
  }

  /** Remembers the anchors of a picture whose commit was acknowledged. */
  async rememberAnchors(imageId: ImageId, anchors: readonly Anchor[]): Promise<void> {
    const entries: [Uint8Array, Uint8Array][] = [];
    for (const anchor of anchors) {
      const key = await this.#anchorKey(anchor);
      const place = concat(objectIdOf(imageId), u32(anchor.x), u32(anchor.y), Uint8Array.of(anchor.orientation));
      entries.push([key, await this.#sealed(key, place)]);
    }
    await this.parts.store.put(entries);
  }

  /** Values that were kept under these names, in order: by `keepSealed`, of this account. */
  async findSealed(names: readonly Uint8Array[]): Promise<readonly (Uint8Array | undefined)[]> {
    const keys = await Promise.all(names.map((name) => this.keyed(name)));
    const values = await this.parts.store.get(keys);
    return Promise.all(keys.map((key, i) => this.#opened(key, values[i])));
  }

  /** Keeps values under names that no other kind of entry has. */
  async keepSealed(entries: readonly (readonly [name: Uint8Array, value: Uint8Array])[]): Promise<void> {
    const sealed: [Uint8Array, Uint8Array][] = [];
    for (const [name, value] of entries) {
      const key = await this.keyed(name);
      sealed.push([key, await this.#sealed(key, value)]);
    }
    await this.parts.store.put(sealed);
  }

  /** HMAC of `name` under a secret of this account and server. */
  async keyed(name: Uint8Array): Promise<Uint8Array> {
    return await this.parts.platform.crypto.hmacSha256(this.parts.keys.index, name);
  }

  /** The upload session that an earlier run left behind: its pins are what makes a repeated upload send little. */
  async openUpload(): Promise<UploadId | undefined> {
    const key = await this.#uploadKey();
    const [sealed] = await this.parts.store.get([key]);
    const plaintext = await this.#opened(key, sealed);
    return plaintext?.length === idBytes ? idOfBytes<UploadId>(plaintext) : undefined;
  }

  /** Remembers the upload session of this run, or that it has ended. */
  async keepUpload(uploadId: UploadId | undefined): Promise<void> {
    const key = await this.#uploadKey();
    await this.parts.store.put([[key, await this.#sealed(key, uploadId === undefined ? new Uint8Array() : objectIdOf(uploadId))]]);
  }

  erase(): Promise<void> {
    return this.parts.store.erase();
  }

  close(): Promise<void> {
    return this.parts.store.close();
  }

  async #keysOf(domain: Domain, fingerprints: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const label = utf8(`${domain.id}/`);
    const keys: Uint8Array[] = [];
    for (const fingerprint of fingerprints) keys.push(await this.parts.platform.crypto.hmacSha256(this.parts.keys.index, concat(label, fingerprint)));
    return keys;
  }

  #context(objectId: Uint8Array) {
    return { purpose: 'cache', accountId: this.parts.account.record.accountId, objectId, revision: 0 } as const;
  }

  async #uploadKey(): Promise<Uint8Array> {
    return this.keyed(utf8('upload'));
  }

  async #anchorKey({ hash }: Anchor): Promise<Uint8Array> {
    return this.keyed(concat(utf8('anchor/'), hash));
  }

  #seal(objectId: Uint8Array, { tag, cipherBytes }: CachedBlock): Promise<Uint8Array> {
    return this.#sealed(objectId, concat(tag, u32(cipherBytes)));
  }

  #sealed(objectId: Uint8Array, plaintext: Uint8Array): Promise<Uint8Array> {
    const { crypto, randomBytes } = this.parts.platform;
    return seal(crypto, { key: this.parts.keys.sealing, context: this.#context(objectId), plaintext, randomBytes });
  }

  async #open(objectId: Uint8Array, sealed: Uint8Array | undefined): Promise<CachedBlock | undefined> {
    const plaintext = await this.#opened(objectId, sealed);
    if (plaintext?.length !== hashBytes + 4) return undefined;
    const view = new DataView(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength);
    return { tag: asTag(plaintext.slice(0, hashBytes)), cipherBytes: view.getUint32(hashBytes) };
  }

  /** A value that does not open is one that somebody changed or another version wrote: not known. */
  async #opened(objectId: Uint8Array, sealed: Uint8Array | undefined): Promise<Uint8Array | undefined> {
    if (sealed === undefined) return undefined;
    try {
      return await open(this.parts.platform.crypto, { key: this.parts.keys.sealing, context: this.#context(objectId), sealed });
    } catch (thrown) {
      if (thrown instanceof DiceError) return undefined;
      throw thrown;
    }
  }
}

function cachedAnchor(hash: Uint8Array, place: Uint8Array | undefined): CachedAnchor | undefined {
  if (place?.length !== idBytes + 9) return undefined;
  const view = new DataView(place.buffer, place.byteOffset, place.byteLength);
  const anchor = { hash, x: view.getUint32(idBytes), y: view.getUint32(idBytes + 4), orientation: view.getUint8(idBytes + 8) };
  return { imageId: idOfBytes<ImageId>(place.slice(0, idBytes)), anchor };
}
