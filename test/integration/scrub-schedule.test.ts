/**
 * When a scrub begins and how fast it reads, and the scrubber of a server: beside its service, stopped at once, gone on with by the next server.
 */
import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import { lastScrub } from '../../server/core/last-scrub.js';
import { readPosition } from '../../server/core/scrub-progress.js';
import type { ScrubOrder } from '../../server/core/scrub-run.js';
import { isScrubDue, scrubPace } from '../../server/core/scrub-schedule.js';
import { scrubStore, type ScrubAnswer } from '../../server/core/scrub.js';
import { paced } from '../../server/paced.js';
import { startScrubber } from '../../server/scrubber.js';
import { blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const day = 86_400_000;
const scrub = (order: Partial<ScrubOrder> = {}): Promise<ScrubAnswer> => scrubStore(store.parts, { onLost: () => undefined, ...order });

describe('the schedule', () => {
  it('begins a scrub half a period after the one before began, and goes on with one that was interrupted', async () => {
    store = await CoreStore.open();
    await store.store((await store.register()).accountId, blocksOf(2));
    const isDue = (): Promise<boolean> => isScrubDue(store.parts, 30 * day);
    expect(await isDue()).toBe(true);
    await scrub();
    expect(await isDue()).toBe(false);
    store.now += 15 * day - 1;
    expect(await isDue()).toBe(false);
    store.now += 1;
    expect(await isDue()).toBe(true);
    const stop = { aborted: false };
    await scrub({ stop, isRestart: true, pace: () => { stop.aborted = true; return Promise.resolve(); } });
    store.now -= day;
    expect(await isDue()).toBe(true);
  });

  it('reads as fast as the period wants it, within the limit', () => {
    const order = { periodMs: 30 * day, limit: 2 ** 25 };
    expect(scrubPace(10 ** 9, order)).toEqual({ bytesPerSecond: 1_048_576, isEnough: true });
    const { bytesPerSecond } = scrubPace(10 ** 13, order);
    expect(bytesPerSecond * 15 * 86_400).toBeCloseTo(2 * 10 ** 13, -3);
    expect(scrubPace(10 ** 13, { ...order, parityBytes: 10 ** 13 }).bytesPerSecond * 15 * 86_400).toBeCloseTo(3 * 10 ** 13, -3);
    expect(scrubPace(10 ** 14, order)).toEqual({ bytesPerSecond: 2 ** 25, isEnough: false });
  });

  it('waits for what was read, and no longer than until it is stopped', async () => {
    store = await CoreStore.open();
    const stop = new AbortController();
    const pace = paced(1_000_000, stop.signal);
    const startedAt = performance.now();
    for (let block = 0; block < 10; block++) await pace(10_000);
    expect(performance.now() - startedAt).toBeGreaterThan(70);
    const long = pace(3_600_000_000);
    stop.abort();
    await long;
    await pace(3_600_000_000);
    expect(performance.now() - startedAt).toBeLessThan(60_000);
    // More milliseconds than a timer takes are not none.
    const end = new AbortController();
    const endless = paced(1, end.signal)(2 ** 40).then(() => 'read');
    expect(await Promise.race([endless, setTimeout(20, 'waits')])).toBe('waits');
    end.abort();
    await endless;
  });

  it('runs in a server beside its service, stops at once, and the next server goes on', async () => {
    let reads = 0;
    let seen: () => void = () => undefined;
    const some = new Promise<void>((resolve) => { seen = resolve; });
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      blocks: inFrontOf(stores.blocks, {
        read: (place, type) => {
          if (++reads === 200) seen();
          return stores.blocks.read(place, type);
        },
      }),
    }));
    const { accountId } = await store.register();
    // At the least pace there is, a second of work.
    const blocks = blocksOf(300, 4_000);
    const imageId = await store.store(accountId, blocks);
    const quiet = pino({ level: 'silent' });
    const order = { periodMs: 30 * day, bytesPerSecond: 400_000, lookMs: 1 };
    const first = startScrubber(store.parts, order, quiet);
    await some;
    expect(await store.fetch(accountId, imageId, blocks.slice(0, 2))).toHaveLength(2);
    await first.close();
    const position = await readPosition(store.parts.stores.state);
    expect(position).toMatchObject({ phase: 'blocks' });
    const done = position?.counts.blocks ?? 0;
    expect(done).toBeGreaterThan(100);
    expect(done).toBeLessThan(300);
    const second = startScrubber(store.parts, { ...order, bytesPerSecond: 2 ** 30 }, quiet);
    while ((await lastScrub(store.parts.stores.state)) === undefined) await new Promise((resolve) => { setImmediate(resolve); });
    await second.close();
    expect(await lastScrub(store.parts.stores.state)).toMatchObject({ runs: 1, blocks: 300, lost: 0 });
  }, 60_000);

  it('never runs by itself with a period of 0', async () => {
    store = await CoreStore.open();
    await store.register();
    const [other, quiet] = [await CoreStore.open(), pino({ level: 'silent' })];
    await other.register();
    const order = { bytesPerSecond: 2 ** 30, lookMs: 1 };
    const never = startScrubber(store.parts, { ...order, periodMs: 0 }, quiet);
    // One that looks as often and was started later has come to its end.
    const beside = startScrubber(other.parts, { ...order, periodMs: 30 * day }, quiet);
    while ((await lastScrub(other.parts.stores.state)) === undefined) await new Promise((resolve) => { setImmediate(resolve); });
    await beside.close();
    await other.close();
    await never.close();
    expect([await lastScrub(store.parts.stores.state), await readPosition(store.parts.stores.state)]).toEqual([undefined, undefined]);
  });
});
