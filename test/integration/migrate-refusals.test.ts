/**
 * What a move refuses, and what it says of a damaged store: servers that run, places that make no sense, records that cannot be read. And that no table
 * and no column of either engine is forgotten.
 */
import { appendFile, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import request from 'supertest';
import { ServerProcess } from '../../bench/server-process.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { checkStore } from '../../server/core/check.js';
import { TableDigest } from '../../server/core/moving/table-digest.js';
import type { Coverage, MovedRow } from '../../server/ports/index-move.js';
import { openDatabase as openPostgres } from '../../server/storage/postgres/database.js';
import { openIndexSource } from '../../server/storage/postgres/index-reader.js';
import { coverage as postgresCoverage } from '../../server/storage/postgres/moved-tables.js';
import { openDatabase as openSqlite } from '../../server/storage/sqlite/database.js';
import { coverage as sqliteCoverage } from '../../server/storage/sqlite/moved-tables.js';
import { sha256 } from '../support/core-store.js';
import { run, type CommandResult } from '../support/dice-command.js';
import { serving } from '../support/moved-store.js';
import { postgresServer } from '../support/postgres-server.js';
import { beginRaw, commitOf, rawBlock, registerRaw, sendCommits, storeRaw, streamOf } from '../support/raw-account.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';

const database = postgresServer();
let s3: S3Server;
let folder: string;
let made = 0;

beforeAll(async () => {
  s3 = await startS3rver();
  folder = await mkdtemp(path.join(tmpdir(), 'dice-refuse-'));
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

const block = rawBlock(60_000);
const whole = rawBlock(2_000);

/** A small store in files: two images, each with a block of its own. */
async function smallStore(): Promise<{ readonly directory: string; readonly images: readonly [string, string] }> {
  const directory = path.join(folder, `store-${++made}`);
  return serving({ dataDirectory: directory }, async ({ url }) => {
    const ada = await registerRaw(url, 'ada');
    return { directory, images: [await storeRaw(url, ada, [block]), await storeRaw(url, ada, [whole])] as const };
  });
}

function migrate(directory: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<CommandResult> {
  return run('dice-admin', ['migrate-storage', ...args, '--data-dir', directory], { environment });
}

function bucketVariables(prefix: 'DICE_' | 'DICE_TO_', folderName: string): Readonly<Record<string, string>> {
  const { endpoint, bucket, accessKeyId, secretAccessKey } = s3.place;
  const values = { ENDPOINT: endpoint, BUCKET: bucket, PREFIX: `${folderName}/`, ACCESS_KEY_ID: accessKeyId, SECRET_ACCESS_KEY: secretAccessKey };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}S3_${name}`, value]));
}

describe('a move', () => {
  it('is refused where it makes no sense, before anything is made', async () => {
    const { directory } = await smallStore();
    const beside = path.join(folder, 'beside');
    const refusals: readonly (readonly [RegExp, readonly string[], Readonly<Record<string, string>>?])[] = [
      [/Say what to move/, []],
      [/--to-index is sqlite or postgres/, ['--to-index', 'mysql']],
      [/index lies in .*dice\.db already/, ['--to-index', 'sqlite']],
      [/need an index of their own/, ['--to-blocks', 's3'], bucketVariables('DICE_TO_', 'x')],
      [/Set DICE_TO_DATABASE_URL/, ['--to-index', 'postgres']],
      [/Set DICE_TO_S3_BUCKET/, ['--to-index', 'postgres', '--to-blocks', 's3'], { DICE_TO_DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x' }],
      [/DICE_TO_S3_SECRET_ACCESS_KEY is missing/, ['--to-blocks', 's3'], { ...bucketVariables('DICE_TO_', 'x'), DICE_TO_S3_SECRET_ACCESS_KEY: '' }],
      [/say --to-blocks packs/, ['--to-index', 'sqlite', '--to-data-dir', beside]],
    ];
    for (const [says, args, environment] of refusals) expect(await migrate(directory, args, environment)).toMatchObject({ status: 2, stderr: expect.stringMatching(says) });
    expect(await migrate(beside, ['--to-index', 'postgres'], { DICE_TO_DATABASE_URL: 'postgres://u:p@127.0.0.1:1/x' })).toMatchObject({ status: 2, stderr: expect.stringMatching(/holds no store/) });
    expect((await readdir(folder)).includes('beside')).toBe(false);
  });

  it('is refused beside another store, and moves packs and SQLite to an empty directory', async () => {
    const { directory } = await smallStore();
    const other = await smallStore();
    const args = (to: string): readonly string[] => ['--to-index', 'sqlite', '--to-blocks', 'packs', '--to-data-dir', to];
    expect(await migrate(directory, args(other.directory))).toMatchObject({ status: 2, stderr: expect.stringMatching(/holds another store/) });
    const to = path.join(folder, 'moved');
    expect(await migrate(directory, args(to))).toMatchObject({ status: 0 });
    expect(await migrate(directory, args(to))).toMatchObject({ status: 1, stderr: expect.stringMatching(/index to move to is not empty/) });
    for (const name of ['store-key', 'salt-key', 'dice-store.json']) expect(await readFile(path.join(to, name))).toEqual(await readFile(path.join(directory, name)));
    expect(await run('dice-admin', ['check', '--data-dir', to])).toMatchObject({ status: 0 });
  });

  it('is refused while a server serves the old store, on files and on a database, and no server starts beside it', async () => {
    const { directory } = await smallStore();
    const url = await database.freshDatabase();
    const to = { DICE_TO_DATABASE_URL: url, ...bucketVariables('DICE_TO_', 'served') };
    const args = ['--to-index', 'postgres', '--to-blocks', 's3'];
    await serving({ dataDirectory: directory }, async () => {
      expect(await migrate(directory, args, to)).toMatchObject({ status: 2, stderr: expect.stringMatching(/in use by another process/) });
    });
    expect(await migrate(directory, args, to)).toMatchObject({ status: 0 });
    const { endpoint, bucket, accessKeyId, secretAccessKey } = s3.place;
    const engines = { dataDirectory: directory, databaseUrl: url, bucket: { endpoint: new URL(endpoint), region: 'us-east-1', bucket, prefix: 'served/', accessKeyId, secretAccessKey } };
    const from = { DICE_DATABASE_URL: url, ...bucketVariables('DICE_', 'served') };
    const back = ['--to-index', 'sqlite', '--to-blocks', 'packs', '--to-data-dir', path.join(folder, 'back')];
    await serving(engines, async () => {
      expect(await migrate(directory, back, from)).toMatchObject({ status: 1, stderr: expect.stringMatching(/stop every server of this store/) });
    });
    const source = await openIndexSource(url);
    await expect(serving(engines, () => Promise.resolve())).rejects.toThrow(/being moved by dice-admin migrate-storage/);
    await source.close();
    await serving(engines, () => Promise.resolve());
  });
});

describe('a move of a store whose server was killed in the middle of an upload', () => {
  it('has all that was acknowledged; the upload ends, its client begins another and sends what is missing', async () => {
    const { directory } = await smallStore();
    const killed = await ServerProcess.start({ dataDirectory: directory, environment: { DICE_LOG_LEVEL: 'error', DICE_GRACE_MINUTES: '0' } });
    const eve = await registerRaw(killed.url, 'eve');
    const acknowledged = await storeRaw(killed.url, eve, [rawBlock(700)]);
    const uploadId = await beginRaw(killed.url, eve);
    const pending = rawBlock(900);
    const sent = await request(killed.url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', eve.bearer).set('Content-Type', 'application/octet-stream').send(streamOf([pending]));
    expect(sent.status).toBe(200);
    await killed.kill();
    const url = await database.freshDatabase();
    expect(await migrate(directory, ['--to-index', 'postgres'], { DICE_TO_DATABASE_URL: url })).toMatchObject({ status: 0 });
    await serving({ dataDirectory: directory, databaseUrl: url }, async (server) => {
      expect((await sendCommits(server.url, { uploadId, account: eve }, [commitOf('ab'.repeat(16), [pending])])).body).toMatchObject({ code: 'upload-unknown' });
      const again = await storeRaw(server.url, eve, [pending]);
      const listed = await request(server.url).get('/api/v1/images').set('Authorization', eve.bearer);
      expect((listed.body as { images: readonly { readonly imageId: string }[] }).images.map(({ imageId }) => imageId).sort()).toEqual([acknowledged, again].sort());
      await server.services.sweep.sweep({ isThorough: true });
      expect(await checkStore(server.store.parts, { onFinding: () => undefined })).toMatchObject({ findings: 0, images: 4, blocks: 4 });
    });
  });
});

describe('a move of a damaged store', () => {
  it('copies everything else, and says with status 4 which images what is damaged concerns', async () => {
    const { directory, images: [broken] } = await smallStore();
    const packs = path.join(directory, 'packs');
    const [pack = ''] = (await readdir(packs)).filter((name) => name.endsWith('.dice'));
    const bytes = await readFile(path.join(packs, pack));
    const at = bytes.indexOf(Buffer.from(block.cipher));
    const file = await open(path.join(packs, pack), 'r+');
    await file.write(Buffer.of((block.cipher[700] ?? 0) ^ 1), 0, 1, at + 700);
    await file.close();
    // What a crash leaves at the end of a pack concerns nobody.
    await appendFile(path.join(packs, pack), Buffer.alloc(50, 7));
    const to = { DICE_TO_DATABASE_URL: await database.freshDatabase(), ...bucketVariables('DICE_TO_', 'damaged') };
    const moved = await migrate(directory, ['--to-index', 'postgres', '--to-blocks', 's3', '--json'], to);
    expect(moved.status).toBe(4);
    const { damage, lost, outcome } = moved.json<{ readonly damage: readonly object[]; readonly lost: readonly object[]; readonly outcome: string }>();
    expect([outcome, damage.length]).toEqual(['moved', 2]);
    expect(lost).toEqual([{ what: 'block', rehash: hexOf(block.rehash), images: [{ accountId: expect.any(String), imageId: broken }] }]);
    const from = { DICE_DATABASE_URL: to.DICE_TO_DATABASE_URL, ...bucketVariables('DICE_', 'damaged') };
    const check = await run('dice-admin', ['check', '--data-dir', directory, '--json'], { environment: from });
    expect([check.status, check.json()]).toEqual([4, expect.objectContaining({
      findings: 1, damage: [expect.objectContaining({ what: 'no intact record' })], list: [expect.objectContaining({ kind: 'block-unreadable', rehash: hexOf(block.rehash) })],
    })]);
  });
});

describe('the tables of a move', () => {
  const expectCovered = (coverage: Coverage, tables: ReadonlyMap<string, readonly string[]>): void => {
    expect(Object.keys(coverage).sort()).toEqual([...tables.keys()].sort());
    for (const [table, how] of Object.entries(coverage)) {
      if ('columns' in how) expect([table, ...[...how.columns].sort()]).toEqual([table, ...[...(tables.get(table) ?? [])].sort()]);
    }
  };

  it('are all that SQLite has, column by column', async () => {
    const db = openSqlite({ file: path.join(await mkdtemp(path.join(folder, 'schema-')), 'index.sqlite') });
    const rows = db.connection.prepare<[], { name: string; col: string }>(
      "SELECT s.name, c.name AS col FROM sqlite_schema s JOIN pragma_table_info(s.name) c WHERE s.type = 'table' AND s.name NOT LIKE 'sqlite_%'",
    ).all();
    db.close();
    expectCovered(sqliteCoverage, grouped(rows));
  });

  it('are all that PostgreSQL has, column by column', async () => {
    const url = await database.freshDatabase();
    await (await openPostgres({ url })).close();
    const client = new pg.Client(url);
    await client.connect();
    const { rows } = await client.query<{ name: string; col: string }>("SELECT table_name AS name, column_name AS col FROM information_schema.columns WHERE table_schema = 'public'");
    await client.end();
    expectCovered(postgresCoverage, grouped(rows));
  });

  it('have a digest that knows every cell, and no order', () => {
    const digestOf = (...rows: readonly MovedRow[]): string => {
      const digest = new TableDigest(sha256);
      for (const row of rows) digest.add(row);
      return digest.text();
    };
    const bytes = Uint8Array.of(1, 2);
    const row: MovedRow = [1, 'a', bytes, null, [bytes, bytes]];
    expect(digestOf(row, [2])).toBe(digestOf([2], row));
    const others: readonly MovedRow[] = [
      [2, 'a', bytes, null, [bytes, bytes]], [1, 'b', bytes, null, [bytes, bytes]], [1, 'a', Uint8Array.of(1), null, [bytes, bytes]], [1, 'a', bytes, 0, [bytes, bytes]],
      [1, 'a', bytes, null, [bytes]], [1, 'a', bytes, null, []], [1, 'a', bytes, [bytes, bytes], null], ['1', 'a', bytes, null, [bytes, bytes]],
    ];
    for (const other of others) expect(digestOf(other)).not.toBe(digestOf(row));
    expect(digestOf(row)).not.toBe(digestOf(row, row));
    expect(digestOf()).not.toBe(digestOf([]));
  });
});

function grouped(rows: readonly { readonly name: string; readonly col: string }[]): ReadonlyMap<string, readonly string[]> {
  const tables = new Map<string, string[]>();
  for (const { name, col } of rows) tables.set(name, [...(tables.get(name) ?? []), col]);
  return tables;
}
