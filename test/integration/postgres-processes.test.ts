/**
 * Several processes on one PostgreSQL: what one decides holds for all of them. Two open databases are two processes; where the order of
 * two transactions matters, one is held open in the middle.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionId, UploadId } from '../../client-sdk/protocol/ids.js';
import type { AccountRow } from '../../server/ports/account-store.js';
import type { FiledBlock } from '../../server/ports/tag-store.js';
import { collect } from '../../server/storage/postgres/collection.js';
import { commit, purge } from '../../server/storage/postgres/commit.js';
import { file } from '../../server/storage/postgres/filing.js';
import { pinClaimed, pinOwned } from '../../server/storage/postgres/upload-rows.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, placeFrom, rehashes } from '../contract/store-fixture.js';
import { holdOpen, openProcess, waitsFor, type StoreProcess } from '../support/postgres-process.js';
import { postgresServer } from '../support/postgres-server.js';

const server = postgresServer();

interface Current {
  one: StoreProcess;
  two: StoreProcess;
}

// Given before each test; nothing reads it earlier.
const current = {} as Current;
beforeEach(async () => {
  const url = await server.freshDatabase();
  current.one = await openProcess(url);
  current.two = await openProcess(url);
});
afterEach(async () => {
  await current.one.close();
  await current.two.close();
});

const a = blockFrom(1);
const b = blockFrom(2);

/** Files blocks in a session that then ends: nothing holds them, and they may be collected. */
async function abandon(process: StoreProcess, blocks: readonly FiledBlock[]): Promise<void> {
  const scope = await begin(process, bob, 900);
  await process.tags.file(scope, blocks);
  await process.tags.endUpload(scope.uploadId, bob);
}

async function storeAs(process: StoreProcess, account: typeof alice, { number, blocks }: { readonly number: number; readonly blocks: readonly FiledBlock[] }): Promise<void> {
  const scope = await begin(process, account, 500 + number);
  await process.tags.file(scope, blocks);
  expect(await process.images.commit(scope, imageFrom(number, blocks), undefined)).toEqual({ kind: 'stored' });
  await process.tags.endUpload(scope.uploadId, account);
}

describe('rows that two processes write at once', () => {
  it('keep one row for each T1 that 64 sessions file in other orders', async () => {
    const { one, two } = current;
    const blocks = Array.from({ length: 20 }, (_, number) => blockFrom(number));
    const filings = Array.from({ length: 64 }, async (_, index) => {
      const process = index % 2 === 0 ? one : two;
      const scope = await begin(process, idFrom(100 + index), 200 + index);
      const turned = [...blocks.slice(index % 20), ...blocks.slice(0, index % 20)].map((block) => ({ ...block, place: { ...block.place, pack: 10 + index } }));
      return process.tags.file(scope, turned);
    });
    expect((await Promise.all(filings)).every(Boolean)).toBe(true);
    expect(await one.tags.figures()).toMatchObject({ blocks: 20, unreferencedBlocks: 20, pendingCopies: 63 * 20 });
    expect(rehashes(await two.tags.list(undefined, 100))).toEqual(rehashes(blocks));
  });

  it('lets whoever files a T1 that another is filing wait, and note a copy', async () => {
    const { one, two } = current;
    const first = await begin(one, alice, 1);
    const held = await holdOpen(one.db, (session) => file(session, first, [a, b]));
    const second = await begin(two, bob, 2);
    const filing = two.tags.file(second, [b, { ...a, place: placeFrom(50, 3) }]);
    expect(await waitsFor(filing, () => two.tags.figures())).toBe(true);
    expect([await held.finish(), await filing]).toEqual([true, true]);
    expect(await one.tags.figures()).toMatchObject({ blocks: 2, pendingCopies: 1 });
  });

  it('ends no session in which another process is pinning, so that no pin outlives its session', async () => {
    const { one, two } = current;
    await abandon(one, [a]);
    const scope = await begin(one, alice, 1);
    const held = await holdOpen(one.db, (session) => pinClaimed(session, scope, [a.rehash]));
    const ending = two.tags.endUpload(scope.uploadId, alice);
    expect(await waitsFor(ending, () => two.tags.figures())).toBe(true);
    expect(await held.finish()).toEqual([true]);
    await ending;
    expect(rehashes(await two.tags.collect(5_000, 10))).toEqual([a.rehash]);
  });
});

