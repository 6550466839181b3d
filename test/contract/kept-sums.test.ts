/**
 * The sums that SQLite keeps for reports and collector: that they are what counting gives, whatever was done, that a store of the schema
 * before gets them, and that what large accounts ask for reads no table from end to end.
 */
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import type { FiledBlock } from '../../server/ports/tag-store.js';
import { openDatabase, type StoreDatabase } from '../../server/storage/sqlite/database.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, isBefore, placeFrom } from './store-fixture.js';
import { openIndex, type OpenedIndex } from './opened-index.js';

const temporary = temporaryDirectories();
const day = 86_400_000;

async function opened(migrations?: string): Promise<OpenedIndex> {
  return openIndex(path.join(await temporary(), 'index.sqlite'), migrations);
}

/** Kept, and counted: each a query of the same rows. */
const sums: readonly (readonly [kept: string, counted: string])[] = [
  ['SELECT pack, records, payload_bytes FROM pack_use WHERE kind = 0 ORDER BY pack', 'SELECT pack, COUNT(*), SUM(length) FROM tag GROUP BY pack ORDER BY pack'],
  ['SELECT pack, records, payload_bytes FROM pack_use WHERE kind = 1 ORDER BY pack',
    'SELECT manifest_pack, COUNT(*), SUM(manifest_length) FROM image GROUP BY 1 ORDER BY 1'],
  ['SELECT pack, records, payload_bytes FROM pack_use WHERE kind = 2 ORDER BY pack',
    'SELECT preview_pack, COUNT(*), SUM(preview_length) FROM image WHERE preview_pack IS NOT NULL GROUP BY 1 ORDER BY 1'],
  ['SELECT id, trashed_images FROM owner', 'SELECT id, (SELECT COUNT(*) FROM image WHERE owner = owner.id AND trashed_at IS NOT NULL) FROM owner'],
  ['SELECT owner, day, images FROM usage_day WHERE images <> 0 ORDER BY 1, 2',
    "SELECT owner, strftime('%Y-%m-%d', created_at / 1000, 'unixepoch'), COUNT(*) FROM image GROUP BY 1, 2 ORDER BY 1, 2"],
  ['SELECT owner, day, blocks, cipher_bytes FROM usage_day WHERE blocks <> 0 OR cipher_bytes <> 0 ORDER BY 1, 2',
    `SELECT owner, strftime('%Y-%m-%d', first / 1000, 'unixepoch') AS day, COUNT(*), SUM(length) FROM (
       SELECT i.owner, MIN(i.created_at) AS first, tag.length FROM image i JOIN reference_run r ON r.image = i.id
       JOIN tag ON tag.id BETWEEN r.first_tag AND r.first_tag + r.tags - 1 GROUP BY i.owner, tag.id
     ) GROUP BY 1, 2 ORDER BY 1, 2`],
];

function expectKept(db: StoreDatabase): void {
  for (const [kept, counted] of sums) expect(db.connection.prepare(kept).raw().all()).toEqual(db.connection.prepare(counted).raw().all());
}

