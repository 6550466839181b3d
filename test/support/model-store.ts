/**
 * The services over stores that can be closed and opened, killed and rebuilt: SQLite and packs in a folder, or the doubles in memory. A kill is
 * what it is to a process: nothing that was under way goes on, and on the disk is what the system was given. Calls of the ports are let through
 * in an order that a number decides.
 */
import { cpSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Parts, Policy, Services, Stores, World } from '../../server/core/contract.js';
import { createGate } from '../../server/core/gate.js';
import { closeGeneration, openGeneration } from '../../server/core/generation.js';
import { createServices, defaultPolicy } from '../../server/core/services.js';
import { openBlockStore } from '../../server/storage/packs/block-store.js';
import { createAccountStore } from '../../server/storage/sqlite/account-store.js';
import { openDatabase } from '../../server/storage/sqlite/database.js';
import { createHeadStore } from '../../server/storage/sqlite/head-store.js';
import { createImageStore } from '../../server/storage/sqlite/image-store.js';
import { createStoreState } from '../../server/storage/sqlite/store-state.js';
import { createTagStore } from '../../server/storage/sqlite/tag-store.js';
import { hmacSha256, serverId, sha256 } from './core-store.js';
import { fixedRandom } from './fixed-random.js';
import { memoryAccountStore } from './memory-account-store.js';
import { memoryBlockStore, noPacks } from './memory-block-store.js';
import { memoryHeadStore } from './memory-head-store.js';
import { memoryImageStore } from './memory-image-store.js';
import { emptyIndex } from './memory-index.js';
import { emptyState, memoryStoreState } from './memory-store-state.js';
import { memoryTagStore } from './memory-tag-store.js';
import { PortPump } from './port-pump.js';

export type EngineName = 'sqlite' | 'memory';

/** Stores that are open. */
interface Opened {
  readonly stores: Stores;
  close(): Promise<void>;
}

/** Where stores lie. */
interface Engine {
  /** Opens what lies there; `isFresh`: the packs, under an index that is empty. */
  open(isFresh: boolean): Promise<Opened>;
  /** An empty index over the packs that are open. */
  beside(blocks: Stores['blocks']): Opened;
  /** From now on what lies there is what a kill at this moment leaves. */
  kill(): void;
  end(): Promise<void>;
}

export class ModelStore {
  readonly clock: { at: number };
  readonly pump: PortPump;
  readonly #left: Opened[] = [];
  #opened: Opened | undefined;
  #parts: Parts | undefined;
  #services: Services | undefined;

  private constructor(
    private readonly engine: Engine,
    private readonly given: { readonly now: number; readonly policy: Partial<Policy> },
    private readonly world: Omit<World, 'clock'>,
  ) {
    this.clock = { at: given.now };
    this.pump = new PortPump(() => { engine.kill(); });
  }

  static async open(name: EngineName, given: { readonly now: number; readonly policy: Partial<Policy> }): Promise<ModelStore> {
    const engine = name === 'memory' ? memoryEngine() : await folderEngine();
    const store = new ModelStore(engine, given, { random: fixedRandom('model'), hasher: { sha256, hmacSha256 } });
    await store.#open(false);
    // As a server does at once: else the first sweep would, and do more than a sweep does.
    await store.services.reconcile.run();
    return store;
  }

