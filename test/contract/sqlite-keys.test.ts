/**
 * Young and old keys of the SQLite index, the pins kept in vectors, and the filter of what is held: what they promise at every
 * moment, and that a store of the schema before is taken over whole.
 */
import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import type { Rehash, UploadId } from '../../client-sdk/protocol/ids.js';
import type { FiledBlock } from '../../server/ports/tag-store.js';
import { openDatabase, type StoreDatabase } from '../../server/storage/sqlite/database.js';
import { judge } from '../../server/storage/sqlite/holdings.js';
import { youngKept } from '../../server/storage/sqlite/key-moving.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, isBefore, rehashes } from './store-fixture.js';
import { openIndex, type OpenedIndex } from './opened-index.js';

const temporary = temporaryDirectories();

async function opened(at?: string): Promise<OpenedIndex> {
  return openIndex(at ?? path.join(await temporary(), 'index.sqlite'));
}

function countOf(db: StoreDatabase, sql: string): number {
  return Number(db.connection.prepare(sql).pluck().get());
}

/** Every tag has one key, with its owner, and no key is without its tag. */
function expectKeys(db: StoreDatabase): void {
  const keys = 'SELECT t1, tag, owner FROM young_key UNION ALL SELECT t1, tag, owner FROM old_key';
  const rows = countOf(db, 'SELECT COUNT(*) FROM tag');
  expect(countOf(db, `SELECT COUNT(*) FROM (${keys})`)).toBe(rows);
  expect(countOf(db, `SELECT COUNT(*) FROM (${keys}) k JOIN tag ON tag.id = k.tag AND tag.owner = k.owner AND substr(tag.t1, 1, 6) = k.t1`)).toBe(rows);
}

const madeBlocks = (from: number, count: number): readonly FiledBlock[] => Array.from({ length: count }, (_, index) => blockFrom(from + index));
const everyNth = (blocks: readonly FiledBlock[], n: number): readonly FiledBlock[] => blocks.filter((_, index) => index % n === 0);

