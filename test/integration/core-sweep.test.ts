/**
 * The collector, scrubbing, checking and rebuilding over the real stores, and the races between them and uploads.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { ImageId } from '../../client-sdk/protocol/ids.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import { advanceGeneration, closeGeneration, openGeneration, releaseStore } from '../../server/core/generation.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices } from '../../server/core/services.js';
import type { Parts } from '../../server/core/contract.js';
import { blockOf, blocksOf, commitOf, CoreStore, framesOf, hereAndTrusted, inFrontOf, randomId } from '../support/core-store.js';
import type { RawBlock } from '../support/raw-account.js';
import { refusalCode } from '../support/refusal.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

const thorough = { isThorough: true } as const;

async function findingsOf(parts: Parts): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  await checkStore(parts, { onFinding: (finding) => findings.push(finding) });
  return findings;
}

function flip(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (128 >> (bit & 7));
  return copy;
}

/** Something that one waits for and another gives. */
function signal(): { given: Promise<void>; give: () => void; renew: () => void } {
  const made = { given: Promise.resolve(), give: () => { return; }, renew: () => { made.given = new Promise((resolve) => { made.give = resolve; }); } };
  made.renew();
  return made;
}

/** Two blocks of which the T1s share the first four bytes. */
function alikeBlocks(): readonly [RawBlock, RawBlock] {
  const met = new Map<string, number>();
  const numbered = (number: number): RawBlock => blockOf(Buffer.from(`cipher number ${String(number)}`.padEnd(100)));
  for (let number = 0; ; number++) {
    const key = hexOf(numbered(number).rehash.subarray(0, 4));
    const other = met.get(key);
    if (other !== undefined) return [numbered(other), numbered(number)];
    met.set(key, number);
  }
}

/** Flips a bit inside the payload of a block, in its pack file. */
async function rotCipher(block: RawBlock): Promise<void> {
  const row = await store.parts.stores.tags.find(block.rehash);
  if (row === undefined) throw new Error('the block has no row');
  const folder = path.join(store.folder, 'packs');
  const name = readdirSync(folder).find((entry) => entry.startsWith('pack-') && Number(entry.slice(5, 15)) === row.place.pack);
  const file = path.join(folder, name ?? '');
  const bytes = readFileSync(file);
  // Behind the record header; a second call undoes the first.
  const at = row.place.offset + store.parts.stores.blocks.recordOverheadBytes + 10;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

async function expectAddsUp(parts: CoreStore): Promise<void> {
  const report = await parts.services.report.operator();
  const { packHeaderBytes, cipherBytes, pendingCopyBytes, manifestBytes, previewBytes, otherRecordBytes, recordOverheadBytes, reclaimableBytes } = report;
  expect(packHeaderBytes + cipherBytes + pendingCopyBytes + manifestBytes + previewBytes + otherRecordBytes + recordOverheadBytes + reclaimableBytes).toBe(report.packFileBytes);
  expect(report.packFileBytes + report.databaseFileBytes + report.otherFileBytes).toBe(report.diskBytes);
  expect(Math.min(otherRecordBytes, reclaimableBytes, manifestBytes)).toBeGreaterThanOrEqual(0);
}

describe('a sweep', () => {
  it('merges what 64 accounts sent at the same time into one copy, and every one of them still has it', async () => {
    store = await CoreStore.open();
    const block = blockOf(new Uint8Array(20_000).fill(3));
    const people = [];
    for (let i = 0; i < 64; i++) people.push(await store.register());
    const images = await Promise.all(people.map(({ accountId }) => store.store(accountId, [block])));
    expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: 1, pendingCopies: 63 });
    await expectAddsUp(store);
    const swept = await store.services.sweep.sweep(thorough);
    expect(swept.mergedCopies).toBe(63);
    expect(swept.freedBytes).toBeGreaterThan(62 * 20_000);
    expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: 1, pendingCopies: 0 });
    expect((await store.parts.stores.blocks.usage()).packFileBytes).toBeLessThan(64 * 3_500 + 20_000);
    for (const [i, { accountId }] of people.entries()) {
      expect(await store.fetch(accountId, images[i] ?? randomId<ImageId>(), [block])).toMatchObject([{ kind: 'block', cipher: block.cipher }]);
    }
    expect(await findingsOf(store.parts)).toEqual([]);
    await expectAddsUp(store);
  });

  it('collects what nothing refers to after the grace, compacts, and a second sweep finds nothing to do', async () => {
    store = await CoreStore.open({ trashMs: 1_000, graceMs: 1_000 });
    const { accountId } = await store.register();
    const [kept, gone] = [blocksOf(20), blocksOf(20, 5_000)];
    const keptImage = await store.store(accountId, kept);
    const goneImage = await store.store(accountId, gone);
    await store.services.images.trash(accountId, goneImage);
    store.now += 1_001;
    expect(await store.services.sweep.sweep(thorough)).toMatchObject({ purgedImages: 1, collectedBlocks: 0, pendingBlocks: 20 });
    store.now += 1_001;
    const forecast = [];
    for await (const entry of store.services.sweep.forecast(thorough)) forecast.push(entry);
    expect(forecast).toContainEqual({ kind: 'blocks', goes: true, reason: 'unreferenced', blocks: 20, bytes: 100_000 });
    const swept = await store.services.sweep.sweep(thorough);
    expect(swept).toMatchObject({ collectedBlocks: 20, pendingBlocks: 0 });
    expect(swept.freedBytes).toBeGreaterThan(90_000);
    expect(await store.fetch(accountId, keptImage, kept)).toHaveLength(20);
    expect(await refusalCode(() => store.services.images.read(accountId, goneImage))).toBe('not-found');
    expect(await findingsOf(store.parts)).toEqual([]);
    await expectAddsUp(store);
    expect(await store.services.sweep.sweep(thorough)).toMatchObject({ purgedImages: 0, collectedBlocks: 0, mergedCopies: 0, compactedPacks: 0, freedBytes: 0 });
  });

});