describe('a collector in another process', () => {
  it('passes over a block that is being pinned, and does not wait', async () => {
    const { one, two } = current;
    await abandon(one, [a, b]);
    const scope = await begin(one, alice, 1);
    const held = await holdOpen(one.db, (session) => pinClaimed(session, scope, [a.rehash]));
    expect(rehashes(await two.tags.collect(5_000, 10))).toEqual([b.rehash]);
    expect(await held.finish()).toEqual([true]);
    expect(await two.tags.collect(5_000, 10)).toEqual([]);
    expect(await one.images.commit(scope, imageFrom(1, [a]), undefined)).toEqual({ kind: 'stored' });
  });

  it('makes whoever pins a block that it takes wait, and answer that it is gone', async () => {
    const { one, two } = current;
    await abandon(one, [a, b]);
    const scope = await begin(one, alice, 1);
    const held = await holdOpen(two.db, (session) => collect(session, 5_000, 10));
    const pinning = one.tags.pinClaimed(scope, [a.rehash, b.rehash]);
    expect(await waitsFor(pinning, () => one.tags.figures())).toBe(true);
    expect(rehashes((await held.finish()).removed)).toEqual(rehashes([a, b]));
    expect(await pinning).toEqual([false, false]);
  });

  it('lets a block be filed anew that it is taking', async () => {
    const { one, two } = current;
    await abandon(one, [a]);
    const scope = await begin(one, alice, 1);
    const held = await holdOpen(two.db, (session) => collect(session, 5_000, 10));
    const filing = one.tags.file(scope, [{ ...a, place: placeFrom(60, 4) }]);
    expect(await waitsFor(filing, () => two.tags.figures())).toBe(true);
    await held.finish();
    expect(await filing).toBe(true);
    expect(await two.tags.find(a.rehash)).toMatchObject({ place: { pack: 4 } });
    expect(await two.tags.collect(5_000, 10)).toEqual([]);
  });

  describe('that drops the row too many of a block', () => {
    beforeEach(async () => {
      await storeAs(current.one, alice, { number: 1, blocks: [a] });
      await abandon(current.one, [{ ...a, place: placeFrom(70, 5) }]);
      await current.one.images.trash(alice, idFrom(1), 2_000);
    });

    it('does not forget the block where its last reference goes meanwhile', async () => {
      const { one, two } = current;
      const held = await holdOpen(two.db, (session) => collect(session, 5_000, 10));
      const purging = one.images.purge(alice, idFrom(1), 3_000);
      expect(await waitsFor(purging, () => two.tags.figures())).toBe(true);
      expect([(await held.finish()).removed, await purging]).toEqual([[], true]);
      expect(await one.tags.figures()).toMatchObject({ unreferencedBlocks: 1 });
      expect(rehashes(await two.tags.collect(5_000, 10))).toEqual([a.rehash]);
    });

    it('passes over it where its last reference is going', async () => {
      const { one, two } = current;
      const held = await holdOpen(one.db, (session) => purge(session, { accountId: alice, imageId: idFrom(1) }, 3_000));
      expect(await two.tags.collect(5_000, 10)).toEqual([]);
      expect(await held.finish()).toBe(true);
      expect(rehashes(await two.tags.collect(5_000, 10))).toEqual([a.rehash]);
    });
  });

  it('leaves a block to an image that is being committed, also where the pin goes with the commit', async () => {
    const { one, two } = current;
    const scope = await begin(one, alice, 1);
    await one.tags.file(scope, [a, b]);
    const held = await holdOpen(one.db, (session) => commit(session, scope, { image: imageFrom(1, [a]), quotaBytes: undefined }));
    expect(await two.tags.collect(5_000, 10)).toEqual([]);
    expect(await held.finish()).toEqual({ kind: 'stored' });
    expect(await two.tags.collect(5_000, 10)).toEqual([]);
    expect(await two.tags.findOwned(alice, a.rehash)).toBeDefined();
  });

  it('never takes what a session was told is present, over many rounds of filing, asking, ending and collecting', async () => {
    const { one, two } = current;
    const blocks = Array.from({ length: 12 }, (_, number) => blockFrom(number));
    const rounds = { areOver: false };
    const collecting = (async () => {
      let taken = 0;
      while (!rounds.areOver) taken += (await two.tags.collect(50_000, 4)).length;
      return taken;
    })();
    const client = async (number: number): Promise<number> => {
      let lost = 0;
      for (let round = 0; round < 12; round++) {
        const first = await begin(one, idFrom(number), 1_000 * number + 2 * round);
        const second = await begin(one, idFrom(number), 1_000 * number + 2 * round + 1);
        await one.tags.file(first, blocks.slice(round, round + 3));
        const asked = rehashes(blocks.slice(round, round + 3));
        const [told] = await Promise.all([one.tags.pinOwned(second, asked), one.tags.endUpload(first.uploadId, first.accountId)]);
        const held = asked.filter((_, index) => told[index] === true);
        if (held.length > 0 && (await one.tags.findLive(held)).length < held.length) lost++;
        await one.tags.endUpload(second.uploadId, second.accountId);
      }
      return lost;
    };
    const lost = await Promise.all([1, 2, 3, 4].map(client));
    rounds.areOver = true;
    expect(await collecting).toBeGreaterThan(0);
    expect(lost).toEqual([0, 0, 0, 0]);
  });
});

