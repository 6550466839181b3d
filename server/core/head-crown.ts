/**
 * The upper part of the tree under an account head: leaves fall into 4,096 buckets by the first 12 bits of their ids, and of each bucket that
 * has any the number of leaves and the hash are kept, packed. What is asked of a tree reads the crown and some buckets. SPEC.md section 14.
 *
 *   crown: for each bucket with leaves, in order: bucket u16, leaves u32, hash (32)
 */
import { concat, u16, u32 } from '../../client-sdk/protocol/bytes.js';
import { bitAt, emptyHash, hashOfBranch, hashOfLeaves, type HeadNode } from '../../client-sdk/protocol/head-tree.js';
import { hashBytes, idBytes } from '../../client-sdk/protocol/limits.js';
import type { Sha256 } from '../../client-sdk/protocol/tag.js';
import { CorruptionError } from '../ports/errors.js';

const bucketBits = 12;
const bucketBytes = 2 + 4 + hashBytes;

/** A subtree by its number of leaves and hash. */
interface Subtree {
  readonly leaves: number;
  readonly hash: Uint8Array;
}

interface Bucket extends Subtree {
  readonly bucket: number;
}

/** Reads all packed leaves of one bucket, in order. */
export type ReadBucket = (bucket: number) => Promise<readonly Uint8Array[]>;

/** The crown of one tree. */
export class HeadCrown {
  private constructor(
    private readonly sha256: Sha256,
    private readonly buckets: ReadonlyMap<number, Bucket>,
  ) {}

  static parse(sha256: Sha256, packed: Uint8Array): HeadCrown {
    if (packed.length % bucketBytes !== 0) throw new CorruptionError('the tree of an account head has an unknown form');
    const buckets = new Map<number, Bucket>();
    const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
    for (let at = 0; at < packed.length; at += bucketBytes) {
      const bucket = view.getUint16(at);
      buckets.set(bucket, { bucket, leaves: view.getUint32(at + 2), hash: packed.slice(at + 6, at + bucketBytes) });
    }
    return new HeadCrown(sha256, buckets);
  }

  format(): Uint8Array {
    const sorted = [...this.buckets.values()].sort((a, b) => a.bucket - b.bucket);
    return concat(...sorted.flatMap(({ bucket, leaves, hash }) => [u16(bucket), u32(leaves), hash]));
  }

  /** Hash of the whole tree. */
  root(): Uint8Array {
    return this.#subtrees(0, 0).hash;
  }

  /** The crown in which these buckets have these leaves (packed, in order). */
  with(changed: ReadonlyMap<number, readonly Uint8Array[]>): HeadCrown {
    const buckets = new Map(this.buckets);
    for (const [bucket, leaves] of changed) {
      if (leaves.length === 0) buckets.delete(bucket);
      else buckets.set(bucket, { bucket, leaves: leaves.length, hash: hashOfLeaves(this.sha256, leaves, bucketBits) });
    }
    return new HeadCrown(this.sha256, buckets);
  }

  /** The part of the tree that leads to `ids`. */
  paths(ids: readonly Uint8Array[], readBucket: ReadBucket): Promise<HeadNode> {
    return this.#shown({ depth: 0, prefix: 0 }, ids, readBucket);
  }

  async #shown(place: { readonly depth: number; readonly prefix: number }, ids: readonly Uint8Array[], readBucket: ReadBucket): Promise<HeadNode> {
    const { depth, prefix } = place;
    const subtree = this.#subtrees(depth, prefix);
    if (subtree.leaves === 0) return { kind: 'empty' };
    if (ids.length === 0) return { kind: 'hidden', hash: subtree.hash };
    if (subtree.leaves === 1 || depth === bucketBits) return shownLeaves(this.sha256, await readBucket(this.#firstBucket(depth, prefix)), { ids, depth });
    const halves = await Promise.all(([0, 1] as const).map((bit) =>
      this.#shown({ depth: depth + 1, prefix: 2 * prefix + bit }, ids.filter((id) => bitAt(id, depth) === bit), readBucket)));
    const [left = { kind: 'empty' }, right = { kind: 'empty' }] = halves;
    return { kind: 'branch', halves: [left, right] };
  }

  /** The first bucket with leaves below a prefix of `depth` bits. */
  #firstBucket(depth: number, prefix: number): number {
    const width = 2 ** (bucketBits - depth);
    for (let bucket = prefix * width; bucket < (prefix + 1) * width; bucket++) if (this.buckets.has(bucket)) return bucket;
    throw new CorruptionError('the tree of an account head has no leaf where it should');
  }

  #levels: (readonly (Subtree | undefined)[])[] | undefined;

  #subtrees(depth: number, prefix: number): Subtree {
    this.#levels ??= this.#allLevels();
    return this.#levels[depth]?.[prefix] ?? nothing;
  }

  /** From the buckets up. Undefined where there is no leaf. */
  #allLevels(): (readonly (Subtree | undefined)[])[] {
    let level: (Subtree | undefined)[] = Array.from({ length: 2 ** bucketBits }, (_, bucket) => this.buckets.get(bucket));
    const levels = [level];
    for (let depth = bucketBits; depth > 0; depth--) {
      const below = level;
      level = Array.from({ length: below.length / 2 }, (_, i) => this.#joined(below[2 * i], below[2 * i + 1]));
      levels.unshift(level);
    }
    return levels;
  }

  #joined(left: Subtree | undefined, right: Subtree | undefined): Subtree | undefined {
    const leaves = (left?.leaves ?? 0) + (right?.leaves ?? 0);
    if (leaves <= 1) return left ?? right;
    return { leaves, hash: hashOfBranch(this.sha256, left?.hash ?? emptyHash, right?.hash ?? emptyHash) };
  }
}

const nothing: Subtree = { leaves: 0, hash: emptyHash };

/** The bucket of an id. */
export function bucketOf(id: Uint8Array): number {
  return ((id[0] ?? 0) << 4) | ((id[1] ?? 0) >> 4);
}

/** The first and the last id of a bucket. */
export function idsOfBucket(bucket: number): { readonly from: Uint8Array; readonly to: Uint8Array } {
  const [from, to] = [new Uint8Array(idBytes), new Uint8Array(idBytes).fill(255)];
  from[0] = to[0] = bucket >> 4;
  from[1] = (bucket & 15) << 4;
  to[1] = from[1] | 15;
  return { from, to };
}

/** A subtree of leaves (packed, in order, at least one), shown where `ids` lead. */
function shownLeaves(sha256: Sha256, leaves: readonly Uint8Array[], place: { readonly ids: readonly Uint8Array[]; readonly depth: number }): HeadNode {
  const { ids, depth } = place;
  const [only] = leaves;
  if (only === undefined) return { kind: 'empty' };
  if (ids.length === 0) return { kind: 'hidden', hash: hashOfLeaves(sha256, leaves, depth) };
  if (leaves.length === 1) return { kind: 'leaf', leaf: only };
  const half = (bit: 0 | 1): HeadNode => {
    const isOnWay = (bytes: Uint8Array): boolean => bitAt(bytes, depth) === bit;
    return shownLeaves(sha256, leaves.filter(isOnWay), { ids: ids.filter(isOnWay), depth: depth + 1 });
  };
  return { kind: 'branch', halves: [half(0), half(1)] };
}
