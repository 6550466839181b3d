/**
 * Readiness and metrics of a server on PostgreSQL and a bucket: each engine tells its own figures, and one that is gone is named without its address.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { postgresServer } from '../support/postgres-server.js';
import { rawBlock, registerRaw, storeRaw } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';
import { scrape } from '../support/scrape.js';

const database = postgresServer();
let bucket: S3Server;
let server: TestServer;

beforeEach(async () => {
  bucket = await startS3rver();
  const { endpoint, bucket: name, accessKeyId, secretAccessKey } = bucket.place;
  const place = { endpoint: new URL(endpoint), region: 'us-east-1', bucket: name, prefix: '', accessKeyId, secretAccessKey };
  server = await startServer({ databaseUrl: await database.freshDatabase(), bucket: place });
});

afterEach(async () => {
  await server.close().catch(() => undefined); // a bucket that is gone takes no mark
  await bucket.close().catch(() => undefined); // one test has closed it
});

describe('a server on PostgreSQL and a bucket', () => {
  it('is ready, and tells commits, puts and queues of these engines alone', async () => {
    expect((await request(server.url).get('/readyz')).body).toEqual({ status: 'ready' });
    await storeRaw(server.url, await registerRaw(server.url, 'ada'), [rawBlock()]);
    const figures = await scrape(server.url);
    for (const key of ['dice_index_commit_seconds_count{kind="postgres"}', 'dice_s3_seconds_count{operation="put"}', 'dice_s3_seconds_count{operation="get"}', 'dice_group_calls_count{where="s3"}', 'dice_database_bytes', 'dice_sessions_open']) {
      expect([key, (figures.get(key) ?? 0) > 0]).toEqual([key, true]);
    }
    expect(['s3', 'postgres'].map((queue) => figures.get(`dice_queue_depth{queue="${queue}"}`))).toEqual([0, 0]);
    expect(['packs', 'sqlite'].map((queue) => figures.get(`dice_queue_depth{queue="${queue}"}`))).toEqual([undefined, undefined]);
  });

  it('is not ready without its bucket, and says no address, key or reason', async () => {
    await bucket.close();
    const answer = await request(server.url).get('/readyz');
    expect([answer.status, answer.body]).toEqual([503, { status: 'not ready', failed: ['blocks'] }]);
    expect(answer.text + server.logText()).not.toContain(bucket.place.secretAccessKey);
    expect((await request(server.url).get('/healthz')).status).toBe(200);
  });
});
