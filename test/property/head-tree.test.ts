/**
 * Trees under account heads: what a server shows of a tree leads to the same root as all of its leaves, before and after a change, whatever
 * the ids; and what it does not show cannot be changed.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareBytes, hexOf } from '../../client-sdk/protocol/bytes.js';
import { formatTree, hashOfLeaves, hashOfNode, type HeadLeaf, idOfLeaf, leafAt, packLeaf, parseTree, withLeaf } from '../../client-sdk/protocol/head-tree.js';
import { type ImageId, idOfBytes } from '../../client-sdk/protocol/ids.js';
import { bucketOf, HeadCrown } from '../../server/core/head-crown.js';
import { sha256 } from '../support/head-operations.js';

/** Few prefixes, so that ids share many bits and buckets have several leaves. */
const id = fc.oneof(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.tuple(fc.constantFrom(0, 1, 128, 255), fc.uint8Array({ minLength: 15, maxLength: 15 })).map(([first, rest]) => Uint8Array.of(first, 0, ...rest.slice(1))));
const leaf = fc.tuple(id, fc.uint8Array({ minLength: 16, maxLength: 16 }).filter((hash) => hash.some((byte) => byte !== 0)), fc.boolean()).map(([bytes, manifestHash, isRemoved]): Uint8Array => {
  const state: HeadLeaf['state'] = isRemoved ? 'removed' : 'live';
  return packLeaf({ imageId: idOfBytes<ImageId>(bytes), state, at: 0, manifestHash: isRemoved ? new Uint8Array(16) : manifestHash });
});
const leaves = fc.array(leaf, { maxLength: 60 });

function sorted(list: readonly Uint8Array[]): readonly Uint8Array[] {
  return [...new Map(list.map((one) => [hexOf(idOfLeaf(one)), one])).values()].sort(compareBytes);
}

function crownOf(list: readonly Uint8Array[]): HeadCrown {
  const buckets = new Map<number, Uint8Array[]>();
  for (const one of list) buckets.set(bucketOf(one), [...(buckets.get(bucketOf(one)) ?? []), one]);
  return HeadCrown.parse(sha256, new Uint8Array()).with(buckets);
}

const bucketsOf = (list: readonly Uint8Array[]) => (bucket: number): Promise<readonly Uint8Array[]> => Promise.resolve(list.filter((one) => bucketOf(one) === bucket));

describe('a tree of leaves', () => {
  it('is shown in parts that give its root, and takes the changes that its leaves take', async () => {
    await fc.assert(fc.asyncProperty(leaves, leaves, async (some, changed) => {
      const [before, changes] = [sorted(some), sorted(changed)];
      const crown = crownOf(before);
      expect(crown.root()).toEqual(hashOfLeaves(sha256, before));
      expect(HeadCrown.parse(sha256, crown.format()).root()).toEqual(crown.root());
      const bytes = formatTree(await crown.paths([...changes, ...before.slice(0, 3)].map(idOfLeaf), bucketsOf(before)));
      const shown = parseTree(bytes);
      if (shown === undefined) throw new Error('the tree does not parse');
      expect(hashOfNode(sha256, shown)).toEqual(crown.root());
      for (const one of before.slice(0, 3)) expect(leafAt(shown, idOfLeaf(one))).toEqual(one);
      const after = sorted([...before, ...changes]);
      const replaced = changes.reduce((tree: typeof shown, one) => withLeaf(tree, one) ?? tree, shown);
      expect(hashOfNode(sha256, replaced)).toEqual(hashOfLeaves(sha256, after));
      expect(crownOf(after).root()).toEqual(hashOfLeaves(sha256, after));
    }), { numRuns: 150 });
  });

  it('does not depend on the order in which leaves came', () => {
    fc.assert(fc.property(leaves, fc.array(fc.nat(), { minLength: 60, maxLength: 60 }), (some, keys) => {
      const inOrder = sorted(some);
      const shuffled = inOrder.map((one, i) => [keys[i] ?? 0, one] as const).sort(([a], [b]) => a - b).map(([, one]) => one);
      const tree = shuffled.reduce((node: Parameters<typeof withLeaf>[0], one) => withLeaf(node, one) ?? node, { kind: 'empty' });
      expect(hashOfNode(sha256, tree)).toEqual(hashOfLeaves(sha256, inOrder));
    }), { numRuns: 150 });
  });

  it('refuses any flipped bit, or gives another root', async () => {
    await fc.assert(fc.asyncProperty(leaves.filter((list) => list.length > 2), fc.nat(), async (some, at) => {
      const all = sorted(some);
      const bytes = formatTree(await crownOf(all).paths(all.slice(0, 2).map(idOfLeaf), bucketsOf(all)));
      const bit = at % (8 * bytes.length);
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (128 >> (bit & 7));
      const parsed = parseTree(bytes);
      if (parsed !== undefined) expect(hashOfNode(sha256, parsed)).not.toEqual(hashOfLeaves(sha256, all));
    }), { numRuns: 300 });
  });
});
