/**
 * The rules of the server over a bucket: what is stored comes back, what is dead leaves the bucket, and an empty database is rebuilt from
 * it. On s3rver; the adapter itself is held to its promises in test/contract.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { checkStore, type Finding } from '../../server/core/check.js';
import type { BlockStore } from '../../server/ports/block-store.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices } from '../../server/core/services.js';
import { blocksOf, CoreStore } from '../support/core-store.js';
import { freshPrefix, openStore, startS3rver, type S3Server } from '../support/s3-server.js';

const running: { server: S3Server | undefined } = { server: undefined };
beforeAll(async () => { running.server = await startS3rver(); });
afterAll(async () => { await running.server?.close(); });

/** The services with their blocks in a bucket. The pack files that they begin with stay empty and are closed. */
async function openOverBucket(): Promise<CoreStore> {
  if (running.server === undefined) throw new Error('s3rver does not run yet');
  const blocks = await openStore(running.server.place, freshPrefix());
  const unused: BlockStore[] = [];
  const store = await CoreStore.open({}, (stores) => {
    unused.push(stores.blocks);
    return { ...stores, blocks };
  });
  for (const files of unused) await files.close();
  return store;
}

async function findingsOf(parts: CoreStore['parts']): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  await checkStore(parts, { onFinding: (finding) => findings.push(finding) });
  return findings;
}

it('a server keeps images in a bucket, collects what is dead there, and finds everything again without its database', async () => {
  const store = await openOverBucket();
  const { accountId } = await store.register();
  const [kept, gone] = [blocksOf(40), blocksOf(40, 5_000)];
  const images = await Promise.all([store.store(accountId, kept), store.store(accountId, gone)]);
  const [keptImage, goneImage] = images;
  expect(await store.fetch(accountId, keptImage, kept)).toMatchObject(kept.map(({ cipher }) => ({ kind: 'block', cipher })));
  const before = (await store.parts.stores.blocks.usage()).packFileBytes;
  await store.services.images.trash(accountId, goneImage);
  store.now++;
  expect(await store.services.sweep.sweep({ isThorough: true })).toMatchObject({ purgedImages: 1 });
  store.now++;
  const swept = await store.services.sweep.sweep({ isThorough: true });
  expect(swept).toMatchObject({ collectedBlocks: 40, pendingBlocks: 0 });
  expect(swept.compactedPacks).toBeGreaterThan(0);
  expect((await store.parts.stores.blocks.usage()).packFileBytes).toBeLessThan(before - 190_000);
  expect(await findingsOf(store.parts)).toEqual([]);
  expect(await scrubStore(store.parts, { onLost: () => undefined })).toMatchObject({ blocks: 40, lost: 0 });
  const found = store.beside();
  expect(await rebuildStore(found)).toMatchObject({ accounts: 1, images: 1, removals: 1 });
  expect(await findingsOf(found)).toEqual([]);
  expect(await createServices(found).images.read(accountId, keptImage)).toEqual(await store.services.images.read(accountId, keptImage));
  await store.close();
});
