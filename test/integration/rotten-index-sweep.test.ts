/**
 * Sweeps over an index that rotted and that no scrub has met yet: whatever the rows, spans and sums say, no record goes that an image needs, the operator is told, and
 * after a scrub everything can be swept again.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import type { Stores } from '../../server/core/contract.js';
import { scrubStore, type ScrubAnswer } from '../../server/core/scrub.js';
import type { Place } from '../../server/ports/block-store.js';
import { blocksOf, commitOf, CoreStore, inFrontOf, randomId } from '../support/core-store.js';
import type { RawBlock } from '../support/raw-account.js';

let store: CoreStore;
let accountId: AccountId;
let kept: { readonly imageId: ImageId; readonly blocks: readonly RawBlock[]; readonly manifest: Uint8Array; readonly preview: Uint8Array | undefined };

afterEach(async () => {
  await store.close();
});

/** One pack, of which nine tenths are dead once an image is purged; and the image in it that stays. */
async function mostlyDead(wrap?: (stores: Stores) => Stores): Promise<void> {
  store = await CoreStore.open({}, wrap);
  ({ accountId } = await store.register());
  const blocks = blocksOf(20);
  const uploadId = await store.send(accountId, blocks);
  const commit = commitOf(randomId<ImageId>(), blocks);
  expect((await store.commit({ accountId, uploadId }, commit)).status).toBe('stored');
  await store.services.uploads.end({ accountId, uploadId });
  kept = { imageId: commit.imageId, blocks, manifest: commit.manifest, preview: commit.preview };
  const dead = await store.store(accountId, blocksOf(20, 5_000));
  await store.services.images.trash(accountId, dead);
  await store.services.images.purge(accountId, dead);
  store.now++;
}

const sweep = () => store.services.sweep.sweep({ isThorough: true });
const scrub = (): Promise<ScrubAnswer> => scrubStore(store.parts, { onLost: () => undefined });
const isPackThere = async (): Promise<boolean> => (await store.parts.stores.blocks.packs()).some(({ pack }) => pack === 1);

async function expectWhole(): Promise<void> {
  const { imageId, blocks, manifest, preview } = kept;
  expect((await store.services.images.read(accountId, imageId)).manifest).toEqual(manifest);
  expect(await store.services.images.preview(accountId, imageId)).toEqual(preview);
  const frames = await store.fetch(accountId, imageId, blocks);
  expect(frames.map((frame) => (frame.kind === 'block' ? hexOf(frame.cipher) : 'absent'))).toEqual(blocks.map(({ cipher }) => hexOf(cipher)));
  const findings: Finding[] = [];
  await checkStore(store.parts, { onFinding: (finding) => findings.push(finding) });
  expect(findings).toEqual([]);
}

/** The pack stays, the sweep says why and what to do, and did all else. */
async function expectKept(wayOut = 'scrub'): Promise<void> {
  await expect(sweep()).rejects.toThrow(new RegExp(`left 1 pack.*pack 1: .*dice-admin ${wayOut}`));
  expect(await isPackThere()).toBe(true);
  expect((await store.parts.stores.tags.figures()).unreferencedBlocks).toBe(0);
}

/** A sweep that nothing holds up: the pack goes, and nothing that was in it. */
async function expectSwept(): Promise<void> {
  expect((await sweep()).compactedPacks).toBe(1);
  expect(await isPackThere()).toBe(false);
  await expectWhole();
}

/** Flips a bit inside the record at `place`. */
function rot(place: Place | undefined): void {
  if (place === undefined) throw new Error('there is no record to damage');
  store.flipRecord(place, 5);
}

const oneTag = 'id = (SELECT MIN(id) FROM tag)';