/** Numbers below `bound`, the same in every run. */
function numbers(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

/** One thing that changes images, blocks or where they lie. */
async function step({ tags, images }: OpenedIndex, at: number, pick: (bound: number) => number): Promise<void> {
  const account = pick(3) === 0 ? bob : alice;
  const imageId = idFrom<ReturnType<typeof imageFrom>['imageId']>(pick(at + 1));
  const row = await images.find(account, imageId);
  const act = pick(8);
  if (act < 4) {
    const blocks = Array.from({ length: pick(6) }, () => blockFrom(pick(40), placeFrom(at, 1 + pick(3))));
    const distinct = [...new Map(blocks.map((block) => [block.code, block])).values()];
    const scope = await begin({ tags }, account, at);
    await tags.file(scope, distinct);
    const preview = pick(2) === 0 ? undefined : { place: placeFrom(at, 4 + pick(2)), bytes: 90 };
    await images.commit(scope, imageFrom(at, distinct, { createdAt: at * day / 4, preview, manifestPlace: placeFrom(at, 6) }), undefined);
    await tags.endUpload(scope.uploadId, account);
  } else if (act === 4) await images.trash(account, imageId, 5_000);
  else if (act === 5) await images.restore(account, imageId);
  else if (act === 6) await images.purge(account, imageId, 5_000);
  else if (row !== undefined) {
    await images.move({ accountId: account, imageId, type: 'manifest', place: row.manifestPlace }, { ...row.manifestPlace, pack: 7 });
    if (row.preview !== undefined) await images.move({ accountId: account, imageId, type: 'preview', place: row.preview.place }, { ...row.preview.place, pack: 8 });
    for (const rehash of await images.referencesOf(account, imageId)) {
      const found = await tags.find(rehash);
      if (found !== undefined) await tags.move(rehash, found.place, { ...found.place, pack: 9 });
    }
  }
}

describe('sums that are kept', () => {
  it('are what counting gives after any row of commits, removals, moves and collections', async () => {
    const store = await opened();
    const pick = numbers(7);
    for (let at = 1; at <= 240; at++) {
      await step(store, at, pick);
      if (at % 40 === 0) await store.tags.collect(6_000, 5);
      if (at % 12 === 0) expectKept(store.db);
    }
    expect(store.db.connection.prepare('SELECT COUNT(*) FROM image').pluck().get()).toBeGreaterThan(30);
    store.db.close();
  });

  it('are what counting gives after two rows of one block became one', async () => {
    const store = await opened();
    const rotted: FiledBlock = { ...blockFrom(1), rehash: blockFrom(70).rehash };
    const scope = await begin(store, alice, 1);
    await store.tags.file(scope, [rotted, blockFrom(1, placeFrom(9, 2)), blockFrom(2)]);
    for (const [at, blocks] of [[rotted], [blockFrom(1), blockFrom(2)], [rotted, blockFrom(2)]].entries()) {
      await store.images.commit(scope, imageFrom(at, blocks, { createdAt: at * day }), undefined);
    }
    await store.tags.repair(rotted.rehash, blockFrom(1));
    expectKept(store.db);
    store.db.close();
  });

  it('are counted once where a store of a schema without them is opened', async () => {
    const folder = path.join(await temporary(), 'migrations');
    await cp('migrations/sqlite', folder, { recursive: true, filter: isBefore(8) });
    const { file, db } = await opened(folder);
    db.connection.exec("INSERT INTO owner (id, account_id) VALUES (3, zeroblob(16))");
    for (let n = 1; n <= 40; n++) {
      const image = db.connection.prepare(`INSERT INTO image (id, owner, image_id, wrapped_key, manifest_hash, manifest_bytes, manifest_pack, manifest_offset,
        manifest_length, blocks, created_at, trashed_at, entry) VALUES (?, 3, randomblob(16), x'00', zeroblob(16), 9, ?, ?, ?, 1, ?, ?, x'00')`);
      image.run(n, n % 3, n, 50 + n, n * day / 3, n % 5 === 0 ? 1 : null);
      db.connection.prepare('INSERT INTO tag (id, t1, t, code, length, pack, offset, state) VALUES (?, randomblob(32), randomblob(32), 1, ?, ?, ?, 0)').run(n, 100 + n, n % 4, n);
    }
    // Image n refers to tags from n - 2 to n.
    const refer = db.connection.prepare('INSERT INTO referrer (tag, owner, span, images) VALUES (?, 3, ?, ?) ON CONFLICT DO UPDATE SET images = images | excluded.images');
    for (let n = 3; n <= 40; n++) {
      for (let tag = n - 2; tag <= n; tag++) refer.run(tag, Math.floor(n / 16), 1 << (n % 16));
      db.connection.prepare('INSERT INTO reference_run (image, first_tag, tags) VALUES (?, ?, 3)').run(n, n - 2);
    }
    db.close();
    const now = openDatabase({ file });
    expectKept(now);
    expect(now.connection.prepare('SELECT SUM(blocks) FROM usage_day').pluck().get()).toBe(40);
    now.close();
  });
});

/** The plans of all statements that `work` asks, a line for each step. */
async function plansOf({ db }: OpenedIndex, work: () => Promise<unknown>): Promise<readonly string[]> {
  const spy = jest.spyOn(db, 'query');
  await work();
  const asked = spy.mock.calls.map(([sql]) => sql);
  spy.mockRestore();
  const plan = (sql: string): readonly { readonly detail: string }[] =>
    db.connection.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`).all(...Array.from(sql.matchAll(/\?/g), () => 1));
  return asked.filter((sql) => /^(SELECT|WITH)/.test(sql)).flatMap(plan).map(({ detail }) => detail);
}

describe('what large accounts ask for', () => {
  const large = /^SCAN (tag|image|i|referrer|reference_run|o)\b/;

  it('reads no table of images, blocks or references from end to end, and sorts no image', async () => {
    const store = await opened();
    const { tags, images } = store;
    // Rows of two accounts, some of which nothing refers to.
    for (const [at, account] of [alice, bob].entries()) await tags.file(await begin(store, account, at), [1, 2, 3].map((number) => blockFrom(number, placeFrom(number, 1 + at))));
    const page = { isTrash: false, after: { createdAt: 5, imageId: idFrom<ReturnType<typeof imageFrom>['imageId']>(1) }, limit: 10 };
    const asked = await plansOf(store, async () => {
      await images.usage(alice);
      await images.days(alice);
      await images.figures();
      await images.liveByPack();
      await tags.liveByPack();
      expect(await tags.figures()).toMatchObject({ blocks: 3, pendingCopies: 3 });
      await tags.uniteSome(undefined);
      await images.list(alice, page);
      await images.listAll({ accountId: alice, imageId: page.after.imageId }, 10);
    });
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((detail) => large.test(detail))).toEqual([]);
    const sorts = (await plansOf(store, () => images.listAll({ accountId: alice, imageId: page.after.imageId }, 10))).filter((detail) => detail.includes('TEMP B-TREE'));
    expect(sorts).toEqual([]);
    store.db.close();
  });

  it('is seen by this test where a table is read from end to end', async () => {
    const store = await opened();
    const asked = await plansOf(store, () => store.db.read('counting', () => store.db.query('SELECT COUNT(*) FROM tag WHERE length > 5').all()));
    expect(asked.filter((detail) => large.test(detail))).toHaveLength(1);
    store.db.close();
  });
});
