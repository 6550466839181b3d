/**
 * Around a reconciliation: what is judged and noted before it, who is told of it, and what is refused while one runs.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Logger } from 'pino';
import { gc } from '../../server/cli/gc.js';
import { advanceGeneration, openGeneration, releaseStore } from '../../server/core/generation.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { endTail, tailOf } from '../../server/core/tail.js';
import { startReconciler } from '../../server/reconciler.js';
import { blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';
import { refusalCode } from '../support/refusal.js';
import { cutAt, StoppedStore } from '../support/stopped-store.js';

const opened: { core?: CoreStore; stopped?: StoppedStore; reconciler?: ReturnType<typeof startReconciler> } = {};
afterEach(async () => {
  await opened.reconciler?.close();
  await opened.core?.close();
  await opened.stopped?.end();
  for (const name of ['core', 'stopped', 'reconciler'] as const) Reflect.deleteProperty(opened, name);
});

async function coreStore(): Promise<CoreStore> {
  opened.core = await CoreStore.open();
  return opened.core;
}

/** A store of which the index forgot an image; `end` is where its packs ended before. */
async function forgetful(): Promise<StoppedStore> {
  const stopped = await StoppedStore.make();
  opened.stopped = stopped;
  await stopped.start();
  const ada = await stopped.register('ada');
  const behind = stopped.logBytes();
  await stopped.stored(ada);
  stopped.stopMachine(cutAt(behind));
  await stopped.start();
  return stopped;
}

describe('the first start', () => {
  it('notes where the tail begins before it makes a generation, so that a log that forgets the note is noticed', async () => {
    const { parts: { stores, gate } } = await coreStore();
    const steps: string[] = [];
    const state = inFrontOf(stores.state, {
      setGeneration: (generation) => {
        steps.push('generation');
        return stores.state.setGeneration(generation);
      },
      write: (name, text) => {
        steps.push(name);
        return stores.state.write(name, text);
      },
    });
    expect(await openGeneration(gate, { state, blocks: stores.blocks })).toBe('fits');
    expect(steps).toEqual(['tail', 'generation']);
    expect(await tailOf(stores.state)).toBeDefined();
    await openGeneration(gate, { state, blocks: stores.blocks });
    expect(steps).toEqual(['tail', 'generation', 'generation']);
  });
});

describe('a reconciliation', () => {
  it('concludes nothing from a database that took the place of the one that was opened', async () => {
    const stopped = await forgetful();
    const { parts: { stores, gate }, services } = stopped.store;
    const older = await stores.state.generation();
    await advanceGeneration(gate, stores);
    await stores.state.setGeneration(older);
    expect(await services.reconcile.run()).toBeUndefined();
    expect(await stores.state.isHeld()).toBe(true);
    expect((await stores.images.figures()).images).toBe(0);
  });

  it('of a sweep is told by the verb that swept, once', async () => {
    const stopped = await forgetful();
    const [printed, said]: [string[], string[]] = [[], []];
    const bench = { store: stopped.store, form: 'text', print: (line: string) => { printed.push(line); }, say: (line: string) => { said.push(line); }, stop: new AbortController().signal } as const;
    expect(await gc(bench)).toBe(0);
    expect(said).toEqual(['The packs held what the index had no rows for; it has them now: 0 account(s), 1 image(s) (0 of them incomplete), 3 block(s), 0 removal(s), 0 moved record(s).']);
    expect(await gc(bench)).toBe(0);
    expect(said).toHaveLength(1);
    expect(printed.join('\n')).not.toContain('image(s)');
  });

  it('of a sweep is logged by the server, once', async () => {
    const stopped = await forgetful();
    const { services } = stopped.store;
    await services.sweep.sweep({ isThorough: false });
    const lines: unknown[] = [];
    await new Promise<void>((resolve) => {
      const isDone = services.reconcile.isDone.bind(services.reconcile);
      let asked = 0;
      const reconcile = inFrontOf(services.reconcile, {
        isDone: () => {
          if (++asked === 3) resolve();
          return isDone();
        },
      });
      const log = { error: (line: unknown) => { lines.push(line); }, warn: (line: unknown) => { lines.push(line); } };
      opened.reconciler = startReconciler(reconcile, log as unknown as Logger, 5); // all that it says
    });
    expect(lines).toEqual([{ accounts: 0, blocks: 3, images: 1, removals: 0, moved: 0, incomplete: 0 }]);
  });
});

describe('a release', () => {
  it('is refused while a sweep of another process runs, and the store stays held', async () => {
    const { parts: { stores, gate } } = await coreStore();
    await endTail(gate, stores);
    const before = await tailOf(stores.state);
    await stores.state.setHeld(true);
    const busy = { ...gate, alone: () => Promise.resolve(undefined) };
    expect(await refusalCode(() => releaseStore(busy, stores))).toBe('unavailable');
    expect(await stores.state.isHeld()).toBe(true);
    expect(await tailOf(stores.state)).toEqual(before);
    await releaseStore(gate, stores);
    expect(await stores.state.isHeld()).toBe(false);
  });
});

describe('a rebuild over an old database', () => {
  it('takes an image out of the trash that was restored since, and leaves there what was not', async () => {
    const core = await coreStore();
    const { parts: { stores }, services } = core;
    const { accountId } = await core.register();
    const [restored, trashed, again] = [await core.store(accountId, blocksOf(1)), await core.store(accountId, blocksOf(1)), await core.store(accountId, blocksOf(1))];
    for (const imageId of [restored, trashed, again]) await services.images.trash(accountId, imageId);
    await services.images.restore(accountId, again);
    core.now += 1;
    await services.images.trash(accountId, again);
    const restore = stores.images.restore.bind(stores.images);
    // The database is from before.
    stores.images.restore = () => Promise.reject(new Error('the database is from before'));
    await expect(services.images.restore(accountId, restored)).rejects.toThrow('from before');
    stores.images.restore = restore;
    await rebuildStore(core.parts);
    expect(await stores.images.find(accountId, restored)).toMatchObject({ trashedAt: undefined });
    expect(await stores.images.find(accountId, trashed)).toMatchObject({ trashedAt: core.now - 1 });
    expect(await stores.images.find(accountId, again)).toMatchObject({ trashedAt: core.now });
  });
});

describe('a scrub', () => {
  it('writes no record anew of a quarantined block that no image refers to', async () => {
    let appended = 0;
    opened.core = await CoreStore.open({}, (stores) => ({
      ...stores,
      blocks: inFrontOf(stores.blocks, {
        append: (records) => {
          appended += records.length;
          return stores.blocks.append(records);
        },
      }),
    }));
    const { parts, services } = opened.core;
    const { accountId } = await opened.core.register();
    const [block, other] = blocksOf(2);
    if (block === undefined || other === undefined) throw new Error('no blocks');
    const uploadId = await opened.core.send(accountId, [block]);
    await opened.core.store(accountId, [other]);
    await services.uploads.end({ accountId, uploadId });
    const { tags } = parts.stores;
    for (const { rehash } of [block, other]) {
      const row = await tags.find(rehash);
      if (row !== undefined) await tags.move(rehash, row.place, { ...row.place, pack: row.place.pack + 70 });
    }
    appended = 0;
    await scrubStore(parts, { onLost: () => undefined });
    expect((await tags.find(block.rehash))?.state).toBe('quarantined');
    expect((await tags.find(other.rehash))?.state).toBe('live');
    expect(appended).toBe(1);
  });
});