describe('a sweep beside others', () => {
  it('waits for a block whose bytes are durable and whose row is still to come, and keeps it', async () => {
    const [appended, released] = [signal(), signal()];
    let isPausing = false;
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      blocks: inFrontOf(stores.blocks, {
        async append(...given: Parameters<typeof stores.blocks.append>) {
          const places = await stores.blocks.append(...given);
          appended.give();
          if (isPausing) await released.given;
          return places;
        },
        // A sweep that drops without waiting lets the row come too late.
        async drop(pack: number) {
          await stores.blocks.drop(pack);
          released.give();
        },
      }),
    }));
    const { accountId } = await store.register();
    const dead = await store.store(accountId, blocksOf(10, 5_000));
    await store.services.images.trash(accountId, dead);
    await store.services.images.purge(accountId, dead);
    const { uploadId } = await store.services.uploads.begin(accountId);
    const block = blockOf();
    isPausing = true;
    appended.renew();
    const receiving = store.services.blocks.receive({ accountId, uploadId }, framesOf([block]));
    await appended.given;
    isPausing = false;
    const waiting = store.gate.settle();
    Object.assign(store.gate, { settle: () => { released.give(); return waiting; } });
    store.now++;
    const sweeping = store.services.sweep.sweep(thorough);
    expect((await sweeping).compactedPacks).toBeGreaterThan(0);
    await receiving;
    const commit = commitOf(randomId<ImageId>(), [block]);
    expect((await store.commit({ accountId, uploadId }, commit)).status).toBe('stored');
    expect(await store.fetch(accountId, commit.imageId, [block])).toMatchObject([{ kind: 'block', cipher: block.cipher }]);
    expect(await findingsOf(store.parts)).toEqual([]);
  });

  it('does not disturb a reader who looked a block up before its record moved', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(30);
    const imageId = await store.store(accountId, blocks);
    const dead = await store.store(accountId, blocksOf(5, 5_000));
    await store.services.images.trash(accountId, dead);
    const before = await store.parts.stores.tags.find(blocks[0]?.rehash ?? blockOf().rehash);
    const frames = await store.services.blocks.fetch(accountId, imageId, blocks.map(({ tag }) => tag));
    store.now++;
    expect((await store.services.sweep.sweep(thorough)).compactedPacks).toBe(1);
    const after = await store.parts.stores.tags.find(blocks[0]?.rehash ?? blockOf().rehash);
    expect(after?.place.pack).not.toBe(before?.place.pack);
    let received = 0;
    for await (const frame of frames) expect(frame).toMatchObject({ kind: 'block', cipher: blocks[received++]?.cipher });
    expect(received).toBe(30);
  });

  it('never drops a pack with a live row that cannot be read', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const [rotten, fine] = [blockOf(), blockOf()];
    const imageId = await store.store(accountId, [rotten, fine]);
    const dead = await store.store(accountId, blocksOf(5, 5_000));
    await store.services.images.trash(accountId, dead);
    await rotCipher(rotten);
    store.now++;
    await store.services.sweep.sweep(thorough);
    const { pack } = (await store.parts.stores.tags.find(rotten.rehash))?.place ?? { pack: 0 };
    expect((await store.parts.stores.blocks.packs()).map((summary) => summary.pack)).toContain(pack);
    expect(await store.fetch(accountId, imageId, [fine])).toMatchObject([{ kind: 'block' }]);
  });

  it('runs one at a time, stops when told, and refuses a held store', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const image = await store.store(accountId, blocksOf(3));
    await store.services.images.trash(accountId, image);
    store.now++;
    expect(await store.services.sweep.sweep({ ...thorough, stop: { aborted: true } })).toMatchObject({ purgedImages: 0, collectedBlocks: 0, compactedPacks: 0 });
    const first = store.services.sweep.sweep(thorough);
    expect(await refusalCode(() => store.services.sweep.sweep(thorough))).toBe('unavailable');
    await first;
    await store.parts.stores.state.setHeld(true);
    expect(await refusalCode(() => store.services.sweep.sweep(thorough))).toBe('unavailable');
    await releaseStore(store.gate, store.parts.stores);
    await store.services.sweep.sweep(thorough);
  });
});

