/**
 * Rows that several accounts filed of one T1, on SQLite: nothing that an account does under existence = own looks at the rows of others, and sooner or later one row stands
 * for all. Times: test/long/existence-oracle.test.ts. server/DESIGN.md, *Writing what others have*.
 */
import path from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import type { ExistenceScope, FiledBlock } from '../../server/ports/tag-store.js';
import { openIndexSource } from '../../server/storage/sqlite/index-reader.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { withoutTriggers } from '../support/triggers.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, rehashes } from './store-fixture.js';
import { openIndex, type OpenedIndex } from './opened-index.js';

const temporary = temporaryDirectories();
const carol = idFrom<AccountId>(3);

async function opened(at?: string): Promise<OpenedIndex> {
  return openIndex(at ?? path.join(await temporary(), 'index.sqlite'));
}

/** The same blocks, stored a second time at other places. */
const again = (blocks: readonly FiledBlock[], pack = 2): readonly FiledBlock[] => blocks.map((block) => ({ ...block, place: { ...block.place, pack } }));
const madeBlocks = (from: number, count: number): readonly FiledBlock[] => Array.from({ length: count }, (_, index) => blockFrom(from + index));
const imageIdOf = (number: number): ImageId => imageFrom(number, []).imageId;

async function store({ tags, images }: OpenedIndex, account: AccountId, { number, blocks }: { readonly number: number; readonly blocks: readonly FiledBlock[] }): Promise<ExistenceScope> {
  const scope = await begin({ tags }, account, number);
  expect(await tags.file(scope, blocks)).toBe(true);
  expect(await images.commit(scope, imageFrom(number, blocks), undefined)).toEqual({ kind: 'stored' });
  return scope;
}

async function remove({ images }: OpenedIndex, account: AccountId, number: number): Promise<void> {
  await images.trash(account, imageIdOf(number), 2_000);
  expect(await images.purge(account, imageIdOf(number), 2_000)).toBe(true);
}

const rowsOf = ({ db }: OpenedIndex): number => Number(db.connection.prepare('SELECT COUNT(*) FROM tag').pluck().get());
const runsOf = ({ db }: OpenedIndex): readonly unknown[] => db.connection.prepare('SELECT image, first_tag, tags FROM reference_run ORDER BY 1, 2').raw().all();

/** How often each statement is run by `work`. */
async function statementsOf({ db }: OpenedIndex, work: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  const query = db.query.bind(db);
  const spy = jest.spyOn(db, 'query').mockImplementation((sql) => counted(query(sql), () => { counts.set(sql, (counts.get(sql) ?? 0) + 1); }));
  await work();
  spy.mockRestore();
  return counts;
}

/** A statement that tells when it is run. */
function counted<Statement extends object>(statement: Statement, tell: () => void): Statement {
  return new Proxy(statement, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...values: readonly unknown[]): unknown => {
        if (name !== 'pluck') tell();
        const result: unknown = Reflect.apply(value, target, values);
        return name === 'pluck' ? counted(target, tell) : result;
      };
    },
  });
}

