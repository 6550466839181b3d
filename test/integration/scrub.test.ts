/**
 * Scrubs over the real stores: they go on where they stopped, read records of images and accounts too, say how much of how much was read, and put right
 * what has a second witness.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import { lastScrub } from '../../server/core/last-scrub.js';
import { readPosition } from '../../server/core/scrub-progress.js';
import type { LostRecord, ScrubOrder } from '../../server/core/scrub-run.js';
import { scrubStore, type ScrubAnswer } from '../../server/core/scrub.js';
import type { Place } from '../../server/ports/block-store.js';
import { blockOf, blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';
import { refusalCode } from '../support/refusal.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const scrub = (order: Partial<ScrubOrder> = {}): Promise<ScrubAnswer> => scrubStore(store.parts, { onLost: () => undefined, ...order });

async function findings(): Promise<readonly Finding[]> {
  const found: Finding[] = [];
  await checkStore(store.parts, { onFinding: (finding) => found.push(finding) });
  return found;
}

/** Flips a bit inside the record at `place`. */
function rot(place: Place): void {
  const folder = path.join(store.folder, 'packs');
  const file = path.join(folder, readdirSync(folder).find((name) => name.startsWith('pack-') && Number(name.slice(5, 15)) === place.pack) ?? '');
  const bytes = readFileSync(file);
  const at = place.offset + store.parts.stores.blocks.recordOverheadBytes + place.length - 3;
  bytes[at] = (bytes[at] ?? 0) ^ 16;
  writeFileSync(file, bytes);
}

async function imageRow(accountId: AccountId, imageId: ImageId): Promise<{ readonly manifestPlace: Place; readonly preview: { readonly place: Place } | undefined }> {
  const row = await store.parts.stores.images.find(accountId, imageId);
  if (row === undefined) throw new Error('the image has no row');
  return row;
}

describe('a scrub', () => {
  it('says of an empty store that it is empty', async () => {
    store = await CoreStore.open();
    expect(await scrub()).toMatchObject({ isComplete: true, coverage: { isEmpty: true, blocks: { read: 0, of: 0 } } });
  });

  it('reads every row, copy, manifest, preview, account, pack and removal record, and counts them against the rows', async () => {
    store = await CoreStore.open();
    const [ada, bob] = [await store.register(), await store.register()];
    const shared = blockOf();
    const gone = await store.store(ada.accountId, blocksOf(3));
    for (const { accountId } of [ada, bob]) await store.store(accountId, [shared, ...blocksOf(20)]);
    await store.services.images.trash(ada.accountId, gone);
    await store.services.images.purge(ada.accountId, gone);
    const { coverage, ...counts } = await scrub();
    expect(coverage).toEqual({
      blocks: { read: 44, of: 44 }, copies: { read: 1, of: 1 }, manifests: { read: 2, of: 2 }, previews: { read: 2, of: 2 }, accounts: { read: 2, of: 2 },
      packs: { read: 1, of: 1 }, removals: { read: 1, of: 1 }, isEmpty: false, oldestReadAt: store.now,
    });
    expect(counts).toMatchObject({ isComplete: true, lost: 0, lostRecords: 0, mendedKeys: 0, damagedStretches: 0 });
    const { packFileBytes } = await store.parts.stores.blocks.usage();
    expect(counts.bytes).toBeGreaterThan(1.5 * packFileBytes);
  });

  it('that is stopped goes on where it stopped, in any step, and reads each row once', async () => {
    const reads: string[] = [];
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      blocks: inFrontOf(stores.blocks, {
        read: (place, type) => {
          reads.push(`${type} ${String(place.pack)} ${String(place.offset)}`);
          return stores.blocks.read(place, type);
        },
      }),
    }));
    const { accountId } = await store.register();
    for (let image = 0; image < 5; image++) await store.store(accountId, blocksOf(10));
    reads.length = 0;
    const stopping = async (after: number): Promise<ScrubAnswer> => {
      const stop = { aborted: false };
      let seen = 0;
      return scrub({ stop, pace: () => { stop.aborted = ++seen > after; return Promise.resolve(); } });
    };
    const answers: ScrubAnswer[] = [];
    for (let run = 0; run < 40 && answers.at(-1)?.isComplete !== true; run++) {
      store.now += 1_000;
      // A pack that is read from end to end is one step.
      answers.push(await stopping(run < 4 ? 20 : 100));
      if (answers.at(-1)?.isComplete === false) expect(await readPosition(store.parts.stores.state)).toBeDefined();
    }
    expect(answers.length).toBeGreaterThan(2);
    expect(answers[0]?.coverage).toMatchObject({ blocks: { of: 50 }, oldestReadAt: undefined });
    expect(answers[0]?.coverage.blocks.read).toBeLessThan(50);
    expect(answers.at(-1)).toMatchObject({ isComplete: true, blocks: 50, manifests: 5, previews: 5, accounts: 1, lost: 0, coverage: { oldestReadAt: store.now - 1_000 * (answers.length - 1) } });
    expect(await readPosition(store.parts.stores.state)).toBeUndefined();
    expect(await lastScrub(store.parts.stores.state)).toMatchObject({ runs: 1, blocks: 50, lost: 0 });
    const blocks = reads.filter((read) => read.startsWith('block'));
    expect(new Set(blocks).size).toBe(50);
    // At most those that were under way at a stop are read once more.
    expect(blocks.length).toBeLessThan(50 + 8 * answers.length);
  });

  it('begins anew where that is asked for', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    await store.store(accountId, blocksOf(10));
    const stop = { aborted: false };
    await scrub({ stop, pace: () => { stop.aborted = true; return Promise.resolve(); } });
    store.now += 5;
    expect(await scrub({ isRestart: true })).toMatchObject({ blocks: 10, coverage: { oldestReadAt: store.now } });
  });

  it('runs alone', async () => {
    store = await CoreStore.open();
    await store.register();
    let second: string | undefined;
    await scrub({ pace: async () => { second ??= await refusalCode(() => scrub()); } });
    expect(second).toBe('unavailable');
  });

  it('keeps its place where storage fails, and fails', async () => {
    const outage = { is: false };
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      images: inFrontOf(stores.images, { listAll: (after, limit) => (outage.is ? Promise.reject(new Error('the disk sulks')) : stores.images.listAll(after, limit)) }),
    }));
    const { accountId } = await store.register();
    await store.store(accountId, blocksOf(10));
    outage.is = true;
    await expect(scrub()).rejects.toThrow('the disk sulks');
    expect(await readPosition(store.parts.stores.state)).toMatchObject({ phase: 'images', counts: { blocks: 10 } });
    outage.is = false;
    expect(await scrub()).toMatchObject({ blocks: 10, manifests: 1, isComplete: true });
  });
});

