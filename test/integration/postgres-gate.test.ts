/**
 * The gate of several processes on one PostgreSQL: who waits for whom, who is shut out, and what is left of whoever dropped a lock.
 */
import net from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { StorageError } from '../../server/ports/errors.js';
import { createClock } from '../../server/storage/postgres/clock.js';
import { file } from '../../server/storage/postgres/filing.js';
import type { ProcessGate } from '../../server/storage/postgres/gate.js';
import { alice, begin, blockFrom } from '../contract/store-fixture.js';
import { endLockHolders } from '../support/lock-holders.js';
import { holdOpen, latch, openGated, waitsFor, type StoreProcess } from '../support/postgres-process.js';
import { postgresServer } from '../support/postgres-server.js';

const server = postgresServer();
const lively = { renewMs: 40, leaseMs: 20_000, pollMs: 10 };
/** Renews too rarely for its lease: to the others it looks dead in between. */
const sleepy = { renewMs: 1_500, leaseMs: 100, pollMs: 10 };

type Gated = StoreProcess & { readonly gate: ProcessGate };

// Given before each test; nothing reads it earlier.
const current = {} as { url: string; opened: Gated[]; ends: (() => unknown)[] };
beforeEach(async () => {
  current.url = await server.freshDatabase();
  current.opened = [];
  current.ends = [];
});
afterEach(async () => {
  // First what holds others up, also where a test failed in the middle.
  for (const end of current.ends) await end();
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

/** A process whose commit does not come to its end, over a way that can be broken, and another one. `writing`: how its write went. */
async function stalledCommit() {
  const one = await open();
  const way = await breakableWay(current.url);
  const two = await openGated(way.url, lively);
  current.opened.push(two);
  const scope = await begin(one, alice, 1);
  const stall = await stallCommits(current.url);
  const writing = two.gate.run(() => two.tags.file(scope, [a])).catch((error: unknown) => error);
  await stall.isReached();
  return { one, way, stall, writing };
}

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

  it('waits for a commit whose answer was lost with the connection', async () => {
    const { one, way, stall, writing } = await stalledCommit();
    way.breakAll();
    expect(await writing).toMatchObject({ name: 'StorageError', options: { retryable: true } });
    const settling = one.gate.settle();
    expect(await waitsFor(settling, () => setTimeout(60))).toBe(true);
    expect(await one.tags.find(a.rehash)).toBeUndefined();
    await stall.release();
    await settling;
    expect(await one.tags.find(a.rehash)).toBeDefined();
  });

  it('waits for such a commit too where the connection was lost while it waited', async () => {
    const { one, way, stall, writing } = await stalledCommit();
    const settling = one.gate.settle();
    // Meanwhile the other one renews.
    expect(await waitsFor(settling, () => setTimeout(60))).toBe(true);
    way.breakAll();
    expect(await writing).toBeInstanceOf(StorageError);
    expect(await waitsFor(settling, () => setTimeout(60))).toBe(true);
    await stall.release();
    await settling;
    expect(await one.tags.find(a.rehash)).toBeDefined();
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

/** A way to the database at `url` whose connections can be broken as a network would. */
async function breakableWay(url: string): Promise<{ readonly url: string; breakAll(): void }> {
  const target = new URL(url);
  const sockets = new Set<net.Socket>();
  const listener = net.createServer((near) => {
    const far = net.connect(Number(target.port), target.hostname);
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => { sockets.delete(socket); });
      socket.pipe(other);
    }
  });
  await new Promise<void>((resolve) => { listener.listen(0, '127.0.0.1', resolve); });
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('the way has no port');
  current.ends.push(() => { listener.close(); });
  const way = new URL(url);
  way.port = String(address.port);
  return {
    url: way.href,
    breakAll() { for (const socket of sockets) socket.destroy(); },
  };
}

/** Holds every commit that filed a row in the middle: a deferred trigger waits for a lock that the test has. */
async function stallCommits(url: string): Promise<{ isReached(): Promise<void>; release(): Promise<void> }> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query(`SELECT pg_advisory_lock(42);
    CREATE FUNCTION stall() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(42); RETURN NULL; END';
    CREATE CONSTRAINT TRIGGER stalled AFTER INSERT ON tag DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stall()`);
  const release = (): Promise<void> => client.end();
  current.ends.push(release);
  const waiting = "SELECT count(*)::integer AS count FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";
  return {
    isReached: () => until(async () => (await client.query<{ count: number }>(waiting)).rows[0]?.count === 1),
    release,
  };
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