describe('what others have', () => {
  const blocks = madeBlocks(0, 200);

  it('costs SQLite the statements of what nobody has, from the question to the removal', async () => {
    const index = await opened();
    await store(index, alice, { number: 1, blocks });
    await store(index, carol, { number: 2, blocks: madeBlocks(5_000, 300) });
    const foreign = await lifeOf(index, { account: bob, number: 11, blocks: again(blocks) });
    const absent = await lifeOf(index, { account: bob, number: 12, blocks: madeBlocks(9_000, blocks.length) });
    for (const [step, statements] of Object.entries(foreign)) expect([step, [...statements]]).toEqual([step, [...(absent[step] ?? [])]]);
    expect(foreign['send']?.size).toBeGreaterThan(5);
    // Of 200 blocks memory takes two or so for held that are not.
    expect(Math.max(...(foreign['ask']?.values() ?? []))).toBeLessThan(20);
    index.db.close();
  });

  it('costs the same too where memory knows nothing yet and all is looked up', async () => {
    const index = await opened();
    await store(index, alice, { number: 1, blocks });
    await store(index, carol, { number: 2, blocks: madeBlocks(5_000, 5_000) });
    const lives: Readonly<Record<string, ReadonlyMap<string, number>>>[] = [];
    for (const [number, sent] of [again(blocks), madeBlocks(9_000, blocks.length)].entries()) {
      index.db.close();
      Object.assign(index, await opened(index.file));
      lives.push(await lifeOf(index, { account: bob, number: 11 + number, blocks: sent }));
    }
    const [foreign = {}, absent = {}] = lives;
    for (const [step, statements] of Object.entries(foreign)) expect([step, [...statements]]).toEqual([step, [...(absent[step] ?? [])]]);
    expect(Math.max(...(foreign['ask']?.values() ?? []))).toBeGreaterThanOrEqual(blocks.length);
    index.db.close();
  });

  it('costs other statements where rows of others are met, as under shared: this test sees it', async () => {
    const index = await opened();
    await store(index, alice, { number: 1, blocks });
    const scope = await begin(index, bob, 2);
    const foreign = await statementsOf(index, () => index.tags.pinClaimed(scope, rehashes(blocks)));
    const absent = await statementsOf(index, () => index.tags.pinClaimed(scope, rehashes(madeBlocks(9_000, blocks.length))));
    expect([...foreign]).not.toEqual([...absent]);
    index.db.close();
  });

  it('has rows of two accounts, which nobody but the collector brings together', async () => {
    const index = await opened();
    await store(index, alice, { number: 1, blocks });
    await store(index, bob, { number: 2, blocks: again(blocks) });
    expect(await index.tags.pinOwned(await begin(index, bob, 3), rehashes(blocks))).toEqual(blocks.map(() => true));
    expect((await index.tags.findAllOwned(bob, rehashes(blocks))).map((row) => row?.place.pack)).toEqual(blocks.map(() => 2));
    expect(rowsOf(index)).toBe(2 * blocks.length);
    const copies = await index.tags.listCopies(1_000);
    expect(copies.map(({ kept, extra }) => [kept.pack, extra.pack])).toEqual(blocks.map(() => [1, 2]));
    expect(rowsOf(index)).toBe(blocks.length);
    expect((await index.tags.findAllOwned(bob, rehashes(blocks))).map((row) => row?.place.pack)).toEqual(blocks.map(() => 1));
    index.db.close();
  });

  it('is one block to whoever asks for it, before and after', async () => {
    const index = await opened();
    const [block = blockFrom(0)] = blocks;
    await store(index, alice, { number: 1, blocks });
    await store(index, bob, { number: 2, blocks: again(blocks) });
    const look = async () => ({
      found: await index.tags.find(block.rehash), live: await index.tags.findLive([block.rehash]), copies: await index.tags.copiesOf(block.rehash), listed: await index.tags.list(undefined, 1_000),
      some: await index.tags.list(rehashes(blocks)[2], 7), referrers: await index.images.referrers(block.rehash, 5), images: [await index.images.referencesOf(alice, imageIdOf(1)), await index.images.referencesOf(bob, imageIdOf(2))],
    });
    const before = await look();
    expect(before.copies).toEqual([{ ...block.place, pack: 2 }]);
    expect(before.listed.map(({ rehash }) => rehash)).toEqual(rehashes(blocks));
    expect(before.some.map(({ rehash }) => rehash)).toEqual(rehashes(blocks).slice(3, 10));
    expect(before.referrers).toHaveLength(2);
    const figures = await index.tags.figures();
    expect(figures).toMatchObject({ blocks: blocks.length, pendingCopies: blocks.length, unreferencedBlocks: 0 });
    expect(rowsOf(index)).toBe(2 * blocks.length);
    await index.tags.listCopies(1);
    expect(rowsOf(index)).toBe(blocks.length);
    expect(await look()).toEqual(before);
    expect(await index.tags.figures()).toEqual(figures);
    index.db.close();
  });

  it('counts as unreferenced, once, where images refer to none of its rows', async () => {
    const index = await opened();
    const shared = blocks.slice(0, 10);
    await store(index, alice, { number: 1, blocks: shared });
    for (const [place, account] of [bob, carol].entries()) {
      const scope = await begin(index, account, 2 + place);
      await index.tags.file(scope, again(blocks.slice(0, 25), 2 + place));
      await index.tags.endUpload(scope.uploadId, account);
    }
    const bytesOf = (of: readonly FiledBlock[]): number => of.reduce((sum, block) => sum + block.place.length, 0);
    const expected = { blocks: 25, pendingCopies: 35, unreferencedBlocks: 15, unreferencedCipherBytes: bytesOf(blocks.slice(10, 25)), cipherBytes: bytesOf(blocks.slice(0, 25)) };
    expect(await index.tags.figures()).toMatchObject(expected);
    expect(rowsOf(index)).toBe(60);
    const { blocks: waiting } = await index.tags.listWaiting({ after: undefined, limit: 100, now: 1 });
    expect(waiting.filter(({ unreferenced }) => unreferenced !== undefined)).toHaveLength(15);
    expect(await index.tags.figures()).toMatchObject(expected);
    expect(await index.tags.collect(9_999, 100)).toHaveLength(15);
    index.db.close();
  });
});

