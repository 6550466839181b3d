/**
 * A PostgreSQL whose recovery ended at a bad record of its log, or whose standby had not all of it, over packs in a bucket: what the index forgot since the last sweep is brought back
 * before anything is collected. The forgetful database is a copy of an earlier one with the generation of now.
 */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import pg from 'pg';
import { checkStore } from '../../server/core/check.js';
import { blocksOf } from '../support/core-store.js';
import { postgresServer } from '../support/postgres-server.js';
import { refusalCode } from '../support/refusal.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';
import { countScans, StoppedStore } from '../support/stopped-store.js';

const database = postgresServer();
const running: { server?: S3Server; stopped?: StoppedStore } = {};
beforeAll(async () => { running.server = await startS3rver(); });
afterEach(() => running.stopped?.end());
afterAll(() => running.server?.close());

/** What a question answers, in one text. */
async function ask(url: string, sql: string, ...values: readonly unknown[]): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query<{ value: string }>(sql, [...values]);
    return rows[0]?.value ?? '';
  } finally {
    await client.end();
  }
}

const generationSql = "SELECT value FROM store_state WHERE name = 'core.generation'";

it('a database that forgot the rows of a day has them again after one reading of that day, and before a sweep', async () => {
  if (running.server === undefined) throw new Error('s3rver does not run yet');
  const { endpoint, ...place } = running.server.place;
  const url = await database.freshDatabase();
  const stopped = await StoppedStore.make({ databaseUrl: url, bucket: { ...place, endpoint: new URL(endpoint), prefix: 'forgotten/' } });
  running.stopped = stopped;
  await stopped.start();
  const ada = await stopped.register('ada');
  await stopped.stored(ada);
  const purged = await stopped.stored(ada, blocksOf(40));
  await stopped.stop();
  const before = await database.copyOf(url);

  await stopped.start();
  const bob = await stopped.register('bob');
  const shared = blocksOf(2);
  await stopped.stored(bob, shared);
  await stopped.stored(ada, shared);
  await stopped.purged(ada, purged);
  // What is dead in the bucket goes, and what lived beside it is moved.
  expect((await stopped.services.sweep.sweep({ isThorough: true })).compactedPacks).toBeGreaterThan(0);
  await stopped.stored(bob);
  await stopped.stop();

  await ask(before, "UPDATE store_state SET value = $1 WHERE name = 'core.generation'", await ask(url, generationSql));
  stopped.engines = { ...stopped.engines, databaseUrl: before };
  const { parts, services } = await stopped.start();
  expect(await parts.stores.state.isHeld()).toBe(false);
  expect((await checkStore(parts, { onFinding: () => undefined })).unknown).toHaveLength(4);
  const scans = countScans(parts.stores.blocks);
  expect(await services.reconcile.run()).toMatchObject({ accounts: 1, images: 3, removals: 1, incomplete: 0 });
  // A removal met a row: then all packs are asked once more, for its restoration.
  expect(scans.packs).toHaveLength(2 * new Set(scans.packs).size);
  await services.sweep.sweep({ isThorough: true });
  await stopped.images.expectWhole(parts);
  expect(await refusalCode(() => services.images.read(ada, purged))).toBe('not-found');

  await stopped.stop();
  const again = countScans((await stopped.start()).parts.stores.blocks);
  await stopped.services.reconcile.run();
  expect(again.packs).toEqual([]);
});
