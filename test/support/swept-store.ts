/**
 * A store of which calls to its ports fail in turn, before they took effect and after, with the images that it acknowledged meanwhile.
 */
import { afterEach, expect } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import type { Parts, Policy } from '../../server/core/contract.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { AcknowledgedImages } from './acknowledged-images.js';
import { blocksOf, CoreStore, type Registered } from './core-store.js';
import { Fault } from './port-fault.js';
import type { RawBlock } from './raw-account.js';

/** Opens a store with its first account. */
export type OpenSwept = (policy?: Partial<Policy>) => Promise<{ readonly swept: SweptStore; readonly first: Registered }>;

/** Stores of the tests that call this, closed after each of them. Of the calls of an operation about `most` fail each way, from all over it. */
export function sweptStores(most: number): OpenSwept {
  const opened: SweptStore[] = [];
  afterEach(async () => {
    for (const swept of opened.splice(0)) await swept.store.close();
  });
  return async (policy = {}) => {
    const fault = new Fault();
    const swept = new SweptStore(await CoreStore.open(policy, (stores) => fault.inFrontOf(stores)), fault, most);
    opened.push(swept);
    return { swept, first: await swept.store.register() };
  };
}

export class SweptStore {
  readonly images = new AcknowledgedImages();

  constructor(
    readonly store: CoreStore,
    readonly fault: Fault,
    private readonly most: number,
  ) {}

  /** Stores an image, which is acknowledged. */
  async stored(accountId: AccountId, blocks: readonly RawBlock[] = blocksOf(2)): Promise<ImageId> {
    const imageId = await this.store.store(accountId, blocks);
    this.images.add(imageId, { accountId, blocks });
    return imageId;
  }

  /** Takes an image away for good. */
  async purge(accountId: AccountId, imageId: ImageId): Promise<void> {
    const { images } = this.store.services;
    await images.trash(accountId, imageId);
    this.store.now++;
    await images.purge(accountId, imageId);
    this.images.forget(imageId);
  }

  /** All that was acknowledged is there, and a check finds nothing. */
  expectWhole(parts: Parts = this.store.parts): Promise<void> {
    return this.images.expectWhole(parts);
  }

  /** The same in an index that is made anew, with the same accounts. */
  async expectRebuilt(): Promise<void> {
    const parts = this.store.beside();
    expect(await rebuildStore(parts)).toMatchObject({ incomplete: [], displaced: [] });
    await this.expectWhole(parts);
    for (const account of await this.store.parts.stores.accounts.list(undefined, 1_000)) {
      expect(await parts.stores.accounts.find(account.accountId)).toEqual({ ...account, place: expect.anything() });
    }
  }

  /** Does `act` whole, then with calls of it failing in turn, before their effect and after it, until it runs through. Answers how many calls it has, both ways together, and prints how many failed. */
  async failingEach(act: () => Promise<unknown>, after: (outcome: unknown) => Promise<void>): Promise<number> {
    await this.#fails({ at: Infinity, takesEffect: false }, act, after);
    const calls = this.fault.made;
    const stride = Math.max(1, Math.floor(calls / this.most));
    let failed = 0;
    for (const takesEffect of [false, true]) {
      for (let at = takesEffect ? 1 + (stride >> 1) : 1; await this.#fails({ at, takesEffect }, act, after); failed++) at += stride;
    }
    process.stdout.write(`${expect.getState().currentTestName ?? ''}: ${failed} of ${2 * calls} calls failed\n`);
    return 2 * calls;
  }

  /** False where there was no such call. */
  async #fails({ at, takesEffect }: { readonly at: number; readonly takesEffect: boolean }, act: () => Promise<unknown>, after: (outcome: unknown) => Promise<void>): Promise<boolean> {
    this.fault.arm(at, takesEffect);
    const outcome = await act().then(() => 'done', (error: unknown) => error);
    const hasFailed = this.fault.disarm();
    await after(outcome);
    if (hasFailed && !(outcome instanceof StorageError)) throw new Error(`call ${at} failed and nobody said so: ${String(outcome)}`);
    if (!hasFailed && outcome !== 'done') throw new Error(`no call failed, and it ended with ${String(outcome)}`);
    return hasFailed;
  }
}

export const isDone = (outcome: unknown): boolean => outcome === 'done';