interface Life {
  readonly account: AccountId;
  readonly number: number;
  readonly blocks: readonly FiledBlock[];
}

/** All that an account may do about blocks, each with the statements that it takes. */
async function lifeOf(index: OpenedIndex, { account, number, blocks }: Life): Promise<Readonly<Record<string, ReadonlyMap<string, number>>>> {
  const { tags, images } = index;
  const scope = await begin(index, account, number);
  const image = imageFrom(number, blocks);
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    ask: () => tags.pinOwned(scope, rehashes(blocks)),
    lack: () => images.missing(scope, rehashes(blocks)),
    claimByCommit: () => images.commit(scope, image, 2 ** 40),
    fetch: () => tags.findAllOwned(account, rehashes(blocks)),
    send: () => tags.file(scope, blocks),
    sendAgain: () => Promise.all(rehashes(blocks.slice(0, 20)).map((rehash) => tags.findHeld(scope, rehash))),
    askAgain: () => tags.pinOwned(scope, rehashes(blocks)),
    commit: () => images.commit(scope, image, 2 ** 40),
    fetchOwn: () => tags.findAllOwned(account, rehashes(blocks)),
    trash: () => images.trash(account, image.imageId, 2_000),
    purge: () => images.purge(account, image.imageId, 2_000),
    end: () => tags.endUpload(scope.uploadId, account),
  };
  const life: Record<string, ReadonlyMap<string, number>> = {};
  for (const [step, work] of Object.entries(steps)) life[step] = await statementsOf(index, work);
  return life;
}