describe('one flipped bit', () => {
  async function stored(): Promise<{ readonly block: RawBlock; readonly fetch: () => Promise<unknown>; readonly imageId: ImageId }> {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const block = blockOf();
    const imageId = await store.store(accountId, [block]);
    return { block, imageId, fetch: async () => (await store.fetch(accountId, imageId, [block]))[0] };
  }
  const scrub = () => scrubStore(store.parts, { onLost: () => undefined });
  const sound = (block: RawBlock) => ({ kind: 'block', rehash: block.rehash, code: block.code, cipher: block.cipher });

  it('in a stored T is corrected by the code, at a fetch and by a scrub', async () => {
    const { block, fetch } = await stored();
    store.run('UPDATE tag SET t = ?', flip(block.tag, 100));
    expect((await findingsOf(store.parts)).map((finding) => finding.kind)).toEqual(['row-rotten']);
    expect(await fetch()).toEqual(sound(block));
    expect(await findingsOf(store.parts)).toEqual([]);
    store.run('UPDATE tag SET t = ?', flip(block.tag, 255));
    expect(await scrub()).toMatchObject({ blocks: 1, repairedTags: 1, lost: 0 });
    expect((await store.parts.stores.tags.find(block.rehash))?.tag).toEqual(block.tag);
  });

  it('in a stored code is corrected, so that H(i) = H(j) again', async () => {
    const { block, fetch } = await stored();
    store.run('UPDATE tag SET code = ?', block.code ^ 8);
    expect(await fetch()).toEqual(sound(block));
    // No code has this bit.
    store.run('UPDATE tag SET code = ?', block.code | 4_096);
    expect(await fetch()).toEqual(sound(block));
    store.run('UPDATE tag SET code = ?', block.code ^ 512);
    expect(await scrub()).toMatchObject({ repairedCodes: 1, lost: 0 });
    expect(await findingsOf(store.parts)).toEqual([]);
  });

  it('in a stored T1 is put right by the cipher, and many flips in T too', async () => {
    const { block, fetch } = await stored();
    store.run('UPDATE tag SET t1 = ?', flip(block.rehash, 3));
    expect(await scrub()).toMatchObject({ repairedRehashes: 1, lost: 0 });
    expect(await fetch()).toEqual(sound(block));
    store.run('UPDATE tag SET t = ?', flip(flip(flip(block.tag, 1), 2), 3));
    expect(await fetch()).toEqual(sound(block));
    expect(await findingsOf(store.parts)).toEqual([]);
  });

  it('in a stored cipher is never served; the block is quarantined, named, and healed by another upload', async () => {
    const { block, fetch, imageId } = await stored();
    await rotCipher(block);
    const [finding] = await findingsOf(store.parts);
    expect(finding).toMatchObject({ kind: 'block-unreadable', rehash: hexOf(block.rehash), images: [{ imageId }] });
    expect(await fetch()).toEqual({ kind: 'absent', rehash: block.rehash });
    expect((await findingsOf(store.parts))[0]).toMatchObject({ kind: 'block-quarantined' });
    expect(await scrub()).toMatchObject({ lost: 1 });
    const owner = (await store.parts.stores.accounts.list(undefined, 1))[0]?.accountId ?? randomId();
    const { uploadId } = await store.services.uploads.begin(owner);
    expect([...(await store.services.uploads.askExistence({ accountId: owner, uploadId }, block.rehash)).states]).toEqual([0]);
    await store.services.blocks.receive({ accountId: owner, uploadId }, framesOf([block]));
    expect(await fetch()).toEqual(sound(block));
    expect(await findingsOf(store.parts)).toEqual([]);
  });

  it('in a cipher that was only misread is forgiven: a scrub brings the quarantined block back', async () => {
    const { block, fetch } = await stored();
    await rotCipher(block);
    await fetch();
    await rotCipher(block);
    expect(await store.parts.stores.tags.find(block.rehash)).toMatchObject({ state: 'quarantined' });
    expect(await scrub()).toMatchObject({ revived: 1, lost: 0 });
    expect(await store.parts.stores.tags.find(block.rehash)).toMatchObject({ state: 'live' });
    expect(await findingsOf(store.parts)).toEqual([]);
  });

  it('in a cipher that another account sent too is healed from that copy', async () => {
    const { block, fetch } = await stored();
    const other = await store.register();
    await store.store(other.accountId, [block]);
    await rotCipher(block);
    expect(await fetch()).toEqual(sound(block));
    expect(await findingsOf(store.parts)).toEqual([]);
    expect((await store.services.sweep.sweep(thorough)).mergedCopies).toBe(0);
  });

  it('in the copy that a merge would keep makes the merge keep the other', async () => {
    const { block, fetch } = await stored();
    const other = await store.register();
    await store.store(other.accountId, [block]);
    await rotCipher(block);
    expect((await store.services.sweep.sweep(thorough)).mergedCopies).toBe(1);
    expect(await fetch()).toEqual(sound(block));
    expect(await findingsOf(store.parts)).toEqual([]);
  });
});