describe('references that two processes change at once', () => {
  it('leave a block to the collector when the last two go together', async () => {
    const { one, two } = current;
    await storeAs(one, alice, { number: 1, blocks: [a] });
    await storeAs(two, bob, { number: 2, blocks: [a] });
    await one.images.trash(alice, idFrom(1), 2_000);
    await one.images.trash(bob, idFrom(2), 2_000);
    const held = await holdOpen(one.db, (session) => purge(session, { accountId: alice, imageId: idFrom(1) }, 3_000));
    const purging = two.images.purge(bob, idFrom(2), 3_000);
    expect(await waitsFor(purging, () => two.tags.figures())).toBe(true);
    expect([await held.finish(), await purging]).toEqual([true, true]);
    expect(await one.tags.figures()).toMatchObject({ blocks: 1, unreferencedBlocks: 1 });
    expect(rehashes(await one.tags.collect(3_001, 10))).toEqual([a.rehash]);
  });

  it('do not call a block unreferenced to which an image is being committed', async () => {
    const { one, two } = current;
    await storeAs(one, alice, { number: 1, blocks: [a] });
    await one.images.trash(alice, idFrom(1), 2_000);
    const scope = await begin(two, bob, 7);
    await two.tags.file(scope, [a]);
    const held = await holdOpen(two.db, (session) => commit(session, scope, { image: imageFrom(2, [a]), quotaBytes: undefined }));
    const purging = one.images.purge(alice, idFrom(1), 3_000);
    expect(await waitsFor(purging, () => one.tags.figures())).toBe(true);
    await held.finish();
    expect(await purging).toBe(true);
    expect(await one.tags.figures()).toMatchObject({ blocks: 1, unreferencedBlocks: 0 });
  });

  it('keep the sums of an account right while it commits and purges on both', async () => {
    const { one, two } = current;
    const blocks = Array.from({ length: 6 }, (_, number) => blockFrom(number));
    const scopes = await Promise.all([begin(one, alice, 1), begin(two, alice, 2)]);
    await Promise.all([one, two].map((process, index) => process.tags.file(scopes[index] ?? scopes[0], blocks)));
    const work = Array.from({ length: 16 }, async (_, number) => {
      const process = number % 2 === 0 ? one : two;
      const scope = scopes[number % 2] ?? scopes[0];
      await process.tags.file(scope, blocks);
      const outcome = await process.images.commit(scope, imageFrom(number, blocks.slice(number % 4)), undefined);
      if (outcome.kind !== 'stored') return outcome.kind;
      await process.images.trash(alice, idFrom(number), 2_000);
      return (number % 3 === 0 || (await (process === one ? two : one).images.purge(alice, idFrom(number), 2_000))) ? 'done' : 'lost';
    });
    const outcomes = await Promise.all(work);
    expect(outcomes.filter((outcome) => outcome === 'lost' || outcome === 'conflict')).toEqual([]);
    const listed = await Promise.all((await one.images.list(alice, { isTrash: true, after: undefined, limit: 100 })).map(({ imageId }) => one.images.referencesOf(alice, imageId)));
    const distinct = new Set(listed.flat().map((rehash) => Buffer.from(rehash).toString('hex')));
    const usage = await two.images.usage(alice);
    expect(usage).toMatchObject({ images: listed.length, blocks: distinct.size });
    expect((await one.tags.figures()).unreferencedBlocks).toBe(6 - distinct.size);
  });
});