describe('rows of one block', () => {
  it('that come together take references, pins, copies and runs along, for many images at once', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 3_000);
    await store(index, alice, { number: 1, blocks });
    // Its own rows on both sides of what others have, and three images that share them.
    const theirs = [...madeBlocks(20_000, 10), ...again(blocks), ...madeBlocks(30_000, 10)];
    const scope = await store(index, bob, { number: 2, blocks: theirs });
    await store(index, bob, { number: 3, blocks: theirs.filter((_, place) => place % 3 > 0) });
    const waiting = await begin(index, carol, 4);
    await index.tags.file(waiting, again(blocks.slice(0, 50), 3));
    const usage = await index.images.usage(bob);
    await index.tags.listCopies(1);
    expect(rowsOf(index)).toBe(3_020);
    expect(await index.images.usage(bob)).toEqual(usage);
    expect(await index.images.referencesOf(bob, imageIdOf(2))).toEqual(rehashes(theirs));
    expect(await index.images.referencesOf(bob, imageIdOf(3))).toEqual(rehashes(theirs.filter((_, place) => place % 3 > 0)));
    expect(runsOf(index).filter((run) => (run as readonly number[])[0] === 2)).toEqual([[2, 1, 3_010], [2, 6_011, 10]]);
    expect(index.db.connection.pragma('foreign_key_check')).toEqual([]);
    // What the third pins outlives the two, and only that.
    await remove(index, alice, 1);
    await index.tags.endUpload(scope.uploadId, bob);
    await remove(index, bob, 2);
    await remove(index, bob, 3);
    expect((await index.tags.collect(9_999, 10_000)).length).toBe(3_020 - 50);
    expect(await index.images.commit(waiting, imageFrom(4, blocks.slice(0, 50)), undefined)).toEqual({ kind: 'stored' });
    index.db.close();
  });

  it('that come together while memory is filled are held all the same by whom they were', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 600);
    await store(index, alice, { number: 1, blocks });
    await store(index, bob, { number: 2, blocks: again(blocks) });
    index.db.close();
    const later = await opened(index.file);
    const asking = await begin(later, bob, 3);
    // Some are read: of alice's rows alone.
    await later.tags.pinOwned(asking, rehashes(blocks.slice(0, 1)));
    await later.tags.listCopies(1);
    for (let turn = 0; turn < 9; turn++) await later.tags.pinOwned(asking, rehashes(madeBlocks(5_000, 50)));
    expect(await later.tags.pinOwned(asking, rehashes(blocks))).toEqual(blocks.map(() => true));
    later.db.close();
  });

  it('are brought together as far as they were there when it began, however many come meanwhile', async () => {
    const index = await opened();
    const count = 350; // more than one transaction takes in
    const scope = await store(index, alice, { number: 1, blocks: madeBlocks(0, 8 * count) });
    await index.tags.endUpload(scope.uploadId, alice);
    const theirs = await begin(index, bob, 2);
    await index.tags.file(theirs, again(madeBlocks(0, 2 * count)));
    let united = 0;
    const write = index.db.write.bind(index.db);
    const spy = jest.spyOn(index.db, 'write').mockImplementation(async (doing, step) => {
      const result = await write(doing, step);
      if (doing.startsWith('uniting') && united++ < 6) await index.tags.file(theirs, again(madeBlocks((1 + united) * count, count)));
      return result;
    });
    await index.tags.listCopies(1);
    spy.mockRestore();
    // 700 of them, 300 at a time; the last time with some of those that came.
    expect(united).toBe(3);
    expect(rowsOf(index)).toBe((8 + 2 + 3) * count - 3 * 300);
    index.db.close();
  });

  it('are taken in by none of an owner\'s sums, however many images refer to them', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 20);
    await store(index, alice, { number: 1, blocks });
    for (let number = 2; number < 40; number++) {
      const scope = await store(index, bob, { number, blocks: number === 2 ? again(blocks) : blocks });
      await index.tags.endUpload(scope.uploadId, bob);
    }
    const statements = await statementsOf(index, () => index.tags.listCopies(1));
    expect(rowsOf(index)).toBe(20);
    expect([...statements.keys()].filter((sql) => sql.startsWith('UPDATE owner'))).toEqual([]);
    expect(await index.images.usage(bob)).toMatchObject({ blocks: 20, images: 38 });
    index.db.close();
  });

  it('are brought together, and the search for them ends, where it is not noted how far it went', async () => {
    const index = await opened();
    await store(index, alice, { number: 1, blocks: madeBlocks(0, 400) });
    await store(index, bob, { number: 2, blocks: again(madeBlocks(0, 400)) });
    index.db.connection.exec('DELETE FROM key_moving');
    expect(await index.tags.figures()).toMatchObject({ blocks: 400, pendingCopies: 400 });
    for (let turn = 0, after = await index.tags.uniteSome(undefined); after !== undefined; turn++) {
      expect(turn).toBeLessThan(9);
      after = await index.tags.uniteSome(after);
    }
    expect(rowsOf(index)).toBe(400);
    index.db.close();
  });

  it('are found where ids come a second time, after the newest rows were collected', async () => {
    const index = await opened();
    await store(index, alice, { number: 1, blocks: madeBlocks(0, 20) });
    const scope = await begin(index, bob, 2);
    await index.tags.file(scope, madeBlocks(100, 20));
    await index.tags.endUpload(scope.uploadId, bob);
    expect(await index.tags.collect(9_999, 100)).toHaveLength(20);
    await store(index, bob, { number: 3, blocks: again(madeBlocks(0, 20)) });
    expect(await index.tags.listCopies(100)).toHaveLength(20);
    expect(rowsOf(index)).toBe(20);
    index.db.close();
  });

});

