/**
 * The doubles in memory pass the very suites that the engines pass, so that a test may stand on either.
 */
import { describe, expect, it } from '@jest/globals';
import { memoryAccountStore } from '../support/memory-account-store.js';
import { memoryBlockStore, noPacks } from '../support/memory-block-store.js';
import { memoryHeadStore } from '../support/memory-head-store.js';
import { memoryImageStore } from '../support/memory-image-store.js';
import { emptyIndex, type MemoryIndex } from '../support/memory-index.js';
import { emptyState, memoryStoreState } from '../support/memory-store-state.js';
import { memoryTagStore } from '../support/memory-tag-store.js';
import { accountStoreContract } from './account-store-contract.js';
import { blockStoreContract } from './block-store-contract.js';
import { headStoreContract } from './head-store-contract.js';
import { imageStoreContract } from './image-store-contract.js';
import type { Stores } from './store-fixture.js';
import { tagStoreContract } from './tag-store-contract.js';

/** What outlives closing is the Maps themselves: opened again, other stores stand over them. */
function storesOf(index: MemoryIndex): Stores {
  return {
    tags: memoryTagStore(index),
    images: memoryImageStore(index),
    accounts: memoryAccountStore(index),
    heads: memoryHeadStore(index),
    reopen: () => Promise.resolve(storesOf(index)),
    close: () => Promise.resolve(),
  };
}

const make = (): Promise<Stores> => Promise.resolve(storesOf(emptyIndex()));
tagStoreContract('memory', make);
imageStoreContract('memory', make);
accountStoreContract('memory', make);
headStoreContract('memory', make);

blockStoreContract('memory', () => {
  const kept = noPacks();
  return Promise.resolve({
    open: () => Promise.resolve(memoryBlockStore(kept)),
    keepsPacksOpen: true,
    change(pack: number, edit: (bytes: Buffer) => Buffer) {
      kept.packs.set(pack, edit(kept.packs.get(pack) ?? Buffer.alloc(0)));
      return Promise.resolve();
    },
  });
});

describe('the state of the store in memory', () => {
  it('begins empty and keeps what is written, names apart from its own', async () => {
    const kept = emptyState();
    const state = memoryStoreState(kept, emptyIndex());
    expect([await state.generation(), await state.isHeld(), await state.read('realm')]).toEqual([0, false, undefined]);
    await state.setGeneration(4);
    await state.setHeld(true);
    await state.write('realm', 'localhost');
    await state.write('generation', 'mine');
    const again = memoryStoreState(kept, emptyIndex());
    expect([await again.generation(), await again.isHeld(), await again.read('realm'), await again.read('generation')]).toEqual([4, true, 'localhost', 'mine']);
  });
});
