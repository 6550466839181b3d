/**
 * A small store whose every byte is known, copied and damaged again and again: after each damage it is opened, read, scrubbed, checked, healed and rebuilt with
 * the product's own means, and held against what was stored. Throws where a promise is broken; answers how it went.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { checkStore } from '../../server/core/check.js';
import { makeParity } from '../../server/core/parity.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { defaultPolicy } from '../../server/core/services.js';
import { DataDirectoryError } from '../../server/data-directory.js';
import { openStore, type OpenedStore, type Purpose } from '../../server/open-store.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { blockOf, commitOf, framesOf, hereAndTrusted, randomId, registrationOf } from './core-store.js';
import { flip, rotFile, rotPacks, seeded, type FileRotKind, type RotKind } from './file-rot.js';
import type { RawBlock } from './raw-account.js';

/** An image as it was stored. */
interface Stored {
  readonly accountId: AccountId;
  readonly imageId: ImageId;
  readonly blocks: readonly RawBlock[];
  readonly manifest: Uint8Array;
  readonly preview: Uint8Array;
}

/** What is damaged. `log`: the write-ahead log of a database whose machine stopped. */
export type RotTarget = 'packs' | 'database' | 'log';

/**
 * How a round went. `harmless`: nothing that is stored was met by it; `healed`: everything is there again; `named`: damage that only another upload or a backup heals, with its images;
 * `refused`: the store said what is wrong and the way out, and a rebuild brought everything back; `rebuilt`: it could be opened, and a rebuild brought everything back.
 */
export type RotOutcome = 'harmless' | 'healed' | 'named' | 'refused' | 'rebuilt';

const policy = { ...defaultPolicy, trashMs: 0, graceMs: 0 };
/** Bytes that a seed makes: what rot meets is the same in every run. */
const bytesFrom = (seed: number, length: number): Uint8Array => {
  const below = seeded(seed);
  return Uint8Array.from({ length }, () => below(256));
};

export class RottingStore {
  readonly #images: Stored[] = [];
  #rounds = 0;

  private constructor(private readonly folder: string) {}

