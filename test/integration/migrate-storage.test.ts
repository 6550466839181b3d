/**
 * `dice-admin migrate-storage` between all engines: a store with accounts, images, trash, shared blocks and invitations goes from SQLite and packs to
 * PostgreSQL and a bucket and back, and its people see no difference. What may not be moved is refused in a sentence.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { run, type CommandResult } from '../support/dice-command.js';
import { brokenFiles, fillStore, seenBy, serving, type Engines, type Filled } from '../support/moved-store.js';
import { postgresServer } from '../support/postgres-server.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';
import { registered } from '../support/sdk-client.js';

const database = postgresServer();
let s3: S3Server;
let folder: string;
let first: Engines;
let filled: Filled;

beforeAll(async () => {
  s3 = await startS3rver();
  folder = await mkdtemp(path.join(tmpdir(), 'dice-migrate-'));
  first = { dataDirectory: path.join(folder, 'first') };
  filled = await fillStore(first);
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

function bucketOf(prefix: string): NonNullable<Engines['bucket']> {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = s3.place;
  return { endpoint: new URL(endpoint), region, bucket, prefix: `${prefix}/`, accessKeyId, secretAccessKey };
}

/** Variables that name engines: those of a server, or of what is moved to. */
function environmentOf({ databaseUrl, bucket }: Engines, prefix: 'DICE_' | 'DICE_TO_'): Readonly<Record<string, string>> {
  const named: readonly (readonly [string, string | undefined])[] = [
    ['DATABASE_URL', databaseUrl], ['S3_BUCKET', bucket?.bucket], ['S3_ENDPOINT', bucket?.endpoint?.origin], ['S3_REGION', bucket?.region], ['S3_PREFIX', bucket?.prefix],
    ['S3_ACCESS_KEY_ID', bucket?.accessKeyId], ['S3_SECRET_ACCESS_KEY', bucket?.secretAccessKey],
  ];
  return Object.fromEntries(named.flatMap(([name, value]) => (value === undefined ? [] : [[prefix + name, value]])));
}

function admin(engines: Engines, ...args: readonly string[]): Promise<CommandResult> {
  return run('dice-admin', [...args, '--data-dir', engines.dataDirectory ?? ''], { environment: environmentOf(engines, 'DICE_') });
}

function migrate(from: Engines, to: Engines, ...args: readonly string[]): Promise<CommandResult> {
  const environment = { ...environmentOf(from, 'DICE_'), ...environmentOf(to, 'DICE_TO_') };
  return run('dice-admin', ['migrate-storage', ...args, '--data-dir', from.dataDirectory ?? ''], { environment });
}

async function expectWhole(engines: Engines): Promise<void> {
  const check = await admin(engines, 'check', '--json');
  expect([check.status, check.json()]).toEqual([0, expect.objectContaining({ findings: 0, damage: [], isHeld: false })]);
  await serving(engines, async (server) => {
    expect(await brokenFiles(server, filled)).toEqual([]);
    expect(await seenBy(server, filled.raw)).toEqual(filled.seen);
  });
}

interface Moved {
  readonly outcome: string;
  readonly packs: number;
  readonly records: number;
  readonly rows: Readonly<Record<string, number>>;
}

describe('dice-admin migrate-storage', () => {
  it('moves SQLite and packs to PostgreSQL and a bucket and back; its people see no difference', async () => {
    const before = await readdir(path.join(folder, 'first', 'packs'));
    const second: Engines = { dataDirectory: path.join(folder, 'first'), databaseUrl: await database.freshDatabase(), bucket: bucketOf('second') };
    const forecast = await migrate(first, second, '--to-index', 'postgres', '--to-blocks', 's3', '--dry-run', '--json');
    expect([forecast.status, forecast.stderr]).toEqual([0, expect.stringContaining('Moves from SQLite in')]);
    const there = await migrate(first, second, '--to-index', 'postgres', '--to-blocks', 's3', '--json');
    expect([there.status, there.stderr]).toEqual([0, expect.stringContaining('DICE_DATABASE_URL = the value of DICE_TO_DATABASE_URL')]);
    expect(there.stderr).not.toMatch(/dice:dice@|S3RVER/);
    const moved = there.json<Moved>();
    expect(moved).toMatchObject({ outcome: 'moved', different: [], damage: [], lost: [], rows: forecast.json<Moved>().rows });
    expect(moved.rows).toMatchObject({ account: 4, closedAccount: 1, invitation: 2, tombstone: 1 });
    expect(await readdir(path.join(folder, 'first', 'packs'))).toEqual(before);
    await expectWhole(second);
    const third: Engines = { dataDirectory: path.join(folder, 'third') };
    const back = await migrate(second, third, '--to-index', 'sqlite', '--to-blocks', 'packs', '--to-data-dir', third.dataDirectory ?? '', '--json');
    expect([back.status, back.stderr]).toEqual([0, expect.stringContaining('Every row and every pack is the same')]);
    await expectWhole(third);
    await serving(third, async ({ url }) => {
      const eve = await registered(url, 'eve', { invitation: filled.invitation.replace(/^http:\/\/[^/]+/, url) });
      expect(eve.account?.domain).toBe('group');
      expect((await request(url).get(`/api/v1/images/${filled.rawImage}`).set('Authorization', filled.raw.bearer)).status).toBe(200);
    });
  });

  it('moves the index alone, and the blocks alone', async () => {
    const source: Engines = { dataDirectory: path.join(folder, 'first') };
    const index: Engines = { ...source, databaseUrl: await database.freshDatabase() };
    expect(await migrate(source, index, '--to-index', 'postgres')).toMatchObject({ status: 0 });
    await expectWhole(index);
    const blocks: Engines = { dataDirectory: path.join(folder, 'fourth'), databaseUrl: await database.freshDatabase(), bucket: bucketOf('fourth') };
    expect(await migrate(index, blocks, '--to-blocks', 's3', '--to-data-dir', blocks.dataDirectory ?? '')).toMatchObject({ status: 0 });
    await expectWhole(blocks);
    const packs: Engines = { dataDirectory: path.join(folder, 'fifth'), databaseUrl: await database.freshDatabase() };
    expect(await migrate(blocks, packs, '--to-blocks', 'packs', '--to-data-dir', packs.dataDirectory ?? '')).toMatchObject({ status: 0 });
    await expectWhole(packs);
    // The packs were used from the other index meanwhile: the one that was left behind is the older now.
    expect((await admin(source, 'check', '--json')).json()).toMatchObject({ isHeld: true });
  });
});
