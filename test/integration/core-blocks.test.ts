/**
 * Intake, existence, claims, commits and fetching over the real stores: what a caller gets, and what one that lies does not.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { concat, isEqual } from '../../client-sdk/protocol/bytes.js';
import { asTag, type AccountId, type ImageId, type Rehash, type UploadId } from '../../client-sdk/protocol/ids.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { blockOf, blocksOf, commitOf, CoreStore, framesOf, hmacSha256, inFrontOf, randomId, serverId, sha256 } from '../support/core-store.js';
import type { RawBlock } from '../support/raw-account.js';
import { refusalCode } from '../support/refusal.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

function ask(accountId: AccountId, uploadId: UploadId, blocks: readonly RawBlock[]): Promise<{ readonly states: Uint8Array; readonly nonce?: Uint8Array }> {
  return store.services.uploads.askExistence({ accountId, uploadId }, concat(...blocks.map(({ rehash }) => rehash)));
}

function prove(name: { readonly accountId: AccountId; readonly uploadId: UploadId }, nonce: Uint8Array, block: { readonly rehash: Rehash; readonly cipher: Uint8Array }): Uint8Array {
  return hmacSha256(nonce, concat(possessionPrefix({ ...name, serverId, rehash: block.rehash }, block.cipher.length), block.cipher));
}

describe('intake', () => {
  it('stores what was sent and gives the same bytes back in the order asked', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(20);
    const imageId = await store.store(accountId, blocks);
    const asked = [...blocks].reverse();
    const frames = await store.fetch(accountId, imageId, asked);
    expect(frames).toEqual(asked.map(({ rehash, code, cipher }) => ({ kind: 'block', rehash, code, cipher })));
  });

  it('stores a group when what its blocks hold in memory, with all that came beside them, is 8 MiB or they are 256', async () => {
    const groups: number[] = [];
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      blocks: inFrontOf(stores.blocks, {
        append: (records) => {
          if (records[0]?.type === 'block') groups.push(records.length);
          return stores.blocks.append(records);
        },
      }),
    }));
    const { accountId } = await store.register();
    const piece = (bytes: number, seed: number): Uint8Array => new Uint8Array(bytes).fill(seed);
    await store.send(accountId, Array.from({ length: 5 }, (_, i) => blockOf(piece(4 * 1_048_576, i + 1).subarray(0, 100))));
    const shared = new Uint8Array(40_000).map((_, i) => (i % 100 < 4 ? Math.floor(i / 100) >> (8 * (i % 100)) : 0));
    await store.send(accountId, Array.from({ length: 300 }, (_, i) => blockOf(shared.subarray(100 * i, 100 * i + 100))));
    expect(groups).toEqual([2, 2, 1, 256, 44]);
  });

  it('refuses a poisoned frame and nothing else: garbage never lies under an honest tag', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const [honest, victim] = [blockOf(), blockOf()];
    const garbage = blockOf();
    const { uploadId } = await store.services.uploads.begin(accountId);
    const frames = framesOf([honest, { ...garbage, rehash: victim.rehash, code: victim.code }, { ...victim, code: victim.code ^ 1 }]);
    const answer = await store.services.blocks.receive({ accountId, uploadId }, frames);
    expect(answer.results).toEqual(['stored', 'tag-mismatch', 'tag-mismatch']);
    const { states } = await ask(accountId, uploadId, [honest, victim, garbage]);
    expect([...states]).toEqual([1, 0, 0]);
  });

  it('keeps one copy of a block that the account sends again and again', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const block = blockOf();
    const uploadId = await store.send(accountId, [block, block]);
    await store.services.blocks.receive({ accountId, uploadId }, framesOf([block, block]));
    expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: 1, pendingCopies: 0 });
  });

  it('is closed to an unknown session, a stranger’s and an expired one', async () => {
    store = await CoreStore.open();
    const [ada, eve] = [await store.register(), await store.register()];
    const { uploadId, expiresAt } = await store.services.uploads.begin(ada.accountId);
    const send = (accountId: AccountId, name: UploadId) => refusalCode(() => store.services.blocks.receive({ accountId, uploadId: name }, framesOf(blocksOf(1))));
    expect(await send(ada.accountId, randomId())).toBe('upload-unknown');
    expect(await send(eve.accountId, uploadId)).toBe('upload-unknown');
    store.now = expiresAt;
    expect(await send(ada.accountId, uploadId)).toBe('upload-unknown');
  });

  it('stops at the quota and at the bound of unreferenced session bytes', async () => {
    store = await CoreStore.open({ quotaBytes: 1_000 });
    const { accountId } = await store.register();
    const { uploadId } = await store.services.uploads.begin(accountId);
    const send = (bytes: number) => refusalCode(() => store.services.blocks.receive({ accountId, uploadId }, framesOf(blocksOf(1, bytes))));
    expect(await send(1_001)).toBe('quota-exceeded');
    expect(await send(1_000)).toBeUndefined();
    expect(await send(18)).toBe('quota-exceeded');
  });
});

describe('a commit', () => {
  it('with a T1 of another account is answered like one with a T1 that nobody has', async () => {
    store = await CoreStore.open();
    const [ada, eve] = [await store.register(), await store.register()];
    const [mine, foreign, nobodys] = [blockOf(), blockOf(), blockOf()];
    await store.store(ada.accountId, [foreign]);
    const uploadId = await store.send(eve.accountId, [mine]);
    for (const other of [foreign, nobodys]) {
      const result = await store.commit({ accountId: eve.accountId, uploadId }, commitOf(randomId<ImageId>(), [mine, other]));
      expect(result.status).toBe('blocks-missing');
      expect(result.missing).toEqual(other.rehash);
    }
    expect((await store.services.images.list(eve.accountId, { isTrash: false, cursor: undefined, limit: 10 })).images).toEqual([]);
  });

  it('repeated gives the same answer; with other bytes, or after a removal, it conflicts', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(2);
    const uploadId = await store.send(accountId, blocks);
    const commit = commitOf(randomId<ImageId>(), blocks);
    const upload = { accountId, uploadId };
    expect((await store.commit(upload, commit)).status).toBe('stored');
    expect((await store.commit(upload, commit)).status).toBe('stored');
    expect((await store.commit(upload, { ...commit, manifest: commit.entry })).status).toBe('image-conflict');
    await store.services.images.trash(accountId, commit.imageId);
    await store.services.images.purge(accountId, commit.imageId);
    expect((await store.commit(upload, commit)).status).toBe('image-conflict');
  });

  it('is refused with tags out of order, twice the same or cut', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(2);
    const uploadId = await store.send(accountId, blocks);
    const commit = commitOf(randomId<ImageId>(), blocks);
    const [first, second] = [commit.tags.slice(0, 32), commit.tags.slice(32)];
    for (const tags of [concat(second, first), concat(first, first), commit.tags.slice(1)]) {
      expect(await refusalCode(() => store.commit({ accountId, uploadId }, { ...commit, tags }))).toBe('request-invalid');
    }
  });

  it('of an image without blocks, and of several at once, stores each', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(3);
    const uploadId = await store.send(accountId, blocks);
    const commits = [commitOf(randomId<ImageId>(), []), commitOf(randomId<ImageId>(), blocks), commitOf(randomId<ImageId>(), blocks.slice(1))];
    const results = await store.services.uploads.commit({ accountId, uploadId }, commits);
    expect(results.map((result) => result.status)).toEqual(['stored', 'stored', 'stored']);
    for (const commit of commits) {
      const { manifest, card } = await store.services.images.read(accountId, commit.imageId);
      expect(manifest).toEqual(commit.manifest);
      expect(card.blocks).toBe(commit.tags.length / 32);
      expect(await store.services.images.preview(accountId, commit.imageId)).toEqual(commit.preview);
    }
  });
});

describe('a fetch', () => {
  it('with T1, with T but no reference, and with T of another account is refused alike', async () => {
    store = await CoreStore.open();
    const [ada, eve] = [await store.register(), await store.register()];
    const [theirs, mine, unreferenced] = [blockOf(), blockOf(), blockOf()];
    await store.store(ada.accountId, [theirs]);
    const imageId = await store.store(eve.accountId, [mine]);
    await store.send(eve.accountId, [unreferenced]);
    const attempts = [theirs.tag, unreferenced.tag, asTag(mine.rehash), asTag(theirs.rehash), asTag(sha256(Uint8Array.of(1)))];
    for (const tag of attempts) expect(await refusalCode(() => store.fetch(eve.accountId, imageId, [mine, { tag }]))).toBe('block-not-found');
    expect(await refusalCode(() => store.fetch(eve.accountId, randomId<ImageId>(), [mine]))).toBe('not-found');
    expect(await store.fetch(eve.accountId, imageId, [])).toEqual([]);
  });
});

describe('existence', () => {
  it('own: tells nothing of what others have', async () => {
    store = await CoreStore.open();
    const [ada, eve] = [await store.register(), await store.register()];
    const block = blockOf();
    await store.store(ada.accountId, [block]);
    const { uploadId } = await store.services.uploads.begin(eve.accountId);
    expect(await ask(eve.accountId, uploadId, [block, blockOf()])).toEqual({ states: Uint8Array.of(0, 0) });
    expect(await refusalCode(() => store.services.uploads.claim({ accountId: eve.accountId, uploadId }, { nonce: block.rehash, tags: block.rehash, proofs: block.rehash }))).toBe('proof-invalid');
  });

  it('own: says present for what is in the trash, and the pin keeps it through a purge and a sweep', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    const blocks = blocksOf(2);
    const imageId = await store.store(accountId, blocks);
    await store.services.images.trash(accountId, imageId);
    const { uploadId } = await store.services.uploads.begin(accountId);
    expect([...(await ask(accountId, uploadId, blocks)).states]).toEqual([1, 1]);
    await store.services.images.purge(accountId, imageId);
    store.now++;
    expect((await store.services.sweep.sweep({ isThorough: true })).collectedBlocks).toBe(0);
    expect((await store.commit({ accountId, uploadId }, commitOf(randomId<ImageId>(), blocks))).status).toBe('stored');
  });
});

describe('claims under existence = shared', () => {
  async function claimable(): Promise<{ readonly block: RawBlock; readonly upload: { readonly accountId: AccountId; readonly uploadId: UploadId }; readonly nonce: Uint8Array }> {
    const [ada, eve] = [await store.register(), await store.register()];
    const block = blockOf();
    await store.store(ada.accountId, [block]);
    const { uploadId } = await store.services.uploads.begin(eve.accountId);
    const { states, nonce } = await ask(eve.accountId, uploadId, [blockOf(), block]);
    expect([...states]).toEqual([0, 2]);
    if (nonce === undefined) throw new Error('no nonce was given');
    return { block, upload: { accountId: eve.accountId, uploadId }, nonce };
  }

  it('pin a block whose whole cipher was proved, and the image can be committed without sending it', async () => {
    store = await CoreStore.open({ existence: 'shared' });
    const { block, upload, nonce } = await claimable();
    const states = await store.services.uploads.claim(upload, { nonce, tags: block.rehash, proofs: prove(upload, nonce, block) });
    expect([...states]).toEqual([1]);
    expect((await store.commit(upload, commitOf(randomId<ImageId>(), [block]))).status).toBe('stored');
    expect((await store.parts.stores.tags.figures()).pendingCopies).toBe(0);
  });

  it('answer a wrong proof with "send it", and a replayed nonce, another list or a late one with a refusal', async () => {
    store = await CoreStore.open({ existence: 'shared' });
    const { block, upload, nonce } = await claimable();
    const claim = (tags: Uint8Array, proofs: Uint8Array) => store.services.uploads.claim(upload, { nonce, tags, proofs });
    const proof = prove(upload, nonce, block);
    expect(await refusalCode(() => claim(blockOf().rehash, proof))).toBe('proof-invalid');
    expect([...(await claim(block.rehash, prove(upload, nonce, { ...block, cipher: block.cipher.subarray(1) })))]).toEqual([0]);
    expect(await refusalCode(() => claim(block.rehash, proof))).toBe('proof-invalid');
    const fresh = await ask(upload.accountId, upload.uploadId, [block]);
    store.now += 5 * 60_000;
    const late = { nonce: fresh.nonce ?? nonce, tags: block.rehash, proofs: prove(upload, fresh.nonce ?? nonce, block) };
    expect(await refusalCode(() => store.services.uploads.claim(upload, late))).toBe('proof-invalid');
    expect((await store.commit(upload, commitOf(randomId<ImageId>(), [block]))).status).toBe('blocks-missing');
  });

  it('do not serve another session or account with the same nonce', async () => {
    store = await CoreStore.open({ existence: 'shared' });
    const { block, upload, nonce } = await claimable();
    const { accountId } = await store.register();
    const other = { accountId, uploadId: (await store.services.uploads.begin(accountId)).uploadId };
    expect(await refusalCode(() => store.services.uploads.claim(other, { nonce, tags: block.rehash, proofs: prove(other, nonce, block) }))).toBe('proof-invalid');
    const stolen = { ...upload, accountId };
    expect(await refusalCode(() => store.services.uploads.claim(stolen, { nonce, tags: block.rehash, proofs: prove(stolen, nonce, block) }))).toBe('upload-unknown');
  });

  it('stop at the account’s budget of bytes read', async () => {
    store = await CoreStore.open({ existence: 'shared', maxProofBytes: 299 });
    const { block, upload, nonce } = await claimable();
    expect(await refusalCode(() => store.services.uploads.claim(upload, { nonce, tags: block.rehash, proofs: prove(upload, nonce, block) }))).toBe('rate-limited');
  });

  it('quarantine a stored copy that fails its hash; an upload heals it for its owner', async () => {
    store = await CoreStore.open({ existence: 'shared' });
    const { block, upload, nonce } = await claimable();
    store.run('UPDATE tag SET offset = offset + 1');
    const states = await store.services.uploads.claim(upload, { nonce, tags: block.rehash, proofs: prove(upload, nonce, block) });
    expect([...states]).toEqual([0]);
    expect(await store.parts.stores.tags.find(block.rehash)).toMatchObject({ state: 'quarantined' });
    await store.services.blocks.receive(upload, framesOf([block]));
    const healed = await store.parts.stores.tags.find(block.rehash);
    expect(healed?.state).toBe('live');
    const cipher = healed === undefined ? undefined : await store.parts.stores.blocks.read(healed.place, 'block');
    expect(cipher !== undefined && isEqual(cipher, block.cipher)).toBe(true);
  });
});
