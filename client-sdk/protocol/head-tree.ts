/**
 * The tree under an account head: leaves by image id, hashes of subtrees, and parts of a tree that a server shows. A tree depends on its
 * leaves alone. Both sides use it, each with its own SHA-256. SPEC.md section 14.
 */
import { concat, hexOf, isEqual } from './bytes.js';
import { type ImageId, idOfBytes } from './ids.js';
import { hashBytes, idBytes, manifestHashBytes } from './limits.js';
import type { Sha256 } from './tag.js';

/** What an account says of an image id. */
export type LeafState = 'live' | 'trashed' | 'removed';

/** One leaf. `at`: when it was trashed, milliseconds; 0 otherwise. `manifestHash`: half of SHA-256 of the sealed manifest, 16 bytes; zeros where it was removed. */
export interface HeadLeaf {
  readonly imageId: ImageId;
  readonly state: LeafState;
  readonly at: number;
  readonly manifestHash: Uint8Array;
}

/** A tree of which parts may be known by their hashes alone. */
export type HeadNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'leaf'; readonly leaf: Uint8Array }
  | { readonly kind: 'hidden'; readonly hash: Uint8Array }
  | { readonly kind: 'branch'; readonly halves: readonly [HeadNode, HeadNode] };

/** Bytes of a packed leaf. */
export const leafBytes = idBytes + 1 + 8 + manifestHashBytes;
const states: readonly LeafState[] = ['live', 'trashed', 'removed'];
const depthBits = 8 * idBytes;
const [leafLabel, branchLabel] = [Uint8Array.of(0), Uint8Array.of(1)];

/** In place of a manifest's hash where the image was removed. */
export const noManifest: Uint8Array = new Uint8Array(manifestHashBytes);
/** Hash of a tree without leaves. */
export const emptyHash: Uint8Array = new Uint8Array(hashBytes);
const empty: HeadNode = { kind: 'empty' };

/** The leaf as bytes. */
export function packLeaf({ imageId, state, at, manifestHash }: HeadLeaf): Uint8Array {
  const packed = new Uint8Array(leafBytes);
  const view = new DataView(packed.buffer);
  for (let i = 0; i < idBytes; i++) packed[i] = Number.parseInt(imageId.slice(2 * i, 2 * i + 2), 16);
  packed[idBytes] = 1 + states.indexOf(state);
  view.setBigUint64(idBytes + 1, BigInt(at));
  packed.set(manifestHash, idBytes + 9);
  return packed;
}

/** The leaf of exactly `leafBytes` bytes; undefined for any other form. */
export function unpackLeaf(packed: Uint8Array): HeadLeaf | undefined {
  const state = states[(packed[idBytes] ?? 0) - 1];
  if (packed.length !== leafBytes || state === undefined) return undefined;
  const at = Number(new DataView(packed.buffer, packed.byteOffset, leafBytes).getBigUint64(idBytes + 1));
  const manifestHash = packed.slice(idBytes + 9);
  const isCanonical = (at === 0 || state === 'trashed') && Number.isSafeInteger(at) && (state === 'removed') === isEqual(manifestHash, noManifest);
  return isCanonical ? { imageId: idOfBytes<ImageId>(packed.slice(0, idBytes)), state, at, manifestHash } : undefined;
}

/** The id of a packed leaf. */
export function idOfLeaf(leaf: Uint8Array): Uint8Array {
  return leaf.subarray(0, idBytes);
}

/** Hash of a subtree of one leaf. */
function hashOfLeaf(sha256: Sha256, leaf: Uint8Array): Uint8Array {
  return sha256(concat(leafLabel, leaf));
}

/** Hash of a subtree of several leaves, of which the halves have these hashes. */
export function hashOfBranch(sha256: Sha256, left: Uint8Array, right: Uint8Array): Uint8Array {
  return sha256(concat(branchLabel, left, right));
}

/** Hash of the subtree of packed leaves that agree in their first `depth` bits, sorted by id, each id once. */
export function hashOfLeaves(sha256: Sha256, leaves: readonly Uint8Array[], depth = 0): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return emptyHash;
  if (leaves.length === 1) return hashOfLeaf(sha256, only);
  const middle = leaves.findIndex((leaf) => bitAt(leaf, depth) === 1);
  const cut = middle === -1 ? leaves.length : middle;
  return hashOfBranch(sha256, hashOfLeaves(sha256, leaves.slice(0, cut), depth + 1), hashOfLeaves(sha256, leaves.slice(cut), depth + 1));
}

/** Hash of a tree. */
export function hashOfNode(sha256: Sha256, node: HeadNode): Uint8Array {
  switch (node.kind) {
    case 'empty': return emptyHash;
    case 'leaf': return hashOfLeaf(sha256, node.leaf);
    case 'hidden': return node.hash;
    case 'branch': return hashOfBranch(sha256, hashOfNode(sha256, node.halves[0]), hashOfNode(sha256, node.halves[1]));
  }
}