describe('what rotted beside blocks', () => {
  it('is named: a manifest and a preview, by check too', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const [first, second] = [await store.store(accountId, blocksOf(2)), await store.store(accountId, blocksOf(2))];
    rot((await imageRow(accountId, first)).manifestPlace);
    const preview = (await imageRow(accountId, second)).preview?.place;
    if (preview !== undefined) rot(preview);
    const lost: LostRecord[] = [];
    const answer = await scrub({ onLostRecord: (record) => lost.push(record) });
    expect(lost).toHaveLength(2);
    expect(lost).toEqual(expect.arrayContaining([{ type: 'manifest', accountId, imageId: first }, { type: 'preview', accountId, imageId: second }]));
    expect(answer).toMatchObject({ lostRecords: 2, damagedStretches: 2, coverage: { manifests: { read: 1, of: 2 }, previews: { read: 1, of: 2 } } });
    expect((await findings()).map(({ kind }) => kind).sort()).toEqual(['manifest-unreadable', 'preview-unreadable']);
    expect(await lastScrub(store.parts.stores.state)).toMatchObject({ lost: 2 });
  });

  it('is put right: an account by its record, its record by the row, sealed objects of an image by its record', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const imageId = await store.store(accountId, blocksOf(2));
    const [before, image] = [await store.parts.stores.accounts.find(accountId), await store.parts.stores.images.find(accountId, imageId)];
    store.run('UPDATE account SET auth_hash = zeroblob(32)');
    store.run('UPDATE image SET entry = zeroblob(length(entry))');
    expect((await findings()).map(({ kind }) => kind).sort()).toEqual(['account-row-rotten', 'image-row-rotten']);
    expect(await scrub()).toMatchObject({ repairedAccounts: 1, repairedImages: 1, lostRecords: 0, coverage: { accounts: { read: 1, of: 1 } } });
    expect(await store.parts.stores.accounts.find(accountId)).toEqual(before);
    expect(await store.parts.stores.images.find(accountId, imageId)).toEqual(image);
    for (const column of ['revision', 'keyring_revision']) {
      store.run(`UPDATE account SET ${column} = ${column} + 2`);
      expect((await findings()).map(({ kind }) => kind)).toEqual(['account-row-rotten']);
      expect(await scrub()).toMatchObject({ repairedAccounts: 1 });
      expect(await store.parts.stores.accounts.find(accountId)).toEqual(before);
    }
    // Served from the row, and the only key to the image.
    store.run('UPDATE image SET wrapped_key = randomblob(length(wrapped_key))');
    expect((await findings()).map(({ kind }) => kind)).toEqual(['image-row-rotten']);
    expect(await scrub()).toMatchObject({ repairedImages: 1, lostRecords: 0 });
    expect(await store.parts.stores.images.find(accountId, imageId)).toEqual(image);
    // By it devices tell whether an image is what they signed.
    store.run('UPDATE image SET manifest_hash = zeroblob(16)');
    expect((await findings()).map(({ kind }) => kind)).toEqual(['image-row-rotten']);
    expect(await scrub()).toMatchObject({ repairedImages: 1 });
    expect(await store.parts.stores.images.find(accountId, imageId)).toEqual(image);
    if (before !== undefined) rot(before.place);
    expect((await findings()).map(({ kind }) => kind)).toEqual(['account-unreadable']);
    expect(await scrub()).toMatchObject({ repairedAccounts: 1, lostRecords: 0 });
    expect(await findings()).toEqual([]);
  });

  it('is put right: keys that lack, keys that lead astray, spans of packs that nobody knows', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(30);
    const imageId = await store.store(accountId, blocks);
    const [lacking, astray] = blocks;
    if (lacking === undefined || astray === undefined) throw new Error('there are blocks');
    store.run('DELETE FROM young_key WHERE t1 = ?', lacking.rehash.subarray(0, 6));
    store.run('UPDATE young_key SET t1 = ? WHERE t1 = ?', Buffer.alloc(6), astray.rehash.subarray(0, 6));
    store.run('DELETE FROM tag_span');
    expect(await store.parts.stores.tags.find(lacking.rehash)).toBeUndefined();
    // A key too many, two that lack, and the one span that all rows lie in.
    expect(await scrub()).toMatchObject({ blocks: 30, mendedKeys: 4, coverage: { blocks: { read: 30, of: 30 } } });
    expect(await store.fetch(accountId, imageId, blocks)).toHaveLength(30);
    expect(await findings()).toEqual([]);
    expect(await scrub()).toMatchObject({ mendedKeys: 0 });
  });

  it('is forgotten: a rotten copy of a sound block', async () => {
    store = await CoreStore.open();
    const block = blockOf();
    for (let person = 0; person < 2; person++) await store.store((await store.register()).accountId, [block]);
    const [copy] = await store.parts.stores.tags.copiesOf(block.rehash);
    if (copy !== undefined) rot(copy);
    expect(await scrub()).toMatchObject({ droppedCopies: 1, lost: 0, coverage: { copies: { read: 0, of: 0 } } });
    expect(await findings()).toEqual([]);
  });

  it('is named by check where SQLite itself finds it: what a schema forbids, and rows that lead nowhere', async () => {
    store = await CoreStore.open();
    await store.store((await store.register()).accountId, blocksOf(2));
    store.pragma('ignore_check_constraints = ON');
    store.run('UPDATE owner SET blocks = -1');
    store.pragma('ignore_check_constraints = OFF');
    expect(await findings()).toEqual([{ kind: 'index-malformed', what: expect.stringContaining('CHECK constraint failed in owner') }]);
    store.run('UPDATE owner SET blocks = 2');
    store.pragma('foreign_keys = OFF');
    store.run("INSERT INTO nonce (nonce, upload, tags_hash, expires_at) VALUES (x'01', 99, x'02', 3)");
    expect(await findings()).toEqual([{ kind: 'index-malformed', what: '1 row(s) of nonce lead to rows that are not there' }]);
  });

  it('is told apart from what never was: an image in the packs that the index does not know', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const imageId = await store.store(accountId, blocksOf(2));
    for (const table of ['reference_run', 'referrer', 'image']) store.run(`DELETE FROM ${table}`);
    const checked = await checkStore(store.parts, { onFinding: () => undefined });
    expect(checked).toMatchObject({ findings: 0, unknown: [{ accountId, imageId }] });
  });
});