describe('young and old keys', () => {
  it('are found and listed at every moment of the moving, round after round', async () => {
    const { db, tags } = await opened();
    const scope = await begin({ tags }, alice, 1);
    const blocks: FiledBlock[] = [];
    let [rounds, before] = [0, '']; // 34,000 blocks: the filter of what is held begins anew too
    for (let turn = 0; turn < 34; turn++) {
      // A count that is wrong makes rounds shorter, and is put right by the first one that ends.
      if (turn === 14) db.connection.exec('UPDATE key_moving SET young = 1000000');
      const batch = madeBlocks(1_000 * turn, 1_000);
      await tags.file(scope, batch);
      blocks.push(...batch);
      const sample = everyNth(blocks, 97);
      expect(await tags.pinOwned(scope, sample.map(({ rehash }) => rehash))).toEqual(sample.map(() => true));
      const movedTo = String(db.connection.prepare('SELECT hex(moved_to) FROM key_moving').pluck().get());
      if (movedTo < before) rounds++;
      before = movedTo;
      if (turn % 5 === 0) expectKeys(db);
    }
    expect(rounds).toBeGreaterThan(0);
    expect(countOf(db, 'SELECT COUNT(*) FROM old_key')).toBeGreaterThan(5_000);
    expect(countOf(db, 'SELECT COUNT(*) FROM young_key')).toBeLessThanOrEqual(youngKept(34_000) + 1_000);
    expectKeys(db);
    const listed: string[] = [];
    for (let after: Rehash | undefined; ; ) {
      const rows = await tags.list(after, 999);
      listed.push(...rows.map(({ rehash }) => Buffer.from(rehash).toString('hex')));
      after = rows.at(-1)?.rehash;
      if (after === undefined) break;
    }
    expect(listed).toEqual(rehashes(blocks).map((rehash) => Buffer.from(rehash).toString('hex')));
    db.close();
  });

  it('come and move by as many as a call brings blocks, whether these are new or others have them: time does not tell', async () => {
    const { db, tags } = await opened();
    const scope = await begin({ tags }, alice, 1);
    for (let turn = 0; turn < 12; turn++) await tags.file(scope, madeBlocks(1_000 * turn, 1_000));
    db.connection.exec('UPDATE key_moving SET young = 1000000');
    await tags.file(scope, madeBlocks(12_000, 1_000));
    const moved = db.connection.prepare<[], number>('SELECT tag FROM old_key ORDER BY t1 LIMIT 200').pluck().all();
    expect(moved).toHaveLength(200);
    const young = (): number => countOf(db, 'SELECT COUNT(*) FROM young_key');
    const before = young();
    const theirs = await begin({ tags }, bob, 2);
    await tags.file(theirs, moved.map((id) => blockFrom(id - 1)));
    expect(young() - before).toBe(200 - 400);
    await tags.file(theirs, madeBlocks(13_000, 200));
    expect(young() - before).toBe(2 * (200 - 400));
    expectKeys(db);
    db.close();
  });

  it('go with their rows, and follow a T1 that is put right', async () => {
    const { db, tags } = await opened();
    const scope = await begin({ tags }, alice, 1);
    const blocks = madeBlocks(0, 16_000);
    await tags.file(scope, blocks.slice(0, 13_000));
    await tags.file(scope, blocks.slice(13_000));
    const oldTag = countOf(db, 'SELECT MIN(tag) FROM old_key');
    const youngTag = countOf(db, 'SELECT MIN(tag) FROM young_key');
    for (const id of [oldTag, youngTag]) {
      const was = blocks[id - 1];
      if (was === undefined) throw new Error('the fixture filed blocks in order of their ids');
      const right = { ...blockFrom(100_000 + id), place: was.place };
      await tags.repair(was.rehash, right);
      expect(await tags.find(was.rehash)).toBeUndefined();
      expect((await tags.find(right.rehash))?.place).toEqual(was.place);
      expect(await tags.pinOwned(scope, [was.rehash, right.rehash])).toEqual([false, true]);
    }
    expectKeys(db);
    await tags.endUpload(scope.uploadId, alice);
    while ((await tags.collect(9_999, 4_000)).length > 0);
    expect(countOf(db, 'SELECT COUNT(*) FROM old_key') + countOf(db, 'SELECT COUNT(*) FROM young_key')).toBe(0);
    db.close();
  }, 60_000);

  it('take a store of the schema before as it is', async () => {
    const directory = await temporary();
    const [file, folder] = [path.join(directory, 'index.sqlite'), path.join(directory, 'migrations')];
    await mkdir(folder);
    await cp('migrations/sqlite', folder, { recursive: true, filter: isBefore(6) });
    openDatabase({ file, migrations: folder }).close();
    const blocks = madeBlocks(0, 3_000);
    writeAsBefore(file, blocks);
    const { db, tags, images } = await opened(file);
    expect(countOf(db, 'SELECT COUNT(*) FROM old_key')).toBe(3_000);
    expect(countOf(db, "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'tag_t1'")).toBe(0);
    expectKeys(db);
    const scope = await begin({ tags }, alice, 2);
    expect(await tags.pinOwned(scope, blocks.map(({ rehash }) => rehash))).toEqual(blocks.map(() => true));
    await tags.file(scope, [...blocks, blockFrom(3_000)]);
    expect(await tags.figures()).toMatchObject({ blocks: 3_001, pendingCopies: 0 });
    expect(await images.commit(scope, imageFrom(2, [...blocks, blockFrom(3_000)]), undefined)).toEqual({ kind: 'stored' });
    expect(db.connection.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
  });
});

/** Rows as the schema before had them: one account's image of all blocks. */
function writeAsBefore(file: string, blocks: readonly FiledBlock[]): void {
  const database = new Database(file);
  database.exec("INSERT INTO owner (id, account_id, images, blocks) VALUES (1, x'00000000000000000000000000000001', 1, 3000)");
  database.exec(`INSERT INTO image (id, owner, image_id, wrapped_key, manifest_hash, manifest_bytes, manifest_pack, manifest_offset, manifest_length, blocks, created_at, entry)
    VALUES (1, 1, x'000000000000000000000000000000ff', x'00', zeroblob(16), 1, 1, 1, 1, 3000, 1, x'00')`);
  const tag = database.prepare('INSERT INTO tag (t1, t, code, length, pack, offset, state) VALUES (?, ?, ?, ?, ?, ?, 0)');
  const referrer = database.prepare('INSERT INTO referrer (tag, owner, span, images) VALUES (?, 1, 0, 2)');
  database.transaction(() => {
    for (const { rehash, tag: t, code, place } of blocks) referrer.run(tag.run(rehash, t, code, place.length, place.pack, place.offset).lastInsertRowid);
    database.exec('INSERT INTO reference_run (image, first_tag, tags) VALUES (1, 1, 3000)');
  })();
  database.close();
}

describe('pins in vectors', () => {
  it('hold a block whose last image is removed, also after it was united with another row', async () => {
    const { db, tags, images } = await opened();
    const blocks = madeBlocks(0, 50);
    const first = await begin({ tags }, alice, 1);
    await tags.file(first, blocks);
    await images.commit(first, imageFrom(1, blocks), undefined);
    await tags.endUpload(first.uploadId, alice);
    const second = await begin({ tags }, alice, 2);
    const asked = rehashes(blocks.slice(0, 20));
    expect(await tags.pinOwned(second, asked)).toEqual(asked.map(() => true));
    expect(countOf(db, 'SELECT COUNT(*) FROM pin')).toBe(0);
    const third = await begin({ tags }, bob, 3);
    await tags.file(third, [blockFrom(1_000)]);
    await tags.repair(blockFrom(0).rehash, { ...blockFrom(1_000), place: blockFrom(0).place });
    await images.trash(alice, imageFrom(1, []).imageId, 2_000);
    await images.purge(alice, imageFrom(1, []).imageId, 2_000);
    await tags.endUpload(third.uploadId, bob);
    expect((await tags.collect(9_999, 100)).length).toBe(30);
    const kept = [blockFrom(1_000), ...blocks.slice(1, 20)];
    expect(await images.commit(second, imageFrom(2, kept), undefined)).toEqual({ kind: 'stored' });
    db.close();
  });

  it('stay few however often the same is asked', async () => {
    const { db, tags, images } = await opened();
    const blocks = madeBlocks(0, 200);
    const scope = await begin({ tags }, alice, 1);
    await tags.file(scope, blocks);
    await images.commit(scope, imageFrom(1, blocks), undefined);
    for (let turn = 0; turn < 300; turn++) await tags.pinOwned(scope, blocks.slice(turn % 100).map(({ rehash }) => rehash));
    expect(countOf(db, 'SELECT COUNT(*) FROM pin_vector')).toBeLessThan(3 * 16);
    expect(countOf(db, 'SELECT SUM(length(members)) FROM pin_vector')).toBeLessThan(3 * 16 * 1_000);
    await tags.endUpload(scope.uploadId, alice);
    expect(countOf(db, 'SELECT COUNT(*) FROM pin_vector')).toBe(0);
    db.close();
  });
});

describe('the filter of what is held', () => {
  it('denies nothing after a start, while it fills', async () => {
    const stores = await opened();
    const blocks = madeBlocks(0, 3_000);
    const scope = await begin(stores, alice, 1);
    await stores.tags.file(scope, blocks);
    await stores.images.commit(scope, imageFrom(1, blocks.slice(0, 2_000)), undefined);
    stores.db.close();
    const { db, tags } = await opened(stores.file);
    for (let from = 0; from < 3_000; from += 100) {
      const asked = [...blocks.slice(from, from + 100), blockFrom(10_000 + from)].map(({ rehash }) => rehash);
      expect(await tags.pinOwned(scope, asked)).toEqual(asked.map((_, index) => index < 100));
    }
    db.close();
  });

  it('knows what a step filed that was rolled back and then done, and what another connection wrote', async () => {
    const { db, tags, file } = await opened();
    const scope = await begin({ tags }, alice, 1);
    expect(await tags.pinOwned(scope, [blockFrom(1).rehash])).toEqual([false]);
    await expect(db.write('a failing step', () => { throw new Error('stop'); })).rejects.toThrow('stop');
    const other = await opened(file);
    const theirs = await begin(other, alice, 2);
    await other.tags.file(theirs, madeBlocks(0, 500));
    other.db.close();
    expect(await tags.pinOwned(scope, madeBlocks(0, 500).map(({ rehash }) => rehash))).toEqual(madeBlocks(0, 500).map(() => true));
    expect(await tags.pinOwned({ ...scope, uploadId: idFrom<UploadId>(9) }, [blockFrom(1).rehash])).toEqual([false]);
    db.close();
  });

  it('lets neither a block that only others have nor one that nobody has come to the tables', async () => {
    const { db, tags, images } = await opened();
    const theirs = madeBlocks(0, 2_000);
    const bobs = await begin({ tags }, bob, 1);
    await tags.file(bobs, theirs);
    await images.commit(bobs, imageFrom(1, theirs), undefined);
    const mine = await begin({ tags }, alice, 2);
    const absent = madeBlocks(50_000, 2_000).map(({ rehash }) => rehash);
    for (let turn = 0; turn < 3; turn++) await tags.pinOwned(mine, absent);
    const owner = countOf(db, "SELECT id FROM owner WHERE account_id = x'00000000000000000000000000000001'");
    for (const vector of [absent, theirs.map(({ rehash }) => rehash)]) {
      expect(await tags.pinOwned(mine, vector)).toEqual(vector.map(() => false));
      // What is left are false alarms, which depend on the account and the hash alone.
      expect((await db.read('asking the filter', () => judge(db, owner, vector))).unsure.length).toBeLessThan(100);
    }
    db.close();
  });
});
