/**
 * Images of a large library, sealed in this very thread: split, coded, encrypted, folded and signed by the SDK's own functions, as an
 * upload does it, without looking whether that pays, without looking for originals, and without a network. What they are is decided by
 * their number.
 */
import sharp from 'sharp';
import type { OpenAccount } from '../client-sdk/account.js';
import { contentCoder } from '../client-sdk/coder.js';
import { codeForSealing, fingerprint, sealContent } from '../client-sdk/core/block.js';
import { type ContentRef, foldRefs } from '../client-sdk/core/block-list.js';
import { currentDomain } from '../client-sdk/core/keys/keyring.js';
import { encodeEntry } from '../client-sdk/core/entry.js';
import { splitters } from '../client-sdk/core/image/detect.js';
import { makeKey, sealImagePart, wrapImageKey } from '../client-sdk/core/keys/hierarchy.js';
import { sealManifest } from '../client-sdk/core/keys/signed-manifest.js';
import { packPatches } from '../client-sdk/core/patch-list.js';
import { packedRehashes } from '../client-sdk/core/plan.js';
import { foldSkeleton } from '../client-sdk/core/skeleton.js';
import type { Platform } from '../client-sdk/ports.js';
import type { Commit } from '../client-sdk/protocol/commit-body.js';
import type { BlockFrame } from '../client-sdk/protocol/frames.js';
import { hexOf } from '../client-sdk/protocol/bytes.js';
import { type ImageId, idOfBytes } from '../client-sdk/protocol/ids.js';
import { libraryPicture, libraryTilePixels } from './library-pictures.js';

const picturesPerFolder = 1_000;
const idBytes = 16;

/** An image that is ready to be sent. */
export interface ReadyImage {
  /** Of its blocks those that no image before it had. */
  readonly frames: readonly BlockFrame[];
  readonly commit: Commit;
}

interface Placed {
  readonly ref: ContentRef;
  readonly frame: BlockFrame;
}

/** Seals images of one account. */
export class LibraryImages {
  /** Blocks that were made before, by fingerprint: only the latest, for neighbours share. */
  readonly #placed = new Map<string, Placed>();

  private constructor(
    private readonly platform: Platform,
    private readonly account: OpenAccount,
    private readonly preview: Uint8Array,
  ) {}

  static async of(platform: Platform, account: OpenAccount): Promise<LibraryImages> {
    const preview = await sharp(Buffer.from(libraryPicture(0))).webp({ quality: 50 }).toBuffer();
    return new LibraryImages(platform, account, preview);
  }

  /** Image `number`, added at `now` (milliseconds). Call in ascending order. */
  async make(number: number, now: number): Promise<ReadyImage> {
    const file = libraryPicture(number);
    const { recipe, contents, description } = await taken(file);
    const blocks: (Placed & { readonly isNew: boolean })[] = [];
    const place = async (content: Uint8Array): Promise<ContentRef> => {
      const placed = await this.#place(content);
      blocks.push(placed);
      return placed.ref;
    };
    const { crypto } = this.platform;
    const domains = [currentDomain(this.account.keyring).id];
    const sealSegments = async (segments: readonly Uint8Array[]): Promise<readonly ContentRef[]> => inTurn(segments, place);
    const refs = await inTurn(contents, place);
    const lists = {
      skeleton: await foldSkeleton(recipe.skeleton, domains, sealSegments),
      patches: await foldSkeleton(packPatches(new Map()), domains, sealSegments),
      contents: await foldRefs(refs, domains, sealSegments),
    };
    const fileHash = await crypto.sha256(file);
    const manifest = { ...recipe, ...lists, domains, fileHash, size: file.length, picture: pictureSize, description };
    const distinct = [...new Map(blocks.map(({ frame }) => [hexOf(frame.rehash), frame])).values()];
    const codedBytes = blocks.reduce((sum, { frame }) => sum + frame.cipher.length, 0);
    const name = `photographs/${String(Math.floor(number / picturesPerFolder)).padStart(3, '0')}/picture ${String(number).padStart(6, '0')}.tif`;
    const entry = {
      name, size: file.length, type: 'image/tiff', fileHash, picture: pictureSize, modifiedAt: now - 86_400_000, addedAt: now,
      splitter: recipe.splitter, codedBytes, sentBytes: codedBytes,
    };
    const sealed = await this.#seal(encodeEntry(entry), manifest);
    return { frames: blocks.filter(({ isNew }) => isNew).map(({ frame }) => frame), commit: { ...sealed, tags: packedRehashes(distinct.map(({ rehash }) => rehash)) } };
  }

  async #seal(entry: Uint8Array, manifest: Parameters<typeof sealManifest>[2]['manifest']): Promise<Omit<Commit, 'tags'>> {
    const { crypto, randomBytes } = this.platform;
    const { record, accountKey, identity } = this.account;
    const place = { accountId: record.accountId, imageId: idOfBytes<ImageId>(randomBytes(idBytes)) };
    const imageKey = makeKey(randomBytes);
    return {
      imageId: place.imageId,
      wrappedKey: await wrapImageKey(crypto, { ...place, accountKey }, { imageKey, randomBytes }),
      entry: await sealImagePart(crypto, { ...place, imageKey, part: 'entry' }, { plaintext: entry, randomBytes }),
      manifest: await sealManifest(crypto, { ...place, imageKey }, { manifest, identity, randomBytes }),
      preview: await sealImagePart(crypto, { ...place, imageKey, part: 'preview' }, { plaintext: this.preview, randomBytes }),
    };
  }

  async #place(content: Uint8Array): Promise<Placed & { readonly isNew: boolean }> {
    const { crypto } = this.platform;
    const domain = currentDomain(this.account.keyring);
    const of = await fingerprint(crypto, content);
    const known = this.#placed.get(hexOf(of));
    if (known !== undefined) {
      this.#remember(hexOf(of), known);
      return { ...known, isNew: false };
    }
    const { cipher, tag, rehash, code, key } = await sealContent(crypto, domain, { fingerprint: of, coded: codeForSealing(contentCoder, content) });
    const placed: Placed = { ref: { kind: 'block', tag, key, domain: domain.id }, frame: { kind: 'block', rehash, code, cipher } };
    this.#remember(hexOf(of), placed);
    return { ...placed, isNew: true };
  }

  #remember(key: string, placed: Placed): void {
    this.#placed.delete(key);
    this.#placed.set(key, placed);
    const [oldest] = this.#placed.keys();
    if (this.#placed.size > 1_000 && oldest !== undefined) this.#placed.delete(oldest);
  }
}

const pictureSize = { width: 96, height: 32 };

/** What the splitter of pictures makes of the file. */
async function taken(file: Uint8Array): Promise<{ readonly recipe: Awaited<ReturnType<Awaited<ReturnType<typeof splitAlone>>['recipe']>>; readonly contents: readonly Uint8Array[]; readonly description: string }> {
  const split = await splitAlone(file);
  const contents: Uint8Array[] = [];
  for await (const content of split.contents()) contents.push(content);
  const recipe = await split.recipe();
  split.close?.();
  return { recipe, contents, description: split.description };
}

async function splitAlone(file: Uint8Array) {
  const source = { size: file.length, read: (offset: number, length: number) => Promise.resolve(Uint8Array.from(file.subarray(offset, offset + length))) };
  const split = await splitters.raster.split(source, { kind: 'tile', tilePixels: libraryTilePixels }, 'quick');
  if (split === undefined) throw new Error('the splitter does not know a picture of the bench');
  return split;
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<readonly R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
