/**
 * Every call that a sweep, an upload or a commit makes to the stores fails in turn, before or after it took effect. Whatever
 * was acknowledged is there afterwards, a check finds nothing, and the same step succeeds when it is repeated.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { StorageError } from '../../server/ports/errors.js';
import { blocksOf, commitOf, CoreStore, framesOf, randomId } from '../support/core-store.js';
import { Fault } from '../support/port-fault.js';
import type { RawBlock } from '../support/raw-account.js';

let store: CoreStore;
let fault: Fault;

afterEach(async () => {
  await store.close();
});

async function open(): Promise<AccountId> {
  fault = new Fault();
  store = await CoreStore.open({}, (stores) => fault.inFrontOf(stores));
  return (await store.register()).accountId;
}

async function expectNothingWrong(): Promise<void> {
  const findings: Finding[] = [];
  await checkStore(store.parts, { onFinding: (finding) => findings.push(finding) });
  expect(findings).toEqual([]);
}

async function expectThere(accountId: AccountId, imageId: ImageId, blocks: readonly RawBlock[]): Promise<void> {
  const frames = await store.fetch(accountId, imageId, blocks);
  expect(frames.map((frame) => (frame.kind === 'block' ? frame.cipher : undefined))).toEqual(blocks.map(({ cipher }) => cipher));
}

/** Does `act` with each of its calls failing in turn, until it runs through: a call before its effect, the next one after it. Answers how many calls that were, and prints it. */
async function failEach(act: () => Promise<unknown>, after: () => Promise<void>): Promise<number> {
  for (let at = 1; ; at++) {
    fault.arm(at, at % 2 === 0);
    const outcome = await act().then(() => 'done', (error: unknown) => error);
    const hasFailed = fault.disarm();
    await after();
    if (hasFailed) expect(outcome).toBeInstanceOf(StorageError);
    if (hasFailed) continue;
    process.stdout.write(`${expect.getState().currentTestName ?? ''}: ${String(at - 1)} calls failed\n`);
    return at;
  }
}

describe('a store whose calls fail in turn', () => {
  it('keeps every image through sweeps that break off anywhere', async () => {
    const accountId = await open();
    const other = (await store.register()).accountId;
    const kept = blocksOf(6);
    const image = await store.store(accountId, kept);
    const calls = await failEach(
      async () => {
        await store.services.sweep.sweep({ isThorough: true });
      },
      async () => {
        await expectThere(accountId, image, kept);
        await expectNothingWrong();
        store.now++;
        await store.services.sweep.sweep({ isThorough: true });
        // Work for the next one: a copy to merge, blocks to collect, packs to compact.
        const theirs = await store.store(other, [...kept, ...blocksOf(3, 2_000)]);
        await store.services.images.trash(other, theirs);
        store.now++;
      },
    );
    expect(calls).toBeGreaterThan(30);
    // The first purges at this very moment, the second collects what is older.
    for (let i = 0; i < 2; i++, store.now++) await store.services.sweep.sweep({ isThorough: true });
    expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: 6, pendingCopies: 0, unreferencedBlocks: 0 });
    expect(await rebuildStore(store.beside())).toMatchObject({ images: 1, incomplete: [] });
  });

  it('acknowledges no upload that is not there, and a repeated one succeeds', async () => {
    const accountId = await open();
    let blocks = blocksOf(2);
    let imageId = randomId<ImageId>();
    let isAcknowledged = false;
    const upload = async () => {
      const { uploadId } = await store.services.uploads.begin(accountId);
      await store.services.blocks.receive({ accountId, uploadId }, framesOf(blocks));
      const result = await store.commit({ accountId, uploadId }, commit);
      expect(result.status).toBe('stored');
      isAcknowledged = true;
      await store.services.uploads.end({ accountId, uploadId });
    };
    let commit = commitOf(imageId, blocks);
    const calls = await failEach(upload, async () => {
      if (isAcknowledged) await expectThere(accountId, imageId, blocks);
      await upload();
      await expectThere(accountId, imageId, blocks);
      await expectNothingWrong();
      store.now += 25 * 3_600_000;
      await store.parts.stores.tags.expireUploads(store.now);
      [blocks, imageId, isAcknowledged] = [blocksOf(2), randomId<ImageId>(), false];
      commit = commitOf(imageId, blocks);
    });
    expect(calls).toBeGreaterThan(10);
  });
});