describe('limits', () => {
  it('let a nonce be spent once of 20 tries', async () => {
    const { one, two } = current;
    const scope = await begin(one, alice, 1);
    const nonce = { nonce: new Uint8Array(32).fill(1), uploadId: scope.uploadId, tagsHash: new Uint8Array(32).fill(2), expiresAt: 2_000 };
    await one.tags.keepNonce(nonce);
    const spent = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? one : two).tags.spendNonce(nonce, 1_000)));
    expect(spent.filter(Boolean)).toHaveLength(1);
  });

  it('hold a quota against 8 commits at once', async () => {
    const { one, two } = current;
    const sizes = (number: number): number => 1_000 + number + 260;
    const scope = await begin(one, alice, 1);
    const quota = sizes(1) + sizes(2) + sizes(3) + 50;
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) => (index % 2 === 0 ? one : two).images.commit(scope, imageFrom(index + 1, []), quota)));
    expect(outcomes.filter(({ kind }) => kind === 'stored')).toHaveLength(3);
    expect(outcomes.filter(({ kind }) => kind === 'quota-exceeded')).toHaveLength(5);
    const { manifestBytes, entryBytes } = await two.images.usage(alice);
    expect(manifestBytes + entryBytes).toBeLessThanOrEqual(quota);
  });

  it('hold for upload sessions, sessions, proofs and the first account, whoever asks first', async () => {
    const { one, two } = current;
    const each = <T>(count: number, work: (process: StoreProcess, index: number) => Promise<T>): Promise<readonly T[]> =>
      Promise.all(Array.from({ length: count }, (_, index) => work(index % 2 === 0 ? one : two, index)));
    const uploads = await each(12, (process, index) => process.tags.beginUpload({ uploadId: idFrom<UploadId>(index), accountId: alice, expiresAt: 5_000, receivedBytes: 0 }, 1_000, 3));
    expect(uploads.filter((outcome) => outcome === 'begun')).toHaveLength(3);
    const proofs = await each(12, (process) => process.tags.spendProofBytes(alice, { bytes: 30, limit: 100, since: 0, now: 1_000 }));
    expect(proofs.filter(Boolean)).toHaveLength(3);
    const created = await each(12, (process, index) => process.accounts.create(accountFrom(index + 1), { mustBeFirst: true, invitation: undefined, now: 1_000 }));
    expect(created.filter((outcome) => outcome === 'created')).toHaveLength(1);
    const [account] = await one.accounts.list(undefined, 2);
    const sessions = await each(12, (process, index) => process.accounts.beginSession(sessionFrom(index, account?.accountId ?? alice), 3));
    expect(sessions.filter((outcome) => outcome === 'begun')).toHaveLength(3);
  });

  it('let one of two changes of an account come first', async () => {
    const { one, two } = current;
    await one.accounts.create(accountFrom(1), { mustBeFirst: true, invitation: undefined, now: 1_000 });
    const change = (process: StoreProcess): Promise<boolean> => process.accounts.replace(accountFrom(1, 2), { revision: 1, keyringRevision: 1 }, true);
    const outcomes = await Promise.all([change(one), change(two), change(one), change(two)]);
    expect(outcomes.filter(Boolean)).toHaveLength(1);
  });

  it('pin for both of two sessions that ask at once', async () => {
    const { one, two } = current;
    const first = await begin(one, alice, 1);
    await one.tags.file(first, [a]);
    const second = await begin(two, alice, 2);
    const held = await holdOpen(one.db, (session) => pinOwned(session, first, [a.rehash]));
    expect(await two.tags.pinOwned(second, [a.rehash])).toEqual([true]);
    expect(await held.finish()).toEqual([true]);
  });
});

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(7);

function accountFrom(number: number, revision = 1): AccountRow {
  return {
    accountId: idFrom(number), username: `user-${number}`, email: undefined, isOperator: false, kdf: { log2N: 17, r: 8, p: 1, salt: bytes(16) },
    authHash: bytes(32), recoveryHash: bytes(32), wrappedAccountKey: bytes(120), recoveryWrappedAccountKey: bytes(120),
    identity: { x25519: bytes(32), ed25519: bytes(32), epoch: 1, signature: bytes(64), wrapped: bytes(100) },
    keyring: bytes(200), keyringRevision: 1, revision, factor: undefined, quotaBytes: undefined, createdAt: 1_000, place: placeFrom(number, 3),
  };
}

function sessionFrom(number: number, accountId: AccountRow['accountId']): Parameters<StoreProcess['accounts']['beginSession']>[0] {
  return {
    sessionId: idFrom<SessionId>(number), hash: new Uint8Array(32).fill(number), accountId, kind: 'bearer', device: undefined,
    createdAt: 1_000, lastUsedAt: 1_000, expiresAt: 5_000, pageKey: undefined, csrfHash: undefined, isKept: false,
  };
}