  /** Makes the store in `folder`: three packs, two accounts, equal copies, and a database that was closed; and the same with one that was not. `parityPercent`: of the first two packs. */
  static async make(folder: string, parityPercent = 0): Promise<RottingStore> {
    const made = new RottingStore(folder);
    await made.#fill(1);
    await made.#fill(2);
    if (parityPercent > 0) await made.#protect(parityPercent);
    cpSync(made.#path('live'), made.#path('closed'), { recursive: true });
    await made.#fill(3);
    return made;
  }

  /** Damages a copy and goes through everything. Throws where a promise is broken. */
  round(seed: number, target: RotTarget, kind: RotKind): Promise<RotOutcome> {
    return this.#judged(target, (directory) => `seed ${String(seed)}, ${damage(directory, { target, kind, seed })}`);
  }

  /** The same with one bit of a record of an image, which random places seldom meet. */
  recordRound(type: 'manifest' | 'preview'): Promise<RotOutcome> {
    return this.#judged('packs', async (directory) => {
      const { file, at } = await middleOf(directory, { image: this.#images[0], type });
      flip(file, at);
      return `a bit of a ${type} flipped`;
    });
  }

  async #judged(target: RotTarget, rot: (directory: string) => string | Promise<string>): Promise<RotOutcome> {
    const directory = this.#path(`round-${String(++this.#rounds)}`);
    cpSync(this.#path(target === 'log' ? 'stopped' : 'closed'), directory, { recursive: true });
    const what = await rot(directory);
    const images = target === 'log' ? this.#images : this.#images.filter(({ blocks }) => blocks.length !== lateBlocks);
    try {
      return await new Round(directory, images, target).run();
    } catch (error) {
      throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  }

  #path(name: string): string {
    return path.join(this.folder, name);
  }

  async #protect(percent: number): Promise<void> {
    const store = await open(this.#path('live'), { kind: 'administer' });
    await makeParity(store.parts, { percent, onRead: () => Promise.resolve() });
    await store.close();
  }

  async #fill(session: number): Promise<void> {
    mkdirSync(this.#path('live'), { recursive: true });
    const store = await open(this.#path('live'), { kind: 'serve', realm: 'localhost', isSharedConfirmed: false });
    const people = [registrationOf(`ada-${String(session)}`), registrationOf(`bob-${String(session)}`)];
    for (const person of people) await store.services.accounts.register(person, hereAndTrusted);
    const shared = blockOf(bytesFrom(1, 9_000));
    for (const [at, { accountId }] of [...people, ...people].entries()) {
      const count = session === 3 ? lateBlocks - 1 : 4 + at;
      const own = Array.from({ length: count }, (_, n) => blockOf(bytesFrom(1_000 * session + 100 * at + n, 300 + 2_500 * n)));
      this.#images.push(await storeImage(store, accountId, [...own, shared]));
    }
    if (session === 3) cpSync(this.#path('live'), this.#path('stopped'), { recursive: true, filter: (file) => !/-shm$|lock\.sqlite/.test(file) });
    await store.close();
  }
}

/** Images of the last session have so many blocks; no other has. */
const lateBlocks = 11;

function open(directory: string, purpose: Purpose): Promise<OpenedStore> {
  return openStore({ directory, policy, purpose });
}

async function storeImage({ services }: OpenedStore, accountId: AccountId, blocks: readonly RawBlock[]): Promise<Stored> {
  const { uploadId } = await services.uploads.begin(accountId);
  await services.blocks.receive({ accountId, uploadId }, framesOf(blocks));
  const imageId = randomId<ImageId>();
  const commit = commitOf(imageId, blocks);
  const [result] = await services.uploads.commit({ accountId, uploadId }, [commit]);
  if (result?.status !== 'stored') throw new Error('the image was not stored');
  await services.uploads.end({ accountId, uploadId });
  return { accountId, imageId, blocks, manifest: commit.manifest, preview: commit.preview ?? new Uint8Array() };
}

function damage(directory: string, { target, kind, seed }: { readonly target: RotTarget; readonly kind: RotKind; readonly seed: number }): string {
  const below = seeded(seed);
  if (target === 'packs') return rotPacks(path.join(directory, 'packs'), kind, below);
  // The folder as a whole is the packs' alone.
  return rotFile(path.join(directory, target === 'log' ? 'dice.db-wal' : 'dice.db'), kind as FileRotKind, below);
}

/** The middle of a record's payload, in its file. */
async function middleOf(directory: string, { image, type }: { readonly image: Stored | undefined; readonly type: 'manifest' | 'preview' }): Promise<{ readonly file: string; readonly at: number }> {
  const store = await open(directory, { kind: 'administer' });
  try {
    const { blocks, images } = store.parts.stores;
    const row = image === undefined ? undefined : await images.find(image.accountId, image.imageId);
    const place = type === 'manifest' ? row?.manifestPlace : row?.preview?.place;
    if (place === undefined) throw new Error(`the image has no ${type}`);
    const file = path.join(directory, 'packs', `pack-${String(place.pack).padStart(10, '0')}.dice`);
    return { file, at: place.offset + blocks.recordOverheadBytes + (place.length >> 1) };
  } finally {
    await store.close();
  }
}

/** One damaged copy of the store. */
class Round {
  constructor(private readonly directory: string, private readonly images: readonly Stored[], private readonly target: RotTarget) {}

  async run(): Promise<RotOutcome> {
    const first = await this.clearly(() => this.look());
    if (first === 'refused') {
      await this.rebuild();
      return 'refused';
    }
    if (first.broken.size === 0) return first.isRepaired ? 'healed' : 'harmless';
    if (this.target === 'packs') {
      await this.uploadAgain(first.broken);
      return 'named';
    }
    await this.rebuild();
    return 'rebuilt';
  }

  /** Reads, scrubs, checks, reads: what is not whole afterwards must be named, or the store held or said to be malformed. */
  private async look(): Promise<{ readonly broken: ReadonlySet<string>; readonly isRepaired: boolean }> {
    return this.with({ kind: 'administer' }, async (store) => {
      await this.readAll(store);
      const named = new Set<string>();
      const scrub = await scrubStore(store.parts, {
        onLost: ({ images }) => { for (const { imageId } of images) named.add(imageId); },
        onLostRecord: ({ imageId, accountId }) => { named.add(imageId ?? accountId); },
      });
      const broken = await this.readAll(store);
      const malformed: string[] = [];
      const check = await checkStore(store.parts, {
        onFinding: (finding) => {
          if (finding.kind === 'index-malformed') malformed.push(finding.what);
          else if ('images' in finding) for (const { imageId } of finding.images) named.add(imageId);
          else named.add('imageId' in finding ? finding.imageId : finding.accountId);
        },
      });
      for (const { imageId, accountId } of check.unknown) named.add(imageId ?? accountId);
      const isHeld = await store.parts.stores.state.isHeld();
      const silent = [...broken].filter((imageId) => !named.has(imageId));
      if (silent.length > 0 && malformed.length === 0 && !isHeld) throw new Error(`image(s) ${silent.join(' ')} are not whole, and nothing says so`);
      const isRepaired = scrub.repairedTags + scrub.repairedCodes + scrub.repairedRehashes + scrub.mendedKeys + scrub.healedCiphers + scrub.droppedCopies + scrub.repairedAccounts + scrub.repairedImages + scrub.healedPacks > 0;
      return { broken, isRepaired: isRepaired || malformed.length > 0 };
    });
  }

  /** The images that are not whole. Throws where a wrong byte is served. */
  private async readAll(store: OpenedStore): Promise<ReadonlySet<string>> {
    const broken = new Set<string>();
    for (const image of this.images) if (!(await isWhole(store, image))) broken.add(image.imageId);
    return broken;
  }

  /** What is not whole is sent again, as an image of its own: blocks heal. Records do not, so the image itself may stay damaged. */
  private async uploadAgain(broken: ReadonlySet<string>): Promise<void> {
    await this.with({ kind: 'administer' }, async (store) => {
      for (const { accountId, imageId, blocks } of this.images) {
        if (!broken.has(imageId)) continue;
        const again = await storeImage(store, accountId, blocks);
        if (!(await isWhole(store, again))) throw new Error('an image that was sent again is not whole');
        const missing = await missingBlocks(store, { accountId, imageId, blocks });
        if (missing > 0) throw new Error(`${String(missing)} block(s) of image ${imageId} are still damaged after they were sent again`);
      }
      await store.parts.stores.state.setHeld(false);
      await store.services.sweep.sweep({ isThorough: true });
      await this.readAll(store);
    });
  }

  /** From undamaged packs a rebuild brings back everything. */
  private async rebuild(): Promise<void> {
    await this.with({ kind: 'rebuild', isAnew: false }, async (store) => {
      const { incomplete } = await rebuildStore(store.parts);
      const broken = await this.readAll(store);
      if (incomplete.length + broken.size > 0) throw new Error(`a rebuild did not bring back image(s) ${[...broken, ...incomplete.map(({ imageId }) => imageId)].join(' ')}`);
      if (!(await store.parts.stores.state.isHeld())) throw new Error('a rebuilt store is not held');
    });
  }

  private async with<T>(purpose: Purpose, work: (store: OpenedStore) => Promise<T>): Promise<T> {
    const store = await open(this.directory, purpose);
    let result: T;
    try {
      result = await work(store);
    } catch (error) {
      // What failed is told, not what closing then says.
      await store.close().catch(() => undefined);
      throw error;
    }
    await store.close();
    return result;
  }

  /** `refused` where the store says what is wrong, in a sentence with the file and the way out. */
  private async clearly<T>(work: () => Promise<T>): Promise<T | 'refused'> {
    try {
      return await work();
    } catch (error) {
      const isClear = error instanceof DataDirectoryError || error instanceof CorruptionError || error instanceof StorageError;
      if (isClear && this.target !== 'packs' && error.message.includes(this.directory) && error.message.includes('rebuild-index')) return 'refused';
      throw error;
    }
  }
}

/** Throws where what is served is not what was stored. */
async function isWhole(store: OpenedStore, image: Stored): Promise<boolean> {
  const { accountId, imageId, manifest, preview } = image;
  const read = await orDamaged(() => store.services.images.read(accountId, imageId));
  if (read !== undefined && !isEqual(read.manifest, manifest)) throw new Error(`another manifest is served for image ${imageId}`);
  const seen = await orDamaged(() => store.services.images.preview(accountId, imageId));
  if (seen !== undefined && !isEqual(seen, preview)) throw new Error(`another preview is served for image ${imageId}`);
  return read !== undefined && seen !== undefined && (await missingBlocks(store, image)) === 0;
}

async function missingBlocks({ services }: OpenedStore, { accountId, imageId, blocks }: Pick<Stored, 'accountId' | 'imageId' | 'blocks'>): Promise<number> {
  let missing = 0;
  for (const block of blocks) {
    const frames = await orDamaged(() => services.blocks.fetch(accountId, imageId, [block.tag]));
    if (frames === undefined) missing++;
    else for await (const frame of frames) {
      if (frame.kind !== 'block') missing++;
      else if (!isEqual(frame.cipher, block.cipher) || frame.code !== block.code) throw new Error(`a wrong byte is served in block ${hexOf(block.rehash)}`);
    }
  }
  return missing;
}

/** Undefined where it is refused or damaged; a damaged database is for the caller. */
async function orDamaged<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Refusal || (error instanceof CorruptionError && !error.message.includes('rebuild-index'))) return undefined;
    throw error;
  }
}
