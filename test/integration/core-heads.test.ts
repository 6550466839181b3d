/**
 * The rules of account heads over the real stores: what is taken, what is refused, and that what is shown leads to the root that was signed.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compareBytes, concat } from '../../client-sdk/protocol/bytes.js';
import { hashOfLeaves, hashOfNode, idOfLeaf, leafAt, leafBytes, packLeaf, parseTree } from '../../client-sdk/protocol/head-tree.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { createServices } from '../../server/core/services.js';
import { commitOf, CoreStore, inFrontOf, randomId } from '../support/core-store.js';
import { sha256 } from '../support/head-operations.js';
import { refusalCode } from '../support/refusal.js';

let store: CoreStore;
let ada: AccountId;

beforeEach(async () => {
  store = await CoreStore.open();
  ada = (await store.register()).accountId;
});

afterEach(() => store.close());

/** Packed leaves of some images of the account. */
async function leavesOfImages(count: number): Promise<readonly Uint8Array[]> {
  const leaves: Uint8Array[] = [];
  for (let i = 0; i < count; i++) leaves.push(await leafOf(await store.store(ada, [])));
  return leaves.sort(compareBytes);
}

async function leafOf(imageId: ImageId): Promise<Uint8Array> {
  const row = await store.parts.stores.images.find(ada, imageId);
  return packLeaf({ imageId, state: 'live', at: 0, manifestHash: row?.manifestHash ?? new Uint8Array(16) });
}

function changeTo(counter: number, leaves: readonly Uint8Array[], all: readonly Uint8Array[] = leaves) {
  return { counter, head: new Uint8Array(100).fill(counter), leaves: concat(...leaves), root: hashOfLeaves(sha256, [...all].sort(compareBytes)) };
}