describe('rows of one block that rotted, are claimed, or move', () => {
  it('become one for an account that has both, whose sums are counted anew', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 5);
    await store(index, alice, { number: 1, blocks });
    const scope = await begin(index, bob, 2);
    await index.tags.file(scope, again(blocks));
    // What rotted may let a claim pass by the account's own row.
    index.db.connection.exec('INSERT OR IGNORE INTO pin (upload, tag, owner) SELECT pin.upload, tag.id, pin.owner FROM pin, tag WHERE tag.owner <> pin.owner; UPDATE tag SET owner = 0');
    await index.images.commit(scope, imageFrom(2, blocks), undefined);
    index.db.connection.exec("INSERT OR IGNORE INTO referrer (tag, owner, span, images) SELECT tag.id, 2, 0, 4 FROM tag WHERE id <= 5; INSERT OR IGNORE INTO reference_run (image, first_tag, tags) VALUES (2, 1, 5)");
    index.db.connection.exec('UPDATE owner SET blocks = 10 WHERE id = 2; UPDATE tag SET owner = 2 WHERE id > 5; UPDATE key_moving SET united_to = 0');
    await index.tags.listCopies(1);
    expect(rowsOf(index)).toBe(5);
    expect(await index.images.usage(bob)).toMatchObject({ blocks: 5 });
    expect(runsOf(index)).toEqual([[1, 1, 5], [2, 1, 5]]);
    index.db.close();
  });

  it('stand in for each other before they are one: a read and a repair find the other place', async () => {
    const index = await opened();
    const [block = blockFrom(0)] = madeBlocks(0, 1);
    await store(index, alice, { number: 1, blocks: [block] });
    await store(index, bob, { number: 2, blocks: again([block]) });
    const other = { ...block.place, pack: 2 };
    expect(await index.tags.merge(block.rehash, other, block.place)).toBe(true);
    expect(await index.tags.find(block.rehash)).toMatchObject({ place: other, state: 'live' });
    expect(await index.tags.copiesOf(block.rehash)).toEqual([]);
    expect((await index.tags.findAllOwned(alice, [block.rehash]))[0]?.place).toEqual(other);
    index.db.close();
  });

  it('that are quarantined are healed by whoever sends the block, and are everybody\'s then', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 3);
    const [first = blockFrom(0)] = blocks;
    await store(index, alice, { number: 1, blocks });
    await index.tags.quarantine(first.rehash, first.place);
    const scope = await begin(index, bob, 2);
    await index.tags.file(scope, again(blocks));
    expect(rowsOf(index)).toBe(3 + 2);
    expect(await index.tags.findAllOwned(alice, [first.rehash])).toMatchObject([{ place: { pack: 2 }, state: 'live' }]);
    expect(await index.images.commit(scope, imageFrom(2, blocks), undefined)).toEqual({ kind: 'stored' });
    index.db.close();
  });

  it('are given to whoever claims them, and to images that are found again', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 4);
    await store(index, alice, { number: 1, blocks });
    const scope = await begin(index, bob, 2);
    expect(await index.tags.pinClaimed(scope, rehashes(blocks.slice(0, 2)))).toEqual([true, true]);
    expect(await index.images.commit(scope, imageFrom(2, blocks.slice(0, 2)), undefined)).toEqual({ kind: 'stored' });
    await index.images.reinstate(carol, imageFrom(3, blocks.slice(1)));
    expect(await index.tags.pinOwned(await begin(index, carol, 3), rehashes(blocks.slice(1)))).toEqual([true, true, true]);
    expect((await index.tags.findAllOwned(carol, rehashes(blocks))).filter((row) => row !== undefined)).toHaveLength(3);
    index.db.close();
  });

  it('whose owner or key rotted are found again after a scrub saw who refers to them', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 4);
    await store(index, alice, { number: 1, blocks });
    await store(index, carol, { number: 2, blocks: madeBlocks(1_000, 500) });
    withoutTriggers(index.db.connection, 'tag', () => index.db.connection.exec('UPDATE tag SET owner = 9 WHERE id = 1'));
    index.db.connection.exec('UPDATE young_key SET owner = 9 WHERE tag IN (1, 2); DELETE FROM young_key WHERE tag = 3');
    const found = async () => (await index.tags.findAllOwned(alice, rehashes(blocks))).filter((row) => row !== undefined).length;
    expect(await found()).toBe(1);
    // Who unites rows makes their keys everybody's; the one without a key is met by nobody.
    await store(index, bob, { number: 3, blocks: again(blocks) });
    await index.tags.listCopies(9);
    expect(await found()).toBe(3);
    for (let after: string | undefined = undefined, turn = 0; turn === 0 || after !== undefined; turn++) after = (await index.tags.mendKeys(after, 100)).next;
    expect(await found()).toBe(4);
    // And those that were found by nobody come together now.
    expect(await index.tags.listCopies(9)).toHaveLength(4);
    expect(rowsOf(index)).toBe(504);
    index.db.close();
  });

  it('are one where the index moves to another engine', async () => {
    const index = await opened();
    const blocks = madeBlocks(0, 30);
    await store(index, alice, { number: 1, blocks });
    await store(index, bob, { number: 2, blocks: again(blocks) });
    index.db.close();
    const source = openIndexSource(index.file);
    expect([await source.count('block'), await source.count('copy'), await source.count('reference')]).toEqual([30, 30, 60]);
    await source.close();
  });
});
