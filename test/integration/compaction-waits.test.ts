/**
 * An account's row that is put right while its record moves to another pack: whoever read it before may write it back with the old place, so the old pack stays until that is done.
 */
import { afterEach, expect, it } from '@jest/globals';
import { checkStore, type Finding } from '../../server/core/check.js';
import { scrubStore } from '../../server/core/scrub.js';
import { blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

interface Signal {
  readonly given: Promise<void>;
  readonly give: () => void;
}

function signal(): Signal {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => { give = resolve; });
  return { given, give: () => { give(); } };
}

it('keeps the old pack for a row that was read before its record moved', async () => {
  const [repairing, released] = [signal(), signal()];
  let scrubbing: Promise<unknown> | undefined;
  store = await CoreStore.open({}, (stores) => ({
    ...stores,
    accounts: inFrontOf(stores.accounts, {
      async replace(...given: Parameters<typeof stores.accounts.replace>) {
        // The row is as it was read: with the place of before.
        repairing.give();
        await released.given;
        return stores.accounts.replace(...given);
      },
      async move(...given: Parameters<typeof stores.accounts.move>) {
        scrubbing ??= scrubStore(store.parts, { onLost: () => undefined });
        await repairing.given;
        return stores.accounts.move(...given);
      },
    }),
    blocks: inFrontOf(stores.blocks, {
      // A compaction that drops without waiting lets the row come too late.
      async drop(pack: number) {
        await stores.blocks.drop(pack);
        released.give();
      },
    }),
  }));
  const { accountId } = await store.register();
  const dead = await store.store(accountId, blocksOf(10, 5_000));
  await store.services.images.trash(accountId, dead);
  store.now++;
  await store.services.images.purge(accountId, dead);
  store.now++;
  store.run('UPDATE account SET auth_hash = zeroblob(32)');
  const settle = store.gate.settle.bind(store.gate);
  Object.assign(store.gate, {
    settle: () => {
      const settled = settle();
      if (scrubbing !== undefined) released.give();
      return settled;
    },
  });
  await store.services.sweep.sweep({ isThorough: true });
  expect(await scrubbing).toMatchObject({ repairedAccounts: 1 });
  const findings: Finding[] = [];
  await checkStore(store.parts, { onFinding: (finding) => findings.push(finding) });
  expect(findings).toEqual([]);
});