describe('a sweep before any scrub', () => {
  it('finds the rows of a pack whose spans are gone', async () => {
    await mostlyDead();
    store.run('DELETE FROM tag_span');
    await expectSwept();
  });

  it('finds the rows of a pack whose spans name other rows', async () => {
    await mostlyDead();
    store.run('UPDATE tag_span SET span = span + 64');
    await expectSwept();
  });

  it('finds rows by what their records hold where spans and sums are gone together', async () => {
    await mostlyDead();
    store.run('DELETE FROM tag_span');
    store.run('DELETE FROM pack_use WHERE kind = 0');
    await expectSwept();
    await scrub();
    expect(await sweep()).toMatchObject({ compactedPacks: 0 });
  });

  it('leads a row whose record is damaged to an equal copy that no row knows of any more', async () => {
    await mostlyDead();
    const [block] = kept.blocks;
    if (block === undefined) throw new Error('there are blocks');
    await store.store((await store.register()).accountId, [block]);
    expect(await store.parts.stores.tags.listCopies(9)).toHaveLength(1);
    store.run('DELETE FROM copy');
    rot((await store.parts.stores.tags.find(block.rehash))?.place);
    await expectSwept();
  });

  it('keeps the pack of a row that says another pack; after a scrub the row is led to its record', async () => {
    await mostlyDead();
    store.rot('tag', `UPDATE tag SET pack = pack + 8 WHERE ${oneTag}`);
    await expectKept();
    await expectKept();
    expect(await scrub()).toMatchObject({ lost: 0, revived: 1 });
    await expectWhole();
    await expectSwept();
  });

  it('leads a row that says another offset to its record', async () => {
    await mostlyDead();
    store.rot('tag', `UPDATE tag SET offset = offset + 4 WHERE ${oneTag}`);
    await expectSwept();
  });

  it('keeps the pack of a row that says another length; after a scrub the row is led to its record', async () => {
    await mostlyDead();
    store.rot('tag', `UPDATE tag SET length = length + 1 WHERE ${oneTag}`);
    await expectKept();
    await scrub();
    await expectSwept();
  });

  it.each(['manifest', 'preview'])('keeps the pack of an image whose row says that its %s lies in another; after a scrub the row is led to it', async (type) => {
    await mostlyDead();
    store.rot('image', `UPDATE image SET ${type}_pack = ${type}_pack + 8`);
    await expectKept();
    expect(await scrub()).toMatchObject({ lostRecords: 0, repairedImages: 1 });
    await expectWhole();
    await expectSwept();
  });

  it.each(['manifest', 'preview'])('leads the row of an image that says another offset of its %s to the record', async (type) => {
    await mostlyDead();
    store.rot('image', `UPDATE image SET ${type}_offset = ${type}_offset + 4`);
    await expectSwept();
  });

  it('keeps the pack of an image whose row says another length of its manifest, for ever', async () => {
    await mostlyDead();
    store.rot('image', 'UPDATE image SET manifest_length = manifest_length + 1');
    await expectKept();
    expect(await scrub()).toMatchObject({ lostRecords: 1, repairedImages: 0 });
    await expectKept('rebuild-index');
  });

  it.each([0, 1, 2])('keeps a pack whose sum of kind %i says another number, and takes it after a scrub', async (kind) => {
    await mostlyDead();
    store.run('UPDATE pack_use SET records = records + 1 WHERE kind = ?', kind);
    await expectKept();
    await expectWhole();
    expect(await scrub()).toMatchObject({ mendedKeys: 1 });
    await expectSwept();
  });

  it.each([0, 1, 2])('copies nothing of a pack whose sum of kind %i says too few bytes, and takes it after a scrub', async (kind) => {
    await mostlyDead();
    const { packFileBytes } = await store.parts.stores.blocks.usage();
    store.run('UPDATE pack_use SET payload_bytes = payload_bytes - 100 WHERE kind = ?', kind);
    await expectKept();
    expect((await store.parts.stores.blocks.usage()).packFileBytes).toBeLessThan(packFileBytes + 1_000);
    await scrub();
    await expectSwept();
  });
});

describe('listings of any engine that leave everything out', () => {
  it('cost no record', async () => {
    const none = { listPack: () => Promise.resolve([]) };
    await mostlyDead((stores) => ({ ...stores, tags: inFrontOf(stores.tags, none), images: inFrontOf(stores.images, none), accounts: inFrontOf(stores.accounts, none) }));
    await expectSwept();
  });
});
