/**
 * Account heads: signed by accounts, kept in order, over leaves that the server can show in part. The server sees counters, ids and hashes
 * of sealed manifests, which it has anyway, and cannot make a head. SPEC.md section 14.
 */
import { bytesOfHex, compareBytes, concat, hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';
import { formatTree, idOfLeaf, leavesOf, unpackLeaf } from '../../client-sdk/protocol/head-tree.js';
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import { idBytes, keptHeads, maxPageHeads, maxPageLeaves } from '../../client-sdk/protocol/limits.js';
import type { HeadCard, HeadChange, HeadList } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { HeadTree } from '../ports/head-store.js';
import type { HeadService, Parts } from './contract.js';
import { bucketOf, HeadCrown, idsOfBucket } from './head-crown.js';
import { restoreEpoch } from './restore-epoch.js';

const lastId = new Uint8Array(idBytes).fill(255);
/** Ids are random: so many leaves has a bucket of an account of 67 million images. Who chooses ids that begin alike would hold up everybody while they are hashed. */
const maxBucketLeaves = 16_384;

export function createHeads(parts: Parts): HeadService {
  return {
    read: (accountId) => read(parts, accountId),
    list: (accountId, after) => list(parts, accountId, after),
    leaves: (accountId, after) => leaves(parts, accountId, after),
    paths: (accountId, images) => paths(parts, accountId, images),
    replace: (accountId, change) => replace(parts, accountId, change),
  };
}

async function read({ stores }: Parts, accountId: AccountId): Promise<HeadCard> {
  const tree = await stores.heads.find(accountId);
  const [newest] = tree === undefined ? [] : await stores.heads.list(accountId, tree.counter - 1, 1);
  const { epoch, at } = await restoreEpoch(stores.state);
  return {
    ...(newest === undefined ? {} : { head: { counter: newest.counter, head: newest.sealed } }),
    ...(epoch === 0 ? {} : { restoredAt: at }),
  };
}

async function list({ stores }: Parts, accountId: AccountId, after: number): Promise<HeadList> {
  const heads = await stores.heads.list(accountId, after, maxPageHeads);
  return { heads: heads.map(({ counter, sealed }) => ({ counter, head: sealed })) };
}

async function leaves({ stores }: Parts, accountId: AccountId, after: ImageId | undefined): Promise<Uint8Array> {
  const from = after === undefined ? new Uint8Array(idBytes) : bytesOf(after);
  const limit = maxPageLeaves + 1;
  const found = await stores.heads.leaves(accountId, { from, to: lastId, limit });
  const isAfter = (leaf: Uint8Array): boolean => after === undefined || compareBytes(idOfLeaf(leaf), from) > 0;
  return concat(...found.filter(isAfter).slice(0, maxPageLeaves));
}

async function paths(parts: Parts, accountId: AccountId, images: readonly ImageId[]): Promise<Uint8Array> {
  const crown = crownOf(parts, await parts.stores.heads.find(accountId));
  return formatTree(await crown.paths(images.map(bytesOf), (bucket) => leavesOfBucket(parts, accountId, bucket)));
}

async function replace(parts: Parts, accountId: AccountId, change: HeadChange): Promise<void> {
  const changed = leavesOf(change.leaves);
  if (changed === undefined) throw new Refusal('request-invalid', 'Leaves come packed, in order of ids, each id once.');
  await refuseStrangers(parts, accountId, changed);
  const before = await parts.stores.heads.find(accountId);
  if ((before?.counter ?? 0) + 1 !== change.counter) throw new Refusal('revision-conflict');
  const crown = crownOf(parts, before).with(await bucketsWith(parts, accountId, changed));
  const root = crown.root();
  if (!isEqual(root, change.root)) throw await otherRoot(parts, accountId, change);
  const tree = { counter: change.counter, root, crown: crown.format() };
  const isReplaced = await parts.stores.heads.replace(accountId, { tree, sealed: change.head, leaves: changed, forgetTo: change.counter - keptHeads });
  if (!isReplaced) throw new Refusal('revision-conflict');
}

/** Leaves are read after the tree: those of another head that came in between lead to another root, and are no fault of this one. */
async function otherRoot({ stores }: Parts, accountId: AccountId, { counter }: HeadChange): Promise<Refusal> {
  const now = await stores.heads.find(accountId);
  return (now?.counter ?? 0) + 1 === counter ? new Refusal('request-invalid', 'The leaves do not lead to this root.') : new Refusal('revision-conflict');
}

/** An id that was never an image of the account takes room that no quota counts. */
async function refuseStrangers({ stores }: Parts, accountId: AccountId, changed: readonly Uint8Array[]): Promise<void> {
  for (const packed of changed) {
    const leaf = unpackLeaf(packed);
    const isKnown = leaf !== undefined && (await stores.images.probe(accountId, leaf.imageId, leaf.manifestHash)) !== undefined;
    if (!isKnown) throw new Refusal('request-invalid', 'A leaf is of no image of the account.');
  }
}

/** The buckets that change, with all of their leaves. */
async function bucketsWith(parts: Parts, accountId: AccountId, changed: readonly Uint8Array[]): Promise<ReadonlyMap<number, readonly Uint8Array[]>> {
  const byBucket = new Map<number, Map<string, Uint8Array>>();
  for (const leaf of changed) {
    const bucket = bucketOf(leaf);
    const leaves = byBucket.get(bucket) ?? new Map(await keyed(parts, accountId, bucket));
    byBucket.set(bucket, leaves.set(hexOf(idOfLeaf(leaf)), leaf));
    if (leaves.size > maxBucketLeaves) throw new Refusal('too-many', 'Too many images have ids that begin alike.');
  }
  return new Map([...byBucket].map(([bucket, leaves]) => [bucket, [...leaves.values()].sort(compareBytes)]));
}

async function keyed(parts: Parts, accountId: AccountId, bucket: number): Promise<readonly (readonly [string, Uint8Array])[]> {
  return (await leavesOfBucket(parts, accountId, bucket)).map((leaf) => [hexOf(idOfLeaf(leaf)), leaf]);
}

function leavesOfBucket({ stores }: Parts, accountId: AccountId, bucket: number): Promise<readonly Uint8Array[]> {
  return stores.heads.leaves(accountId, { ...idsOfBucket(bucket), limit: maxBucketLeaves });
}

function crownOf({ world }: Parts, tree: HeadTree | undefined): HeadCrown {
  return HeadCrown.parse((bytes) => world.hasher.sha256(bytes), tree?.crown ?? new Uint8Array());
}

function bytesOf(imageId: ImageId): Uint8Array {
  return bytesOfHex(imageId) ?? lastId;
}