describe('a rebuild', () => {
  it('gives accounts, images, previews and blocks back, keeps removals removed, and holds the store', async () => {
    store = await CoreStore.open({ trashMs: 1_000_000 });
    const [ada, bob] = [await store.register(), await store.register()];
    const [shared, own] = [blocksOf(5), blocksOf(3)];
    const images = [await store.store(ada.accountId, [...shared, ...own]), await store.store(ada.accountId, [])];
    const bobs = await store.store(bob.accountId, shared);
    const [removed, restored] = [await store.store(ada.accountId, own), await store.store(ada.accountId, shared)];
    for (const imageId of [removed, restored]) await store.services.images.trash(ada.accountId, imageId);
    await store.services.images.restore(ada.accountId, restored);
    store.now++;
    await store.services.images.purge(ada.accountId, removed);
    await store.services.accounts.changeKeyring(ada.accountId, { expectedRevision: 1, keyring: new Uint8Array(50).fill(8) });
    const password = { ...ada.registration.password, authKey: new Uint8Array(32).fill(9) };
    await store.services.accounts.changeCredentials(
      { proof: { username: ada.registration.username, authKey: ada.registration.password.authKey }, expectedRevision: 1, password, carrier: 'bearer' }, hereAndTrusted);
    await store.services.sweep.sweep(thorough);

    const parts = store.beside();
    const answer = await rebuildStore(parts);
    expect(answer).toMatchObject({ accounts: 2, images: 4, removals: 1, displaced: [], incomplete: [], damage: [] });
    const services = createServices(parts);
    for (const accountId of [ada.accountId, bob.accountId]) {
      expect(await parts.stores.accounts.find(accountId)).toEqual(await store.parts.stores.accounts.find(accountId));
      const page = { isTrash: false, cursor: undefined, limit: 100 };
      expect(await services.images.list(accountId, page)).toEqual(await store.services.images.list(accountId, page));
    }
    for (const imageId of images) {
      expect(await services.images.read(ada.accountId, imageId)).toEqual(await store.services.images.read(ada.accountId, imageId));
      expect(await services.images.preview(ada.accountId, imageId)).toEqual(await store.services.images.preview(ada.accountId, imageId));
      expect(await parts.stores.images.referencesOf(ada.accountId, imageId)).toEqual(await store.parts.stores.images.referencesOf(ada.accountId, imageId));
    }
    // What was received for images is not in the packs.
    const usage = await store.services.report.usage(bob.accountId);
    expect(await services.report.usage(bob.accountId)).toEqual({ ...usage, receivedBytes: 0 });
    let frames = 0;
    for await (const frame of await services.blocks.fetch(bob.accountId, bobs, shared.map(({ tag }) => tag))) expect(frame).toMatchObject({ cipher: shared[frames++]?.cipher });
    expect(frames).toBe(5);
    await services.accounts.login({ username: ada.registration.username, authKey: password.authKey, carrier: 'bearer' }, hereAndTrusted);
    expect(await findingsOf(parts)).toEqual([]);
    expect(await refusalCode(() => services.sweep.sweep(thorough))).toBe('unavailable');
    const uploadId = (await services.uploads.begin(ada.accountId)).uploadId;
    await services.blocks.receive({ accountId: ada.accountId, uploadId }, framesOf(own));
    const [result] = await services.uploads.commit({ accountId: ada.accountId, uploadId }, [commitOf(removed, own)]);
    expect(result?.status).toBe('image-conflict');
  });

  it('tells blocks apart whose T1s begin alike, and gives nobody a block of another', async () => {
    store = await CoreStore.open();
    const [ada, bob] = [await store.register(), await store.register()];
    const [first, second] = alikeBlocks();
    const adas = await store.store(ada.accountId, [first, ...blocksOf(3)]);
    const bobs = await store.store(bob.accountId, [second, ...blocksOf(3)]);
    const parts = store.beside();
    expect(await rebuildStore(parts)).toMatchObject({ images: 2, incomplete: [] });
    for (const [accountId, imageId] of [[ada.accountId, adas], [bob.accountId, bobs]] as const) {
      expect(await parts.stores.images.referencesOf(accountId, imageId)).toEqual(await store.parts.stores.images.referencesOf(accountId, imageId));
    }
    expect(await parts.stores.tags.findOwned(ada.accountId, second.rehash)).toBeUndefined();
    expect(await parts.stores.tags.findOwned(bob.accountId, second.rehash)).toBeDefined();
    expect(await findingsOf(parts)).toEqual([]);
  });

  it('over a database from before a compaction leads every row to where its record lies now', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(4);
    const imageId = await store.store(accountId, blocks);
    const dead = await store.store(accountId, blocksOf(5, 5_000));
    // An old database: one that was rebuilt now, while compaction goes on under the other.
    const old = store.beside();
    await rebuildStore(old);
    await store.services.images.trash(accountId, dead);
    store.now++;
    expect((await store.services.sweep.sweep(thorough)).compactedPacks).toBeGreaterThan(0);
    expect((await findingsOf(old)).map((finding) => finding.kind)).toContain('manifest-unreadable');
    expect(await rebuildStore(old)).toMatchObject({ images: 1, removals: 1 });
    expect(await findingsOf(old)).toEqual([]);
    const services = createServices(old);
    expect(await services.images.read(accountId, imageId)).toEqual(await store.services.images.read(accountId, imageId));
    let frames = 0;
    for await (const frame of await services.blocks.fetch(accountId, imageId, blocks.map(({ tag }) => tag))) expect(frame).toMatchObject({ cipher: blocks[frames++]?.cipher });
    expect(frames).toBe(4);
  });

  it('does not bring back an image whose commit was refused after its record was written', async () => {
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      images: inFrontOf(stores.images, { missing: () => Promise.resolve([]) }),
    }));
    const { accountId } = await store.register();
    const { uploadId } = await store.services.uploads.begin(accountId);
    expect((await store.commit({ accountId, uploadId }, commitOf(randomId<ImageId>(), blocksOf(1)))).status).toBe('blocks-missing');
    expect(await rebuildStore(store.beside())).toMatchObject({ accounts: 1, images: 0 });
  });

  it('brings none of several images back whose session ended while their records were being written', async () => {
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      images: inFrontOf(stores.images, { commit: () => Promise.resolve({ kind: 'upload-unknown' }) }),
    }));
    const { accountId } = await store.register();
    const blocks = blocksOf(2);
    const uploadId = await store.send(accountId, blocks);
    const commits = [0, 1, 2].map(() => commitOf(randomId<ImageId>(), blocks));
    expect(await refusalCode(() => store.services.uploads.commit({ accountId, uploadId }, commits))).toBe('upload-unknown');
    expect(await rebuildStore(store.beside())).toMatchObject({ accounts: 1, images: 0 });
  });

  it('keeps an image that was restored while its removal was being written', async () => {
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      images: inFrontOf(stores.images, {
        async purge(...given: Parameters<typeof stores.images.purge>) {
          await stores.images.restore(given[0], given[1]);
          return stores.images.purge(...given);
        },
      }),
    }));
    const { accountId } = await store.register();
    const imageId = await store.store(accountId, blocksOf(1));
    await store.services.images.trash(accountId, imageId);
    expect(await refusalCode(() => store.services.images.purge(accountId, imageId))).toBe('not-found');
    expect(await rebuildStore(store.beside())).toMatchObject({ images: 1, removals: 0 });
  });
});

