/**
 * Who waits for work that goes on for long: a scrub holds its name for days, and sweeps, comparisons and clean stops of other processes go on beside it. And who waits no longer, because it was stopped.
 */
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Registration } from '../../client-sdk/protocol/messages.js';
import type { Parts, Services } from '../../server/core/contract.js';
import { closeGeneration } from '../../server/core/generation.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices, defaultPolicy } from '../../server/core/services.js';
import { endTail, tailOf } from '../../server/core/tail.js';
import type { BlockStore } from '../../server/ports/block-store.js';
import { StorageError } from '../../server/ports/errors.js';
import type { ProcessGate } from '../../server/storage/postgres/gate.js';
import { createHeadStore } from '../../server/storage/postgres/head-store.js';
import type { Pace } from '../../server/storage/postgres/membership.js';
import { createStoreState } from '../../server/storage/postgres/store-state.js';
import { alice, begin, blockFrom } from '../contract/store-fixture.js';
import { blocksOf, framesOf, hereAndTrusted, hmacSha256, registrationOf, serverId, sha256 } from '../support/core-store.js';
import { fixedRandom } from '../support/fixed-random.js';
import { endLockHolders } from '../support/lock-holders.js';
import { memoryBlockStore, noPacks } from '../support/memory-block-store.js';
import { latch, openGated, waitsFor, type Latch, type StoreProcess } from '../support/postgres-process.js';
import { postgresServer } from '../support/postgres-server.js';

// What hangs, hangs for good.
jest.setTimeout(15_000);

const server = postgresServer();
const lively: Pace = { renewMs: 40, leaseMs: 20_000, pollMs: 10 };
/** Renews too rarely for its lease: to the others it looks dead in between. */
const sleepy: Pace = { renewMs: 300, leaseMs: 30, pollMs: 10 };
const beside = { isWaitedFor: false };

type Gated = StoreProcess & { readonly gate: ProcessGate; readonly parts: Parts; readonly services: Services };

// Given before each test; nothing reads it earlier.
const current = {} as { url: string; opened: Gated[]; latches: Latch[]; blocks: BlockStore };
beforeEach(async () => {
  Object.assign(current, { url: await server.freshDatabase(), opened: [], latches: [], blocks: memoryBlockStore(noPacks()) });
});
afterEach(async () => {
  // First what holds others up, also where a test failed in the middle.
  for (const held of current.latches) held.open();
  for (const process of current.opened) await process.close();
});

function held(): Latch {
  const one = latch();
  current.latches.push(one);
  return one;
}

/** One more process of the store. */
async function open(pace = lively): Promise<Gated> {
  const opened = await openGated(current.url, pace);
  const { tags, images, accounts, db, gate } = opened;
  const parts: Parts = {
    stores: { tags, images, accounts, heads: createHeadStore(db), state: createStoreState(db), blocks: current.blocks },
    gate, otherFileBytes: () => Promise.resolve(0),
    world: { clock: { now: () => 1_800_000_000_000 }, random: fixedRandom('turns'), hasher: { sha256, hmacSha256 } },
    policy: { ...defaultPolicy, trashMs: 0, graceMs: 0 },
    secrets: { serverId, saltKey: new Uint8Array(32), setupToken: undefined },
  };
  const process = { ...opened, parts, services: createServices(parts) };
  current.opened.push(process);
  return process;
}

async function signedUp({ services }: Gated, name: string): Promise<Registration> {
  const registration = registrationOf(name);
  await services.accounts.register(registration, hereAndTrusted);
  return registration;
}

