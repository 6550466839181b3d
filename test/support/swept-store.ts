/**
 * A store of which calls to its ports fail in turn, before they took effect and after, with the images that it acknowledged meanwhile.
 */
import { afterEach, expect } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Parts, Policy, Stores } from '../../server/core/contract.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { AcknowledgedImages } from './acknowledged-images.js';
import { failInTurn } from './call-stride.js';
import { blocksOf, CoreStore, type Registered } from './core-store.js';
import type { ArmedCall } from './failing-system.js';
import { Fault } from './port-fault.js';
import type { RawBlock } from './raw-account.js';

/** Opens a store with its first account. */
export type OpenSwept = (policy?: Partial<Policy>) => Promise<{ readonly swept: SweptStore; readonly first: Registered }>;

/** Ports that take the place of those on SQLite and packs. */
export type OpenEngine = () => Promise<{ readonly ports: Partial<Stores>; readonly close: () => Promise<void> }>;

/** How to sweep. Of the calls of an operation about `most` fail each way, from all over it. */
export interface SweepOrder {
  readonly most: number;
  /** SQLite and packs without it. */
  readonly engine?: OpenEngine;
}

/** Stores of the tests that are given this, closed after each of them. */
export function sweptStores({ most, engine = () => Promise.resolve({ ports: {}, close: () => Promise.resolve() }) }: SweepOrder): OpenSwept {
  const opened: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of opened.splice(0)) await close();
  });
  return async (policy = {}) => {
    const fault = new Fault();
    const { ports, close } = await engine();
    const unused: Stores['blocks'][] = [];
    const store = await CoreStore.open(policy, (stores) => {
      if (ports.blocks !== undefined) unused.push(stores.blocks);
      return fault.inFrontOf({ ...stores, ...ports });
    });
    opened.push(async () => {
      await store.close();
      for (const packs of unused) await packs.close();
      await close();
    });
    return { swept: new SweptStore(store, fault, most), first: await store.register() };
  };
}

/** How many calls an operation makes when all goes well, and how often one of them was made to fail. */
export interface Swept {
  readonly calls: number;
  readonly injected: number;
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

  /** Does `act` whole, then with calls of it failing in turn, before their effect and after it, until it runs through. Prints how many those were. */
  async failingEach(act: () => Promise<unknown>, after: (outcome: unknown) => Promise<void>): Promise<Swept> {
    await this.#fails({ at: Infinity, takesEffect: false }, act, after);
    const calls = this.fault.made;
    const injected = await failInTurn({ calls, most: this.most }, (call) => this.#fails(call, act, after));
    process.stdout.write(`${String(expect.getState().currentTestName)}: ${String(calls)} calls, ${String(injected)} faults injected\n`);
    return { calls, injected };
  }

  /** False where there was no such call. */
  async #fails({ at, takesEffect }: ArmedCall, act: () => Promise<unknown>, after: (outcome: unknown) => Promise<void>): Promise<boolean> {
    this.fault.arm(at, takesEffect);
    const outcome = await act().then(() => 'done', (error: unknown) => error);
    const hasFailed = this.fault.disarm();
    await after(outcome);
    if (hasFailed && !isTold(outcome)) throw new Error(`call ${at} failed and nobody said so: ${String(outcome)}`);
    if (!hasFailed && outcome !== 'done') throw new Error(`no call failed, and it ended with ${String(outcome)}`);
    return hasFailed;
  }
}

/** As a failure of the store, or as the reason of a refusal. */
function isTold(outcome: unknown): boolean {
  return outcome instanceof StorageError || (outcome instanceof Refusal && outcome.message.includes('made to fail'));
}

export const isDone = (outcome: unknown): boolean => outcome === 'done';