  get parts(): Parts {
    if (this.#parts === undefined) throw new Error('the store is not open');
    return this.#parts;
  }

  get services(): Services {
    if (this.#services === undefined) throw new Error('the store is not open');
    return this.#services;
  }

  async restart(isFresh = false): Promise<void> {
    await closeGeneration(this.parts.gate, this.parts.stores, { isReconciled: await this.services.reconcile.isDone() });
    await this.#opened?.close();
    await this.#open(isFresh);
  }

  /** Opens what a kill left: now, or at the moment at which the pump was cut off. */
  async crash(): Promise<void> {
    if (!this.pump.isDead) this.pump.kill();
    const old = this.#opened;
    if (old !== undefined) this.#left.push(old);
    await this.#open(false);
  }

  /** An empty index over the same packs. `use` is done with it when it resolves. */
  async beside<T>(use: (parts: Parts) => Promise<T>): Promise<T> {
    const opened = this.engine.beside(this.parts.stores.blocks);
    try {
      return await use({ ...this.parts, stores: opened.stores, gate: createGate() });
    } finally {
      await opened.close();
    }
  }

  async close(): Promise<void> {
    await this.#opened?.close();
    // What was killed may still be writing, elsewhere than where the store lies now.
    for (const old of this.#left) await old.close().catch(() => undefined);
    await this.engine.end();
  }

  async #open(isFresh: boolean): Promise<void> {
    this.#opened = await this.engine.open(isFresh);
    const stores = this.pump.inFrontOf(this.#opened.stores);
    this.#parts = {
      stores,
      world: { ...this.world, clock: { now: () => this.clock.at } },
      policy: { ...defaultPolicy, ...this.given.policy },
      secrets: { serverId, saltKey: new Uint8Array(32).fill(2), setupToken: undefined },
      gate: createGate(),
      otherFileBytes: () => Promise.resolve(0),
    };
    this.#services = createServices(this.#parts);
    await openGeneration(this.#parts.gate, stores);
  }
}

function memoryEngine(): Engine {
  const kept = { packs: noPacks(), index: emptyIndex(), state: emptyState() };
  const over = ({ index, state }: Pick<typeof kept, 'index' | 'state'>, blocks: Stores['blocks']): Opened => ({
    stores: { blocks, tags: memoryTagStore(index), images: memoryImageStore(index), accounts: memoryAccountStore(index), heads: memoryHeadStore(index), state: memoryStoreState(state, index) },
    close: () => Promise.resolve(),
  });
  return {
    open(isFresh) {
      if (isFresh) Object.assign(kept, { index: emptyIndex(), state: emptyState() });
      return Promise.resolve(over(kept, memoryBlockStore(kept.packs)));
    },
    beside: (blocks) => over({ index: emptyIndex(), state: emptyState() }, blocks),
    // Methods run to their end at once: what was done is done.
    kill: () => undefined,
    end: () => Promise.resolve(),
  };
}

/** Whatever lies in one folder is the store; a kill copies it into the next one, while this thread does nothing else. */
async function folderEngine(): Promise<Engine> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dice-model-'));
  let [lives, made] = [0, 0];
  const here = (): string => path.join(folder, String(lives));
  const indexOf = (file: string, blocks: Stores['blocks']): { readonly stores: Stores; readonly close: () => void } => {
    const database = openDatabase({ file });
    const stores = { blocks, tags: createTagStore(database), images: createImageStore(database), accounts: createAccountStore(database), heads: createHeadStore(database), state: createStoreState(database) };
    return { stores, close: () => { database.close(); } };
  };
  return {
    async open(isFresh) {
      if (isFresh) for (const end of ['', '-wal', '-shm']) await rm(path.join(here(), `index.sqlite${end}`), { force: true });
      const blocks = await openBlockStore({ directory: path.join(here(), 'packs'), storeKey: new Uint8Array(32).fill(1), packBytes: 12_000 });
      const { stores, close } = indexOf(path.join(here(), 'index.sqlite'), blocks);
      return {
        stores,
        async close() {
          await blocks.close();
          // A write that was asked for in this turn is made before the database goes.
          await setImmediate();
          close();
        },
      };
    },
    beside(blocks) {
      const { stores, close } = indexOf(path.join(folder, `beside-${++made}.sqlite`), blocks);
      return { stores, close: () => Promise.resolve().then(close) };
    },
    kill() {
      const before = here();
      lives++;
      cpSync(before, here(), { recursive: true });
    },
    end: () => rm(folder, { recursive: true, force: true }),
  };
}