/** The packed leaf of an id (16 bytes), `'absent'` where the tree has none, `'hidden'` where it does not show. */
export function leafAt(node: HeadNode, id: Uint8Array, depth = 0): Uint8Array | 'absent' | 'hidden' {
  switch (node.kind) {
    case 'empty': return 'absent';
    case 'leaf': return isEqual(idOfLeaf(node.leaf), id) ? node.leaf : 'absent';
    case 'hidden': return 'hidden';
    case 'branch': return leafAt(node.halves[bitAt(id, depth)], id, depth + 1);
  }
}

/** The tree with this leaf in place of what it says of its id. Undefined where the way to it is hidden. */
export function withLeaf(node: HeadNode, leaf: Uint8Array, depth = 0): HeadNode | undefined {
  switch (node.kind) {
    case 'empty': return { kind: 'leaf', leaf };
    case 'leaf': return isEqual(idOfLeaf(node.leaf), idOfLeaf(leaf)) ? { kind: 'leaf', leaf } : forked(node.leaf, leaf, depth);
    case 'hidden': return undefined;
    case 'branch': {
      const [left, right] = node.halves;
      const isRight = bitAt(leaf, depth) === 1;
      const changed = withLeaf(isRight ? right : left, leaf, depth + 1);
      return changed === undefined ? undefined : { kind: 'branch', halves: isRight ? [left, changed] : [changed, right] };
    }
  }
}

/** A tree from pre-order bytes; undefined for any other form, a leaf in a wrong place among them. */
export function parseTree(bytes: Uint8Array): HeadNode | undefined {
  const reader = { at: 0 };
  const node = parseNode(bytes, reader, []);
  return node !== undefined && reader.at === bytes.length ? node : undefined;
}

/** A tree as pre-order bytes. */
export function formatTree(node: HeadNode): Uint8Array {
  const parts: Uint8Array[] = [];
  const add = (next: HeadNode): void => {
    parts.push(Uint8Array.of(['empty', 'leaf', 'hidden', 'branch'].indexOf(next.kind)));
    if (next.kind === 'leaf') parts.push(next.leaf);
    if (next.kind === 'hidden') parts.push(next.hash);
    if (next.kind === 'branch') next.halves.forEach(add);
  };
  add(node);
  return concat(...parts);
}

/** Bit `depth` of an id, or of a leaf, which begins with its id. */
export function bitAt(id: Uint8Array, depth: number): 0 | 1 {
  return (((id[depth >> 3] ?? 0) >> (7 - (depth & 7))) & 1) === 1 ? 1 : 0;
}

function forked(a: Uint8Array, b: Uint8Array, depth: number): HeadNode {
  const [bitA, bitB] = [bitAt(a, depth), bitAt(b, depth)];
  if (bitA === bitB) {
    const below = forked(a, b, depth + 1);
    return { kind: 'branch', halves: bitA === 0 ? [below, empty] : [empty, below] };
  }
  const [left, right] = bitA === 0 ? [a, b] : [b, a];
  return { kind: 'branch', halves: [{ kind: 'leaf', leaf: left }, { kind: 'leaf', leaf: right }] };
}

/** `way`: the bits that lead here. */
function parseNode(bytes: Uint8Array, reader: { at: number }, way: readonly (0 | 1)[]): HeadNode | undefined {
  const take = (length: number): Uint8Array | undefined => (reader.at + length > bytes.length ? undefined : bytes.slice(reader.at, (reader.at += length)));
  switch (take(1)?.[0]) {
    case 0: return empty;
    case 1: {
      const leaf = take(leafBytes);
      const isHere = leaf !== undefined && unpackLeaf(leaf) !== undefined && way.every((bit, depth) => bitAt(leaf, depth) === bit);
      return isHere ? { kind: 'leaf', leaf } : undefined;
    }
    case 2: {
      const hash = take(hashBytes);
      return hash === undefined ? undefined : { kind: 'hidden', hash };
    }
    case 3: {
      if (way.length >= depthBits) return undefined;
      const left = parseNode(bytes, reader, [...way, 0]);
      const right = left === undefined ? undefined : parseNode(bytes, reader, [...way, 1]);
      return left === undefined || right === undefined ? undefined : { kind: 'branch', halves: [left, right] };
    }
    case undefined:
    default: return undefined;
  }
}

/** Packed leaves one by one, as views; undefined unless they are whole, well formed, in order of ids and without repetitions. */
export function leavesOf(packed: Uint8Array): readonly Uint8Array[] | undefined {
  if (packed.length % leafBytes !== 0) return undefined;
  const leaves: Uint8Array[] = [];
  let before = '';
  for (let at = 0; at < packed.length; at += leafBytes) {
    const leaf = packed.subarray(at, at + leafBytes);
    const id = hexOf(idOfLeaf(leaf));
    if (id <= before || unpackLeaf(leaf) === undefined) return undefined;
    leaves.push(leaf);
    before = id;
  }
  return leaves;
}
