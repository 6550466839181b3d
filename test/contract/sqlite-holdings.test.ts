/**
 * What the SQLite index knows in memory of what accounts hold: it follows every change of the tables, survives steps that are taken
 * back, and what it could get wrong is found by the commit. And pins that were asked for through it.
 */
import { cp, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import type { AccountId, ImageId, Rehash } from '../../client-sdk/protocol/ids.js';
import type { ExistenceScope, FiledBlock, TagStore } from '../../server/ports/tag-store.js';
import { packAscending } from '../../server/storage/sqlite/ascending.js';
import { commit } from '../../server/storage/sqlite/commit.js';
import { openDatabase, type StoreDatabase } from '../../server/storage/sqlite/database.js';
import { judge, learnHeld, noteHeld } from '../../server/storage/sqlite/holdings.js';
import { createImageStore } from '../../server/storage/sqlite/image-store.js';
import { findOwner } from '../../server/storage/sqlite/owner-rows.js';
import { createTagStore } from '../../server/storage/sqlite/tag-store.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, isBefore } from './store-fixture.js';

const temporary = temporaryDirectories();

interface Opened {
  readonly file: string;
  readonly db: StoreDatabase;
  readonly tags: TagStore;
  readonly images: ReturnType<typeof createImageStore>;
}

async function opened(at?: string): Promise<Opened> {
  const file = at ?? path.join(await temporary(), 'index.sqlite');
  const db = openDatabase({ file });
  return { file, db, tags: createTagStore(db), images: createImageStore(db) };
}

const madeBlocks = (from: number, count: number): readonly FiledBlock[] => Array.from({ length: count }, (_, index) => blockFrom(from + index));
const t1s = (blocks: readonly FiledBlock[]): readonly Rehash[] => blocks.map(({ rehash }) => rehash);

/** How many of the blocks the account is known to hold without a look at the tables. */
function known({ db }: Opened, account: AccountId, blocks: readonly FiledBlock[]): Promise<number> {
  return db.read('judging', () => judge(db, findOwner(db, account) ?? 0, t1s(blocks)).held.length);
}

async function purge({ images }: Opened, account: AccountId, number: number): Promise<void> {
  const imageId = idFrom<ImageId>(number);
  await images.trash(account, imageId, 2_000);
  await images.purge(account, imageId, 2_000);
}

/** A store in which alice has an image of all blocks, and memory has been asked once. */
async function withImage(blocks: readonly FiledBlock[]): Promise<{ readonly stores: Opened; readonly scope: ExistenceScope }> {
  const stores = await opened();
  const scope = await begin(stores, alice, 1);
  await stores.tags.pinOwned(scope, t1s(blocks));
  await stores.tags.file(scope, blocks);
  await stores.images.commit(scope, imageFrom(1, blocks), undefined);
  return { stores, scope };
}

describe('what is known to be held', () => {
  const blocks = madeBlocks(0, 300);

  it('is all of an image from its commit on, and after a start little by little', async () => {
    const { stores, scope } = await withImage(blocks);
    expect(await known(stores, alice, blocks)).toBe(300);
    expect(await known(stores, bob, blocks)).toBe(0);
    stores.db.close();
    const again = await opened(stores.file);
    expect(await known(again, alice, blocks)).toBe(0);
    expect(await again.tags.pinOwned(scope, t1s(blocks.slice(0, 2)))).toEqual([true, true]);
    expect(await known(again, alice, blocks)).toBe(300);
    again.db.close();
  });

  it('is no block of a session, none that a proof pinned, and none that another account has', async () => {
    const { stores } = await withImage(blocks);
    const theirs = await begin(stores, bob, 2);
    await stores.tags.pinClaimed(theirs, t1s(blocks.slice(0, 10)));
    await stores.tags.file(theirs, madeBlocks(1_000, 10));
    const asked = [...blocks.slice(0, 11), ...madeBlocks(1_000, 10)];
    expect(await stores.tags.pinOwned(theirs, t1s(asked))).toEqual(asked.map((_, index) => index !== 10));
    expect(await known(stores, bob, asked)).toBe(0);
    stores.db.close();
  });

  it('ends with the last reference, with quarantine and with another T1, and comes back when the block does', async () => {
    const { stores, scope } = await withImage(blocks);
    const { tags, images, db } = stores;
    const [a = blockFrom(0), b = blockFrom(1)] = blocks;
    await tags.quarantine(a.rehash, { ...a.place, offset: 5 });
    expect(await tags.pinOwned(scope, [a.rehash])).toEqual([true]);
    await tags.quarantine(a.rehash, a.place);
    expect(await tags.pinOwned(scope, [a.rehash, b.rehash])).toEqual([false, true]);
    await tags.file(scope, [a]);
    expect(await tags.pinOwned(scope, [a.rehash])).toEqual([true]);
    expect(await known(stores, alice, [a])).toBe(1);
    const right = { ...blockFrom(5_000), place: b.place };
    await tags.repair(b.rehash, right);
    expect(await tags.pinOwned(scope, [b.rehash, right.rehash])).toEqual([false, true]);
    await images.commit(scope, imageFrom(2, [a]), undefined);
    await tags.endUpload(scope.uploadId, alice);
    await purge(stores, alice, 1);
    const later = await begin(stores, alice, 2);
    expect(await tags.pinOwned(later, [a.rehash, right.rehash, ...t1s(blocks.slice(2))])).toEqual([true, ...blocks.slice(1).map(() => false)]);
    db.close();
  });

  it('is not what a step did that was taken back, nor what others saw of it', async () => {
    const { stores, scope } = await withImage(blocks);
    const { db, tags } = stores;
    const more = madeBlocks(2_000, 20);
    await tags.file(scope, more);
    const image = { image: imageFrom(2, more), quotaBytes: undefined };
    const failing = db.write('failing', () => { commit(db, scope, image); throw new Error('stop'); });
    const asking = tags.pinOwned(scope, t1s(more));
    await expect(failing).rejects.toThrow('stop');
    expect(await asking).toEqual(more.map(() => true)); // by its own pins
    expect(await known(stores, alice, more)).toBe(0);
    let runs = 0;
    const group = [
      db.write('committing once', () => { if (runs++ > 0) throw new Error('not again'); commit(db, scope, image); }),
      tags.pinOwned(scope, t1s(more)),
      db.write('failing at its end', () => { db.connection.exec('PRAGMA defer_foreign_keys = ON; INSERT INTO pin (upload, tag, owner) VALUES (1, 999999, 1)'); }),
    ];
    expect((await Promise.allSettled(group)).map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected']);
    expect(await known(stores, alice, more)).toBe(0);
    db.close();
  });

  it('is nothing that the same transaction took away after it was seen', async () => {
    const { stores, scope } = await withImage(blocks);
    const { db, tags } = stores;
    await tags.endUpload(scope.uploadId, alice);
    db.close();
    const again = await opened(stores.file);
    const later = await begin(again, alice, 2);
    await again.images.trash(alice, idFrom<ImageId>(1), 2_000);
    const [seen] = await Promise.all([again.tags.pinOwned(later, t1s(blocks)), again.images.purge(alice, idFrom<ImageId>(1), 2_000)]);
    expect(seen).toEqual(blocks.map(() => true));
    expect(await known(again, alice, blocks)).toBe(0);
    expect(await again.tags.pinOwned(later, t1s(blocks))).toEqual(blocks.map(() => true)); // pinned when the image went
    await again.tags.endUpload(later.uploadId, alice);
    expect(await again.tags.pinOwned(await begin(again, alice, 3), t1s(blocks))).toEqual(blocks.map(() => false));
    again.db.close();
  });

  it('begins anew where another connection wrote', async () => {
    const { stores, scope } = await withImage(blocks);
    const other = await opened(stores.file);
    const [a = blockFrom(0), b = blockFrom(1)] = blocks;
    await other.tags.quarantine(a.rehash, a.place);
    other.db.close();
    expect(await stores.tags.pinOwned(scope, [a.rehash, b.rehash])).toEqual([false, true]);
    stores.db.close();
  });

  it('is found out by the commit where it is wrong, and the block can be sent', async () => {
    const { stores, scope } = await withImage(blocks);
    const { db, tags, images } = stores;
    const never = blockFrom(9_000);
    await db.write('learning what is not so', () => {
      noteHeld(db, findOwner(db, alice) ?? 0, never.rehash);
      learnHeld(db, findOwner(db, alice) ?? 0, [never.rehash]);
    });
    expect(await tags.pinOwned(scope, [never.rehash])).toEqual([true]);
    const image = imageFrom(3, [...blocks, never]);
    expect(await images.commit(scope, image, undefined)).toEqual({ kind: 'missing', missing: [never.rehash] });
    await tags.file(scope, [never]);
    expect(await images.commit(scope, image, undefined)).toEqual({ kind: 'stored' });
    db.close();
  });
});

/** What may happen to a store of few blocks: each names blocks, images and sessions by small numbers. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('ask', 'file', 'commit', 'store', 'store', 'purge', 'purge', 'quarantine', 'rename', 'end', 'fail', 'restart'),
    account: fc.constantFrom(alice, bob),
    number: fc.nat({ max: 2 }),
    first: fc.nat({ max: 6 }),
    count: fc.integer({ min: 1, max: 4 }),
  }),
  { minLength: 10, maxLength: 60 },
);

/** What the tables say, asked in the plainest way. */
const truthSql = `SELECT EXISTS (SELECT 1 FROM tag WHERE t1 = @t1 AND state = 0 AND (
  EXISTS (SELECT 1 FROM referrer r JOIN owner o ON o.id = r.owner WHERE r.tag = tag.id AND o.account_id = @account)
  OR EXISTS (SELECT 1 FROM pin JOIN upload u ON u.id = pin.upload JOIN owner o ON o.id = u.owner WHERE pin.tag = tag.id AND o.account_id = @account)))`;

describe('existence', () => {
  it('answers what the tables say, whatever happened before', async () => {
    await fc.assert(fc.asyncProperty(steps, async (all) => {
      let stores = await opened();
      const stored: [AccountId, number][] = [];
      for (const [turn, { kind, account, number, first, count }] of all.entries()) {
        const { db, tags, images } = stores;
        const session = account === alice ? 1 : 2;
        const scope: ExistenceScope = await begin(stores, account, session).catch(() => ({ uploadId: idFrom(session), accountId: account, now: 1_000 }));
        const blocks = madeBlocks(first, count);
        const [one = blockFrom(first)] = blocks;
        const image = imageFrom(turn, blocks);
        if (kind === 'file' || kind === 'store') await tags.file(scope, blocks);
        if ((kind === 'commit' || kind === 'store') && (await images.commit(scope, image, undefined)).kind === 'stored') stored.push([account, turn]);
        const [gone] = kind === 'purge' ? stored.splice(number, 1) : [];
        if (gone !== undefined) await purge(stores, ...gone);
        if (kind === 'quarantine') await tags.quarantine(one.rehash, one.place);
        if (kind === 'rename') await tags.repair(one.rehash, { ...blockFrom(first + 5), place: one.place });
        if (kind === 'end' || kind === 'store') await tags.endUpload(scope.uploadId, account);
        if (kind === 'fail') await db.write('failing', () => { commit(db, scope, { image, quotaBytes: undefined }); throw new Error('stop'); }).catch(() => undefined);
        if (kind === 'restart') {
          db.close();
          stores = await opened(stores.file);
        }
        const asking: ExistenceScope = await begin(stores, account, 3 + session).catch(() => ({ uploadId: idFrom(3 + session), accountId: account, now: 1_000 }));
        const asked = t1s(madeBlocks(0, 16));
        const truth = stores.db.connection.prepare(truthSql).pluck();
        const expected = asked.map((t1) => truth.get({ t1, account: Buffer.from(account, 'hex') }) === 1);
        expect(await stores.tags.pinOwned(asking, asked)).toEqual(expected);
        if (count % 2 === 0) await stores.tags.endUpload(asking.uploadId, account);
      }
      stores.db.close();
    }), { numRuns: 40 });
  }, 60_000);
});

describe('pins that were asked for', () => {
  it('from memory hold a block whose last image is removed, until the session ends', async () => {
    const blocks = madeBlocks(0, 60);
    const { stores, scope } = await withImage(blocks);
    await stores.tags.endUpload(scope.uploadId, alice);
    const later = await begin(stores, alice, 2);
    expect(await known(stores, alice, blocks)).toBe(60);
    await stores.tags.pinOwned(later, t1s(blocks.slice(0, 25)));
    await purge(stores, alice, 1);
    expect((await stores.tags.collect(9_999, 100)).length).toBe(35);
    expect(await stores.images.commit(later, imageFrom(2, blocks.slice(0, 25)), undefined)).toEqual({ kind: 'stored' });
    stores.db.close();
  });

  it('in the schema before, by tag ids, hold their blocks still', async () => {
    const directory = await temporary();
    const [file, folder] = [path.join(directory, 'index.sqlite'), path.join(directory, 'migrations')];
    await mkdir(folder);
    await cp('migrations/sqlite', folder, { recursive: true, filter: isBefore(7) });
    openDatabase({ file, migrations: folder }).close();
    const blocks = madeBlocks(0, 300);
    writeAsBefore(file, blocks);
    const stores = await opened(file);
    const scope: ExistenceScope = { uploadId: idFrom(9), accountId: alice, now: 1_000 };
    for (let turn = 0; turn < 20; turn++) await stores.tags.pinOwned(scope, t1s(blocks.slice(200, 210)));
    await purge(stores, alice, 255);
    expect((await stores.tags.collect(9_999, 1_000)).length).toBe(300 - 100 - 10);
    expect(await stores.images.commit(scope, imageFrom(2, [...blocks.slice(0, 100), ...blocks.slice(200, 210)]), undefined)).toEqual({ kind: 'stored' });
    stores.db.close();
  });
});

/** An image of all blocks, and a session with pins of the first hundred, as the schema before kept them. */
function writeAsBefore(file: string, blocks: readonly FiledBlock[]): void {
  const database = new Database(file);
  database.exec("INSERT INTO owner (id, account_id, images, blocks, cipher_bytes) VALUES (1, x'00000000000000000000000000000001', 1, 300, 1000000)");
  database.exec(`INSERT INTO image (id, owner, image_id, wrapped_key, manifest_hash, manifest_bytes, manifest_pack, manifest_offset, manifest_length, blocks, created_at, entry)
    VALUES (1, 1, x'000000000000000000000000000000ff', x'00', zeroblob(16), 1, 1, 1, 1, 300, 1, x'00')`);
  database.exec("INSERT INTO upload (id, upload_id, owner, expires_at, received_bytes, uncommitted_bytes) VALUES (1, x'00000000000000000000000000000009', 1, 9999, 0, 0)");
  const tag = database.prepare('INSERT INTO tag (t1, t, code, length, pack, offset, state) VALUES (?, ?, ?, ?, ?, ?, 0)');
  const referrer = database.prepare('INSERT INTO referrer (tag, owner, span, images) VALUES (?, 1, 0, 2)');
  database.transaction(() => {
    for (const { rehash, tag: t, code, place } of blocks) referrer.run(tag.run(rehash, t, code, place.length, place.pack, place.offset).lastInsertRowid);
    database.exec('INSERT INTO reference_run (image, first_tag, tags) VALUES (1, 1, 300)');
    database.prepare('INSERT INTO pin_vector (upload, level, tags) VALUES (1, 0, ?)').run(packAscending(Array.from({ length: 100 }, (_, index) => index + 1)));
  })();
  database.close();
}
