/**
 * The operator's figures over real stores with dead records, copies that wait, trash and previews: each row is counted
 * again from the records of the packs and the rows of the database, and all of them from the sizes of the files.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import type { OperatorReport } from '../../client-sdk/protocol/messages.js';
import { diskRows, packRows } from '../../server/core/report.js';
import { blocksOf, CoreStore } from '../support/core-store.js';

let store: CoreStore;

beforeEach(async () => {
  store = await CoreStore.open({ graceMs: 3_600_000, trashMs: 3_600_000 });
});
afterEach(() => store.close());

function ask<T>(sql: string): readonly T[] {
  const database = new Database(path.join(store.folder, 'index.sqlite'), { readonly: true });
  try {
    return database.prepare<[], T>(sql).all();
  } finally {
    database.close();
  }
}

function askNumber(sql: string): number {
  return ask<{ readonly value: number | null }>(`SELECT (${sql}) AS value`)[0]?.value ?? 0;
}

/** Two accounts may have rows of one block. */
const distinctSql = 'SELECT DISTINCT t1, length FROM tag';
const isUnreferenced = 't1 NOT IN (SELECT t1 FROM referrer JOIN tag ON tag.id = referrer.tag)';

/** Bytes of all intact records, divided by whether a row names their place. Headers of records included. */
async function scanned(): Promise<{ readonly live: number; readonly dead: number; readonly records: number }> {
  const { blocks } = store.parts.stores;
  const places = ask<{ readonly place: string }>(`SELECT pack || ' ' || "offset" AS place FROM tag UNION SELECT pack || ' ' || "offset" FROM copy
    UNION SELECT manifest_pack || ' ' || manifest_offset FROM image UNION SELECT preview_pack || ' ' || preview_offset FROM image WHERE preview_pack IS NOT NULL
    UNION SELECT pack || ' ' || "offset" FROM account`);
  const named = new Set(places.map(({ place }) => place));
  const found = { live: 0, dead: 0, records: 0 };
  for (const { pack } of await blocks.packs()) {
    for await (const { place, payload } of blocks.scan(pack, () => { throw new Error('a pack is damaged'); })) {
      const isLive = named.has(`${String(place.pack)} ${String(place.offset)}`);
      found[isLive ? 'live' : 'dead'] += payload.length + blocks.recordOverheadBytes;
      found.records += isLive ? 1 : 0;
    }
  }
  return found;
}

async function bytesOfFiles(folder: string, isWanted: (name: string) => boolean): Promise<number> {
  const names = (await readdir(folder)).filter(isWanted);
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The report, after every row of it was found right. */
async function checkedReport(): Promise<OperatorReport> {
  const report = await store.services.report.operator();
  const { live, dead, records } = await scanned();
  const { recordOverheadBytes } = store.parts.stores.blocks;
  expect(report).toMatchObject({
    cipherBytes: askNumber(`SELECT SUM(length) FROM (${distinctSql})`),
    blocks: askNumber(`SELECT COUNT(*) FROM (${distinctSql})`),
    referencedCipherBytes: askNumber('SELECT SUM(length) FROM (SELECT DISTINCT owner, tag FROM referrer) JOIN tag ON tag.id = tag'),
    unreferencedBlocks: askNumber(`SELECT COUNT(*) FROM (${distinctSql}) WHERE ${isUnreferenced}`),
    unreferencedCipherBytes: askNumber(`SELECT SUM(length) FROM (${distinctSql}) WHERE ${isUnreferenced}`),
    pendingCopyBytes: askNumber('SELECT SUM(length) FROM copy JOIN tag ON tag.id = copy.tag') + askNumber('SELECT SUM(length) FROM tag') - askNumber(`SELECT SUM(length) FROM (${distinctSql})`),
    manifestBytes: askNumber('SELECT SUM(manifest_bytes) FROM image'),
    previewBytes: askNumber('SELECT SUM(preview_bytes) FROM image'),
    recordOverheadBytes: records * recordOverheadBytes,
    reclaimableBytes: dead,
    packFileBytes: await bytesOfFiles(path.join(store.folder, 'packs'), (name) => name.endsWith('.dice')),
    databaseFileBytes: await bytesOfFiles(store.folder, (name) => name.startsWith('index.sqlite')),
  });
  expect(report.packFileBytes).toBe(report.packHeaderBytes + live + dead);
  expect(packRows.reduce((sum, name) => sum + report[name], 0)).toBe(report.packFileBytes);
  expect(diskRows.reduce((sum, name) => sum + report[name], 0)).toBe(report.diskBytes);
  return report;
}

describe('the rows of the operator’s report', () => {
  it('add up over an empty store', async () => {
    expect(await checkedReport()).toMatchObject({ images: 0, cipherBytes: 0, reclaimableBytes: 0, manifestBytes: 0 });
  });

  it('add up with trash, copies that wait, dead records and blocks that nothing refers to', async () => {
    const [alice, bob] = [await store.register(), await store.register()];
    const shared = blocksOf(5, 1_000);
    await store.store(alice.accountId, shared);
    expect(await checkedReport()).toMatchObject({ images: 1, pendingCopies: 0, reclaimableBytes: 0, unreferencedBlocks: 0 });
    await store.store(bob.accountId, [...shared, ...blocksOf(2)]);
    expect(await checkedReport()).toMatchObject({ images: 2, blocks: 7, pendingCopies: 5, reclaimableBytes: 0, referencedCipherBytes: 10_600, cipherBytes: 5_600 });
    const [trashed, purged] = [await store.store(alice.accountId, blocksOf(3)), await store.store(alice.accountId, [...blocksOf(4), ...shared])];
    for (const imageId of [trashed, purged]) await store.services.images.trash(alice.accountId, imageId);
    expect(await checkedReport()).toMatchObject({ images: 4, trashedImages: 2, reclaimableBytes: 0 });
    await store.services.images.purge(alice.accountId, purged);
    await store.services.accounts.changeKeyring(bob.accountId, { expectedRevision: 1, keyring: new Uint8Array(50).fill(8) });
    const report = await checkedReport();
    expect(report).toMatchObject({ images: 3, trashedImages: 1, unreferencedBlocks: 4, unreferencedCipherBytes: 1_200, previewBytes: 450 });
    expect(report.reclaimableBytes).toBeGreaterThan(400 + 150);
    expect(report.pendingCopies).toBeGreaterThanOrEqual(5);
  });

  it('add up after the collector has merged, collected and compacted', async () => {
    const [alice, bob] = [await store.register(), await store.register()];
    const shared = blocksOf(6, 20_000);
    for (const { accountId } of [alice, bob]) await store.store(accountId, shared);
    const gone = await store.store(bob.accountId, blocksOf(4, 30_000));
    await store.services.images.trash(bob.accountId, gone);
    await store.services.images.purge(bob.accountId, gone);
    const before = await checkedReport();
    store.now += 7_200_000;
    const swept = await store.services.sweep.sweep({ isThorough: true });
    expect(swept).toMatchObject({ mergedCopies: 6, collectedBlocks: 4 });
    const after = await checkedReport();
    expect(after).toMatchObject({ pendingCopies: 0, unreferencedBlocks: 0, cipherBytes: 120_000, referencedCipherBytes: 240_000 });
    expect(before.packFileBytes - after.packFileBytes).toBeGreaterThan(200_000);
  });
});