describe('an account head', () => {
  it('is taken with the leaves that lead to its root, and shows them again', async () => {
    const { heads } = store.services;
    const leaves = await leavesOfImages(12);
    await heads.replace(ada, changeTo(1, leaves.slice(0, 7)));
    await heads.replace(ada, changeTo(2, leaves.slice(7), leaves));
    expect(await heads.read(ada)).toEqual({ head: { counter: 2, head: new Uint8Array(100).fill(2) } });
    expect((await heads.list(ada, 0)).heads.map(({ counter }) => counter)).toEqual([1, 2]);
    expect(await heads.leaves(ada, undefined)).toEqual(concat(...leaves));
    const fifth = parseLeaf(leaves[4]);
    expect(await heads.leaves(ada, fifth)).toEqual(concat(...leaves.slice(5)));
    const stranger = randomId<ImageId>();
    const shown = parseTree(await heads.paths(ada, [fifth, stranger]));
    if (shown === undefined) throw new Error('the tree does not parse');
    expect(hashOfNode(sha256, shown)).toEqual(hashOfLeaves(sha256, leaves));
    expect(leafAt(shown, idOfLeaf(leaves[4] ?? new Uint8Array()))).toEqual(leaves[4]);
    expect(leafAt(shown, Buffer.from(stranger, 'hex'))).toBe('absent');
  });

  it('is refused with a counter that has passed, another root, leaves out of order, or twice', async () => {
    const { heads } = store.services;
    const leaves = await leavesOfImages(3);
    const codeOf = (change: ReturnType<typeof changeTo>): Promise<string | undefined> => refusalCode(() => heads.replace(ada, change));
    expect(await codeOf(changeTo(2, leaves))).toBe('revision-conflict');
    expect(await codeOf({ ...changeTo(1, leaves), root: new Uint8Array(32) })).toBe('request-invalid');
    expect(await codeOf(changeTo(1, [...leaves].reverse(), leaves))).toBe('request-invalid');
    expect(await codeOf(changeTo(1, [...leaves, ...leaves.slice(2)], leaves))).toBe('request-invalid');
    expect(await codeOf({ ...changeTo(1, leaves), leaves: concat(...leaves).subarray(1) })).toBe('request-invalid');
    await heads.replace(ada, changeTo(1, leaves));
    expect(await codeOf(changeTo(1, leaves))).toBe('revision-conflict');
    expect((await heads.leaves(ada, undefined)).length).toBe(3 * leafBytes);
  });

  it('is overtaken, not wrong, where another head comes while its leaves are read', async () => {
    // Both in one bucket: what the other head brings there changes the root.
    const ids = ['a', 'b'].map((digit) => `abc${digit.repeat(29)}` as ImageId); // of the form of an id
    const upload = { accountId: ada, uploadId: await store.send(ada, []) };
    for (const imageId of ids) await store.commit(upload, commitOf(imageId, []));
    const leaves = await Promise.all(ids.map(leafOf));
    const { heads } = store.parts.stores;
    let overtaking: Promise<void> | undefined;
    const services = createServices({
      ...store.parts,
      stores: {
        ...store.parts.stores,
        heads: inFrontOf(heads, {
          leaves: async (accountId, range) => {
            await (overtaking ??= store.services.heads.replace(ada, changeTo(1, leaves.slice(1))));
            return heads.leaves(accountId, range);
          },
        }),
      },
    });
    expect(await refusalCode(() => services.heads.replace(ada, changeTo(1, leaves.slice(0, 1))))).toBe('revision-conflict');
    expect((await store.services.heads.read(ada)).head?.counter).toBe(1);
  });

  it('takes no leaf of an id that was never an image of the account, and one of an image that was removed', async () => {
    const { heads, images } = store.services;
    const stranger = packLeaf({ imageId: randomId<ImageId>(), state: 'live', at: 0, manifestHash: new Uint8Array(16).fill(1) });
    expect(await refusalCode(() => heads.replace(ada, changeTo(1, [stranger])))).toBe('request-invalid');
    const bob = (await store.register()).accountId;
    const bobs = packLeaf({ imageId: await store.store(bob, []), state: 'live', at: 0, manifestHash: new Uint8Array(16).fill(1) });
    expect(await refusalCode(() => heads.replace(ada, changeTo(1, [bobs])))).toBe('request-invalid');
    const imageId = await store.store(ada, []);
    await images.trash(ada, imageId);
    await images.purge(ada, imageId);
    await heads.replace(ada, changeTo(1, [packLeaf({ imageId, state: 'removed', at: 0, manifestHash: new Uint8Array(16) })]));
    expect((await heads.read(ada)).head?.counter).toBe(1);
  });

  it('takes no more leaves than can be hashed while others wait, of ids that begin alike', async () => {
    const { heads } = store.parts.stores;
    const alike = (count: number) => Array.from({ length: count }, (_, i) => Buffer.from(`abc${String(i).padStart(29, '0')}${'0'.repeat(50)}`, 'hex'));
    const servicesWith = (count: number) => createServices({ ...store.parts, stores: { ...store.parts.stores, heads: inFrontOf(heads, { leaves: () => Promise.resolve(alike(count)) }) } });
    const upload = { accountId: ada, uploadId: await store.send(ada, []) };
    const imageId = `abc${'f'.repeat(29)}` as ImageId; // of the form of an id
    await store.commit(upload, commitOf(imageId, []));
    const leaf = await leafOf(imageId);
    const codeWith = (count: number) => refusalCode(() => servicesWith(count).heads.replace(ada, changeTo(1, [leaf], [...alike(count), leaf])));
    expect(await codeWith(16_384)).toBe('too-many');
    expect(await codeWith(16_383)).toBeUndefined();
  });

  it('is shown to its account alone', async () => {
    const bob = (await store.register()).accountId;
    const leaves = await leavesOfImages(2);
    await store.services.heads.replace(ada, changeTo(1, leaves));
    expect(await store.services.heads.read(bob)).toEqual({});
    expect((await store.services.heads.leaves(bob, undefined)).length).toBe(0);
    expect(await store.services.heads.paths(bob, [parseLeaf(leaves[0])])).toEqual(Uint8Array.of(0));
  });
});

function parseLeaf(leaf: Uint8Array | undefined): ImageId {
  return Buffer.from(leaf?.subarray(0, 16) ?? []).toString('hex') as ImageId; // a leaf begins with its image's id
}
