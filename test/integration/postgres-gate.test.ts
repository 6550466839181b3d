/**
 * The gate of several processes on one PostgreSQL: who waits for whom, who is shut out, and what is left of whoever dropped a lock.
 */
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { StorageError } from '../../server/ports/errors.js';
import { createClock } from '../../server/storage/postgres/clock.js';
import { file } from '../../server/storage/postgres/filing.js';
import type { ProcessGate } from '../../server/storage/postgres/gate.js';
import { alice, begin, blockFrom } from '../contract/store-fixture.js';
import { holdOpen, latch, openGated, waitsFor, type StoreProcess } from '../support/postgres-process.js';
import { postgresServer } from '../support/postgres-server.js';

const server = postgresServer();
const lively = { renewMs: 40, leaseMs: 20_000, pollMs: 10 };
/** Renews too rarely for its lease: to the others it looks dead in between. */
const sleepy = { renewMs: 1_500, leaseMs: 100, pollMs: 10 };

type Gated = StoreProcess & { readonly gate: ProcessGate };

// Given before each test; nothing reads it earlier.
const current = {} as { url: string; opened: Gated[] };
beforeEach(async () => {
  current.url = await server.freshDatabase();
  current.opened = [];
});
afterEach(async () => {
  for (const process of current.opened) await process.close();
});

async function open(pace = lively): Promise<Gated> {
  const process = await openGated(current.url, pace);
  current.opened.push(process);
  return process;
}

/** Asks again until it is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await setTimeout(20);
}

const a = blockFrom(1);

describe('settling', () => {
  it('waits for a write of another process, and for none that began later', async () => {
    const [one, two] = [await open(), await open()];
    const [early, late] = [latch(), latch()];
    const writing = two.gate.run(() => early.opened);
    const settling = one.gate.settle();
    expect(await waitsFor(settling, () => setTimeout(60))).toBe(true);
    const later = two.gate.run(() => late.opened);
    early.open();
    await writing;
    await settling;
    late.open();
    await later;
  });

  it('waits for writes of its own, and for nothing where there are none', async () => {
    const one = await open();
    await one.gate.settle();
    const own = latch();
    const writing = one.gate.run(() => own.opened);
    const settling = one.gate.settle();
    expect(await waitsFor(settling, () => one.tags.figures())).toBe(true);
    own.open();
    await writing;
    await settling;
  });

  it('hears of a write that failed as settled', async () => {
    const [one, two] = [await open(), await open()];
    await expect(two.gate.run(() => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk');
    await one.gate.settle();
  });
});

describe('a process that does not answer', () => {
  it('is shut out, makes no row any more, and comes back', async () => {
    const [one, two] = [await open(), await open(sleepy)];
    const scope = await begin(one, alice, 1);
    expect(await two.tags.file(scope, [blockFrom(7)])).toBe(true);
    const held = latch();
    const outcome = two.gate.run(async () => {
      await held.opened;
      return two.tags.file(scope, [a]);
    }).catch((error: unknown) => error);
    await one.gate.settle();
    // It has long renewed again, or tried to; still nothing that began before may be written.
    await setTimeout(2 * sleepy.renewMs);
    held.open();
    const failure = await outcome;
    expect(failure).toBeInstanceOf(StorageError);
    expect(failure).toMatchObject({ options: { retryable: true } });
    expect(await one.tags.find(a.rehash)).toBeUndefined();
    await until(() => two.tags.file(scope, [a]).catch(() => false));
    expect(await one.tags.find(a.rehash)).toBeDefined();
  });

  it('is waited for while a transaction of it is open', async () => {
    const [one, two] = [await open(), await open({ ...sleepy, renewMs: 60_000 })];
    const scope = await begin(one, alice, 1);
    const writing = await holdOpen(two.db, (session) => file(session, scope, [a]));
    await setTimeout(2 * sleepy.leaseMs);
    const settling = one.gate.settle();
    expect(await waitsFor(settling, () => setTimeout(60))).toBe(true);
    expect(await writing.finish()).toBe(true);
    await settling;
    await expect(two.tags.file(scope, [blockFrom(2)])).rejects.toBeInstanceOf(StorageError);
  });

  it('leaves nobody waiting when it closes', async () => {
    const [one, two] = [await open(), await open()];
    await two.close();
    current.opened.pop();
    await one.gate.settle();
    await expect(two.gate.run(() => Promise.resolve(1))).rejects.toBeInstanceOf(StorageError);
  });
});

describe('a name', () => {
  it('is had alone, by one process at a time', async () => {
    const [one, two] = [await open(), await open()];
    const [entered, first] = [latch(), latch()];
    const alone = one.gate.alone('sweep', async () => {
      entered.open();
      await first.opened;
      return 'one';
    });
    await entered.opened;
    expect(await two.gate.alone('sweep', () => Promise.resolve('two'))).toBeUndefined();
    expect(await one.gate.alone('sweep', () => Promise.resolve('again'))).toBeUndefined();
    expect(await two.gate.alone('other', () => Promise.resolve('two'))).toBe('two');
    first.open();
    expect(await alone).toBe('one');
    expect(await two.gate.alone('sweep', () => Promise.resolve('two'))).toBe('two');
    await expect(two.gate.alone('sweep', () => Promise.reject(new Error('stopped')))).rejects.toThrow('stopped');
    expect(await one.gate.alone('sweep', () => Promise.resolve('one'))).toBe('one');
  });

  it('comes to each in turn, never to two at once', async () => {
    const [one, two] = [await open(), await open()];
    let inside = 0;
    let most = 0;
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? one : two).gate.inTurn('generation', async () => {
      most = Math.max(most, ++inside);
      await one.tags.figures();
      inside--;
      return index;
    })));
    expect(most).toBe(1);
    expect(outcomes).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('is lost with the connection, and then the work writes nothing more until it has ended', async () => {
    const [one, two] = [await open(), await open()];
    const scope = await begin(one, alice, 1);
    const [entered, go] = [latch(), latch()];
    const working = one.gate.alone('sweep', async () => {
      entered.open();
      await go.opened;
      return one.tags.file(scope, [a]);
    }).catch((error: unknown) => error);
    await entered.opened;
    await endLockHolders(current.url);
    let settling: Promise<void> | undefined;
    await until(async () => (await two.gate.alone('sweep', () => {
      settling = two.gate.settle();
      return Promise.resolve(true);
    })) === true);
    expect(await waitsFor(settling ?? Promise.resolve(), () => setTimeout(60))).toBe(true);
    go.open();
    expect(await working).toBeInstanceOf(StorageError);
    await settling;
    expect(await two.tags.find(a.rehash)).toBeUndefined();
    await until(() => one.tags.file(scope, [a]).catch(() => false));
  });
});

/** As an operator, or a network, would end the connections that hold advisory locks. */
async function endLockHolders(url: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
  await client.end();
}

describe('the clock', () => {
  it('tells the time of the database, and never an earlier one than before', async () => {
    const one = await open();
    const measured = await createClock(one.db);
    const { clock } = measured;
    const seen = Array.from({ length: 1_000 }, () => clock.now());
    expect(seen.every((now, index) => Number.isInteger(now) && now >= (seen[index - 1] ?? 0))).toBe(true);
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(1_000);
    measured.close();
  });
});