describe('a turn that nobody waits for', () => {
  it('is the scrub: others sweep, compare, and end cleanly while one is held up by its pace', async () => {
    const [one, two] = [await open(), await open()];
    await endTail(one.gate, one.parts.stores);
    await signedUp(one, 'ada');
    const [paused, on] = [held(), held()];
    const scrubbing = scrubStore(two.parts, {
      onLost: () => undefined,
      pace: () => {
        paused.open();
        return on.opened;
      },
    });
    await paused.opened;
    expect(await one.services.reconcile.run()).toMatchObject({ removals: 0 });
    expect(await one.services.sweep.sweep({ isThorough: true })).toMatchObject({ purgedImages: 0 });
    await signedUp(one, 'bob');
    const before = await tailOf(one.parts.stores.state);
    await closeGeneration(one.gate, one.parts.stores, { isReconciled: true });
    expect(await tailOf(one.parts.stores.state)).not.toEqual(before);
    on.open();
    expect(await scrubbing).toMatchObject({ isComplete: true });
  });

  it('is waited for in what it writes, and alone', async () => {
    const [one, two] = [await open(), await open()];
    const [entered, written, rest] = [held(), held(), held()];
    const working = two.gate.alone('scrub', async () => {
      const writing = two.gate.run(() => written.opened);
      entered.open();
      await writing;
      await rest.opened;
    }, beside);
    await entered.opened;
    const settling = one.gate.settle();
    expect(await waitsFor(settling, () => setTimeout(60))).toBe(true);
    expect(await one.gate.alone('scrub', () => Promise.resolve('one'), beside)).toBeUndefined();
    written.open();
    await settling;
    rest.open();
    await working;
  });

  it('is told when its name is lost, and ends soon: the process takes no writes before', async () => {
    const two = await open();
    const { accountId } = await signedUp(two, 'ada');
    const upload = { accountId, uploadId: (await two.services.uploads.begin(accountId)).uploadId };
    await two.services.blocks.receive(upload, framesOf(blocksOf(60)));
    const [paused, on] = [held(), held()];
    let pauses = 0;
    const scrubbing = scrubStore(two.parts, {
      onLost: () => undefined,
      pace: () => {
        pauses++;
        paused.open();
        return on.opened;
      },
    }).catch((error: unknown) => error);
    await paused.opened;
    await endLockHolders(current.url);
    while (await two.gate.run(() => Promise.resolve(true)).catch(() => false)) await setTimeout(10);
    on.open();
    expect(await scrubbing).toBeInstanceOf(StorageError);
    // What was being read is brought to its end.
    expect(pauses).toBeLessThan(20);
    while (!(await two.gate.run(() => Promise.resolve(true)).catch(() => false))) await setTimeout(10);
    expect(await scrubStore(two.parts, { onLost: () => undefined })).toMatchObject({ isComplete: true, blocks: 60 });
  });

  it('ends before a process that was shut out comes back under another name', async () => {
    const [one, two] = [await open(), await open(sleepy)];
    const scope = await begin(one, alice, 1);
    const [entered, rest] = [held(), held()];
    const working = two.gate.alone('scrub', () => {
      entered.open();
      return rest.opened;
    }, beside);
    await entered.opened;
    await setTimeout(2 * sleepy.leaseMs);
    await one.gate.settle();
    await setTimeout(3 * sleepy.renewMs);
    await expect(two.tags.file(scope, [blockFrom(1)])).rejects.toBeInstanceOf(StorageError);
    rest.open();
    await working;
    while (!(await two.tags.file(scope, [blockFrom(1)]).catch(() => false))) await setTimeout(20);
  });
});

describe('whoever is stopped', () => {
  it('waits no longer for what others write', async () => {
    const [one, two] = [await open(), await open()];
    const written = held();
    const writing = two.gate.run(() => written.opened);
    const stop = new AbortController();
    const settling = one.gate.settle(stop.signal);
    expect(await waitsFor(settling, () => setTimeout(60))).toBe(true);
    stop.abort();
    await settling;
    written.open();
    await writing;
  });

  it('ends cleanly without the note of the tail, which others may still write in', async () => {
    const [one, two] = [await open(), await open()];
    const { stores } = one.parts;
    await endTail(one.gate, stores);
    await signedUp(one, 'ada');
    const before = { tail: await tailOf(stores.state), generation: await stores.state.generation() };
    const written = held();
    const writing = two.gate.run(() => written.opened);
    const stop = new AbortController();
    const closing = closeGeneration(one.gate, stores, { isReconciled: true, stop: stop.signal });
    expect(await waitsFor(closing, () => setTimeout(60))).toBe(true);
    stop.abort();
    await closing;
    expect({ tail: await tailOf(stores.state), generation: await stores.state.generation() }).toEqual({ ...before, generation: before.generation + 1 });
    written.open();
    await writing;
  });
});
