/**
 * Every operation with each of its calls to the stores failing in turn, before and after it took effect; on PostgreSQL and in a bucket those that store, remove and collect.
 * Prints how many calls each has and how many faults were injected. In short: test/fault.
 */
import { afterAll, beforeAll, describe, jest } from '@jest/globals';
import { accountSweeps } from '../support/account-sweeps.js';
import { coreSweeps } from '../support/core-sweeps.js';
import { imageSweeps } from '../support/image-sweeps.js';
import { operatorSweeps } from '../support/operator-sweeps.js';
import { postgresServer } from '../support/postgres-server.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';
import { indexOnPostgres, packsInBucket } from '../support/swept-engines.js';
import { sweptStores } from '../support/swept-store.js';

jest.setTimeout(3_600_000);
const whole = { most: Infinity };

describe('on SQLite and packs', () => {
  const open = sweptStores(whole);
  for (const sweeps of [coreSweeps, imageSweeps, accountSweeps, operatorSweeps]) sweeps(open);
});

describe('on PostgreSQL', () => {
  const server = postgresServer();
  const open = sweptStores({ ...whole, engine: indexOnPostgres(() => server.freshDatabase()) });
  for (const sweeps of [coreSweeps, imageSweeps]) sweeps(open);
});

describe('in a bucket', () => {
  const running: { server?: S3Server } = {};
  beforeAll(async () => { running.server = await startS3rver(); });
  afterAll(() => running.server?.close());
  const open = sweptStores({ ...whole, engine: packsInBucket(() => running.server?.place) });
  for (const sweeps of [coreSweeps, imageSweeps]) sweeps(open);
});
