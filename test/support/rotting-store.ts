/**
 * A small store whose every byte is known, copied and damaged again and again: after each damage it is opened, read, scrubbed, checked, healed and rebuilt with
 * the product's own means, and held against what was stored. Throws where a promise is broken; answers how it went.
 */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { makeParity } from '../../server/core/parity.js';
import type { Place } from '../../server/ports/block-store.js';
import { packPath } from '../../server/storage/packs/pack-folder.js';
import { blockOf, hereAndTrusted, registrationOf } from './core-store.js';
import { flip, rotFile, rotPacks, seeded, type FileRotKind, type RotKind } from './file-rot.js';
import { open, Round, storeImage, type RotOutcome, type RotTarget } from './rot-round.js';
import { rotRow } from './row-rot.js';
import { accountTold, isTouched, liveStretches, type StoredAccount, type StoredImage } from './rot-witness.js';

/** Bytes that a seed makes: what rot meets is the same in every run. */
const bytesFrom = (seed: number, length: number): Uint8Array => {
  const below = seeded(seed);
  return Uint8Array.from({ length }, () => below(256));
};

export class RottingStore {
  readonly #images: StoredImage[] = [];
  readonly #accounts: StoredAccount[] = [];
  #stretches: readonly Place[] = [];
  #rounds = 0;

  private constructor(private readonly folder: string) {}

  /** Makes the store in `folder`: three packs, two accounts, equal copies, and a database that was closed; and the same with one that was not. `parityPercent`: of the first two packs. */
  static async make(folder: string, parityPercent = 0): Promise<RottingStore> {
    const made = new RottingStore(folder);
    await made.#fill(1);
    await made.#fill(2);
    if (parityPercent > 0) await made.#protect(parityPercent);
    await made.#noteStretches();
    cpSync(made.#path('live'), made.#path('closed'), { recursive: true });
    await made.#fill(3);
    return made;
  }

  /** Damages a copy and goes through everything. Throws where a promise is broken. */
  round(seed: number, target: RotTarget, kind: RotKind): Promise<RotOutcome> {
    return this.#judged(target, (directory) => `seed ${String(seed)}, ${damage(directory, { target, kind, seed })}`);
  }

  /** The same with one bit of a value in a row of the index, of a store that is swept before anything else looks at it. */
  rowRound(seed: number): Promise<RotOutcome> {
    return this.#judged('swept', (directory) => `seed ${String(seed)}, ${rotRow(path.join(directory, 'dice.db'), seeded(seed))}`);
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
    const accounts = this.#accounts.filter((account) => images.some(({ accountId }) => accountId === account.accountId));
    const isLiveTouched = target === 'packs' && isTouched(this.#stretches, { sound: this.#path('closed'), damaged: directory });
    try {
      return await new Round(directory, { images, accounts, target, isLiveTouched }).run();
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

  async #noteStretches(): Promise<void> {
    const store = await open(this.#path('live'), { kind: 'administer' });
    this.#stretches = await liveStretches(store, { images: this.#images, accounts: this.#accounts });
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
    // The rows of two accounts are one with copies in the first session, and two in those after it.
    if (session === 1) await store.parts.stores.tags.listCopies(1);
    for (const { accountId } of people) this.#accounts.push({ accountId, told: (await accountTold(store, accountId)) ?? '' });
    if (session === 3) cpSync(this.#path('live'), this.#path('stopped'), { recursive: true, filter: (file) => !/-shm$|lock\.sqlite/.test(file) });
    await store.close();
  }
}

/** Images of the last session have so many blocks; no other has. */
const lateBlocks = 11;

function damage(directory: string, { target, kind, seed }: { readonly target: RotTarget; readonly kind: RotKind; readonly seed: number }): string {
  const below = seeded(seed);
  if (target === 'packs') return rotPacks(path.join(directory, 'packs'), kind, below);
  // The folder as a whole is the packs' alone.
  return rotFile(path.join(directory, target === 'log' ? 'dice.db-wal' : 'dice.db'), kind as FileRotKind, below);
}

/** The middle of a record's payload, in its file. */
async function middleOf(directory: string, { image, type }: { readonly image: StoredImage | undefined; readonly type: 'manifest' | 'preview' }): Promise<{ readonly file: string; readonly at: number }> {
  const store = await open(directory, { kind: 'administer' });
  try {
    const { blocks, images } = store.parts.stores;
    const row = image === undefined ? undefined : await images.find(image.accountId, image.imageId);
    const place = type === 'manifest' ? row?.manifestPlace : row?.preview?.place;
    if (place === undefined) throw new Error(`the image has no ${type}`);
    const file = packPath({ directory: path.join(directory, 'packs') }, place.pack);
    return { file, at: place.offset + blocks.recordOverheadBytes + (place.length >> 1) };
  } finally {
    await store.close();
  }
}
