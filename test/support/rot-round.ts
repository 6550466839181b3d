/**
 * One round of damage: a damaged copy of a store is swept, read, scrubbed, checked, healed and rebuilt with the product's own means, and held against what was stored.
 */
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { checkStore } from '../../server/core/check.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { repairsOf } from '../../server/core/scrub-progress.js';
import { scrubStore } from '../../server/core/scrub.js';
import { defaultPolicy } from '../../server/core/services.js';
import { DataDirectoryError } from '../../server/data-directory.js';
import { openStore, type OpenedStore, type Purpose } from '../../server/open-store.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { storeThrough } from './core-store.js';
import type { RawBlock } from './raw-account.js';
import { accountTold, isWhole, missingBlocks, type StoredAccount, type StoredImage } from './rot-witness.js';

/** What is damaged. `log`: the write-ahead log of a database whose machine stopped. `swept`: the database of a store that is swept thoroughly before anything else looks at it. */
export type RotTarget = 'packs' | 'database' | 'log' | 'swept';

/**
 * How a round went. `harmless`: nothing that is stored was met by it; `healed`: everything is there again; `named`: damage that only another upload or a backup heals, with its images;
 * `refused`: the store said what is wrong and the way out, and a rebuild brought everything back; `rebuilt`: it could be opened, and a rebuild brought everything back.
 */
export type RotOutcome = 'harmless' | 'healed' | 'named' | 'refused' | 'rebuilt';

const policy = { ...defaultPolicy, trashMs: 0, graceMs: 0 };
/** Opens a store that keeps nothing for a while. */
export function open(directory: string, purpose: Purpose): Promise<OpenedStore> {
  return openStore({ directory, policy, purpose });
}

/** Stores an image of `blocks`. */
export async function storeImage({ services }: OpenedStore, accountId: AccountId, blocks: readonly RawBlock[]): Promise<StoredImage> {
  const { imageId, wrappedKey, entry, manifest, preview = new Uint8Array() } = await storeThrough(services, accountId, blocks);
  return { accountId, imageId, blocks, wrappedKey, entry, manifest, preview };
}

/** What a damaged copy of the store is held against. `isLiveTouched`: a byte of a pack that a row names is another one. */
export interface Judged {
  readonly images: readonly StoredImage[];
  readonly accounts: readonly StoredAccount[];
  readonly target: RotTarget;
  readonly isLiveTouched: boolean;
}

/** What reading, scrubbing and checking a damaged copy told. `isNoticed`: something was put right, named, or said to be damaged. */
interface Look {
  readonly broken: ReadonlySet<string>;
  readonly isRepaired: boolean;
  readonly isNoticed: boolean;
}

/** One damaged copy of the store. */
export class Round {
  constructor(private readonly directory: string, private readonly judged: Judged) {}

  async run(): Promise<RotOutcome> {
    const { target, isLiveTouched } = this.judged;
    const first = await this.clearly(async () => {
      if (target === 'swept') await this.sweep();
      return this.look();
    });
    if (first === 'refused') {
      await this.rebuild();
      return 'refused';
    }
    if (isLiveTouched && !first.isNoticed) throw new Error('bytes that rows name are damaged, and nothing noticed it');
    if (first.broken.size === 0) {
      if (target === 'swept') await this.sweepAgain();
      return first.isRepaired ? 'healed' : 'harmless';
    }
    if (target === 'packs') {
      await this.uploadAgain(first.broken);
      return 'named';
    }
    await this.rebuild();
    return 'rebuilt';
  }

  /** A thorough sweep, which may refuse a held store, and may leave packs because of the damage. */
  private async sweep(): Promise<void> {
    await this.with({ kind: 'administer' }, async (store) => {
      try {
        await store.services.sweep.sweep({ isThorough: true });
      } catch (error) {
        const hasDoneAllElse = error instanceof CorruptionError && error.message.startsWith('The sweep did all else');
        if (!hasDoneAllElse && !(error instanceof Refusal)) throw error;
      }
    });
  }

  /** What a scrub put right is swept once more. */
  private async sweepAgain(): Promise<void> {
    await this.sweep();
    const broken = await this.with({ kind: 'administer' }, (store) => this.readAll(store));
    if (broken.size > 0) throw new Error(`a sweep after the scrub lost ${[...broken].join(' ')}`);
  }

  /** Reads, scrubs, checks, reads: what is not whole afterwards must be named, or the index held or said to be malformed. */
  private async look(): Promise<Look> {
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
      const silent = [...broken].filter((id) => !named.has(id));
      // Rotten packs excuse nothing: the index is sound, and knows what they hold.
      const isExcused = this.judged.target !== 'packs' && (malformed.length > 0 || (await store.parts.stores.state.isHeld()));
      if (silent.length > 0 && !isExcused) throw new Error(`${silent.join(' ')} is not whole, and nothing says so`);
      const isRepaired = repairsOf({ ...scrub, remadeParity: 0 }) > 0 || malformed.length > 0;
      return { broken, isRepaired, isNoticed: isRepaired || check.findings + scrub.lost + scrub.lostRecords > 0 };
    });
  }

  /** The images and accounts that are not whole. Throws where a wrong byte is served. */
  private async readAll(store: OpenedStore): Promise<ReadonlySet<string>> {
    const broken = new Set<string>();
    for (const image of this.judged.images) if (!(await isWhole(store, image))) broken.add(image.imageId);
    for (const { accountId, told } of this.judged.accounts) if ((await accountTold(store, accountId)) !== told) broken.add(accountId);
    return broken;
  }

  /** What is not whole is sent again, as an image of its own: blocks heal. Records do not, so the image itself may stay damaged. */
  private async uploadAgain(broken: ReadonlySet<string>): Promise<void> {
    await this.with({ kind: 'administer' }, async (store) => {
      for (const { accountId, imageId, blocks } of this.judged.images) {
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

  /** From undamaged packs a rebuild brings back everything: over the index that is there, or, where it leaves rows as they are or cannot open it, anew. */
  private async rebuild(): Promise<void> {
    const first = await this.rebuilt(false).catch((error: unknown) => ((error instanceof StorageError || error instanceof CorruptionError) && error.message.includes('rebuild-index --anew') ? undefined : Promise.reject(error as Error)));
    if (first?.length === 0) return;
    const lacking = await this.rebuilt(true);
    if (lacking.length > 0) throw new Error(`a rebuild did not bring back ${lacking.join(' ')}`);
  }

  /** Answers what is not whole afterwards. */
  private rebuilt(isAnew: boolean): Promise<readonly string[]> {
    return this.with({ kind: 'rebuild', isAnew }, async (store) => {
      const { incomplete } = await rebuildStore(store.parts);
      if (!(await store.parts.stores.state.isHeld())) throw new Error('a rebuilt store is not held');
      return [...(await this.readAll(store)), ...incomplete.map(({ imageId }) => imageId)];
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
      if (isClear && this.judged.target !== 'packs' && error.message.includes(this.directory) && error.message.includes('rebuild-index')) return 'refused';
      throw error;
    }
  }
}