describe('generations of the real stores', () => {
  it('fit at every ordinary start, and a database from before the last step is held', async () => {
    store = await CoreStore.open();
    const { stores, gate } = store.parts;
    expect(await openGeneration(gate, stores)).toBe('fits');
    expect(await openGeneration(gate, stores)).toBe('fits');
    const older = await stores.state.generation();
    await advanceGeneration(gate, stores);
    await stores.state.setGeneration(older);
    expect(await openGeneration(gate, stores)).toBe('database-older');
    expect(await stores.state.isHeld()).toBe(true);
    expect(await openGeneration(gate, stores)).toBe('fits');
    expect(await stores.state.isHeld()).toBe(true);
  });

  it('are compared before each sweep and at a stop, so that another database under a running process is held', async () => {
    store = await CoreStore.open();
    const { stores, gate } = store.parts;
    const older = await stores.state.generation();
    await store.services.sweep.sweep({ isThorough: true });
    await stores.state.setGeneration(older);
    expect(await refusalCode(() => store.services.sweep.sweep({ isThorough: true }))).toBe('unavailable');
    expect(await stores.state.isHeld()).toBe(true);
    await releaseStore(gate, stores);
    await advanceGeneration(gate, stores);
    await stores.state.setGeneration(older);
    await closeGeneration(gate, stores, { isReconciled: true });
    expect(await stores.state.isHeld()).toBe(true);
  });
});
