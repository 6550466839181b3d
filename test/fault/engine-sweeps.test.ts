/**
 * Uploads with the index on PostgreSQL and the packs in a bucket, sweeps on PostgreSQL, with few of their calls failing, before and after they took effect. All calls, each
 * engine alone: test/long/port-sweeps.test.ts.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { collectionSweep, uploadSweep } from '../support/core-sweeps.js';
import { postgresServer } from '../support/postgres-server.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';
import { indexOnPostgres, packsInBucket } from '../support/swept-engines.js';
import { type OpenEngine, sweptStores } from '../support/swept-store.js';

const server = postgresServer();
const running: { bucket?: S3Server } = {};
beforeAll(async () => { running.bucket = await startS3rver(); });
afterAll(() => running.bucket?.close());

const onPostgres = indexOnPostgres(() => server.freshDatabase());
const onBoth: OpenEngine = async () => {
  const [{ ports, close }, packs] = [await onPostgres(), await packsInBucket(() => running.bucket?.place)()];
  return { ports: { ...ports, ...packs.ports }, close };
};

uploadSweep(sweptStores({ most: 1, engine: onBoth }));
collectionSweep(sweptStores({ most: 1, engine: onPostgres }));
