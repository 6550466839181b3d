/**
 * A sweep that is stopped while it waits for writes under way: nothing that relies on their end is done any more.
 */
import { afterEach, expect, it } from '@jest/globals';
import { tailRow } from '../../server/core/tail.js';
import { blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';

let store: CoreStore;
afterEach(async () => { await store.close(); });

/** Waits of one sweep: before the tail is read, before its end is noted, before packs are chosen, before the old one is dropped. */
const waits = ['compare', 'tail', 'choose', 'drop'] as const;

it.each(waits.map((wait, at) => [wait, at] as const))('does no more than it had done: %s', async (_, at) => {
  let dropped = 0;
  store = await CoreStore.open({}, (stores) => ({
    ...stores,
    blocks: inFrontOf(stores.blocks, {
      drop: async (pack: number) => {
        dropped++;
        await stores.blocks.drop(pack);
      },
    }),
  }));
  await store.services.sweep.sweep({ isThorough: true });
  const { accountId } = await store.register();
  const dead = await store.store(accountId, blocksOf(10, 5_000));
  await store.store(accountId, blocksOf(1));
  await store.services.images.trash(accountId, dead);
  store.now++;
  await store.services.images.purge(accountId, dead);
  store.now++;
  const { stores, gate } = store.parts;
  // As after a start: the tail is compared first.
  stores.state.incarnation = () => Promise.resolve('another');
  let noted = 0;
  const write = stores.state.write.bind(stores.state);
  stores.state.write = (name, value) => {
    if (`named.${name}` === tailRow) noted++;
    return write(name, value);
  };
  const stop = new AbortController();
  const settle = gate.settle.bind(gate);
  let waited = 0;
  gate.settle = async (given) => {
    if (waited++ === at) {
      stop.abort();
      // Another process writes on: who did not say by what it is stopped would wait.
      if (given !== stop.signal) throw new Error('this one waits');
    }
    return settle();
  };
  const swept = await store.services.sweep.sweep({ isThorough: true, stop: stop.signal }).catch((error: unknown) => error);
  expect(swept).toMatchObject(at === 0 ? { code: 'unavailable' } : { compactedPacks: 0, freedBytes: 0 });
  // What was compared is noted, and then where the tail begins now.
  expect({ waited, dropped, noted }).toEqual({ waited: at + 1, dropped: 0, noted: Math.min(at, 2) });
  // The next one does all of it.
  const again = await store.services.sweep.sweep({ isThorough: true });
  expect(again.compactedPacks).toBeGreaterThan(0);
  expect(dropped).toBe(again.compactedPacks);
});
