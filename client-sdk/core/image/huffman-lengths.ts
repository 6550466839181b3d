/**
 * Code lengths that encoders build from a histogram: by the heap of zlib, by two sorted queues as libdeflate
 * does, and by package-merge as zopfli does. They agree in cost, mostly, and differ in how ties fall. SPEC.md section 6.7.
 */
import { maxCodeBits } from './deflate-code.js';

/** A way to build a code. */
export type LengthBuilder = (counts: Uint32Array, maxBits: number) => Uint8Array;

/** The ways in the order in which corrections name them. */
export const lengthBuilders: readonly LengthBuilder[] = [heapLengths, queueLengths, packageLengths];

/** zlib: a heap in which the less frequent, then the shallower subtree comes first; too long words are paid for by shorter ones. */
export function heapLengths(counts: Uint32Array, maxBits: number): Uint8Array {
  const size = counts.length;
  const weights = new Float64Array(2 * size + 1);
  weights.set(counts);
  const depths = new Uint16Array(2 * size + 1);
  const heap: number[] = [0];
  for (let symbol = 0; symbol < size; symbol++) if (counts[symbol]! > 0) heap.push(symbol);
  let top = heap.length > 1 ? heap[heap.length - 1]! : -1;
  while (heap.length < 3) {
    const added = top < 2 ? ++top : 0;
    weights[added] = 1;
    heap.push(added);
  }
  const isBefore = (a: number, b: number): boolean => weights[a]! < weights[b]! || (weights[a] === weights[b] && depths[a]! <= depths[b]!);
  for (let k = (heap.length - 1) >> 1; k >= 1; k--) sift(heap, k, isBefore);
  const parents = new Uint16Array(2 * size + 1);
  const order: number[] = [];
  let node = size;
  while (heap.length > 2) {
    const first = heap[1]!;
    heap[1] = heap.pop()!;
    sift(heap, 1, isBefore);
    const second = heap[1];
    order.push(first, second);
    weights[node] = weights[first]! + weights[second]!;
    depths[node] = Math.max(depths[first]!, depths[second]!) + 1;
    parents[first] = node;
    parents[second] = node;
    heap[1] = node++;
    sift(heap, 1, isBefore);
  }
  return lengthsOfTree(order, parents, size, maxBits);
}

function sift(heap: number[], start: number, isBefore: (a: number, b: number) => boolean): void {
  const value = heap[start]!;
  let k = start;
  for (let child = 2 * k; child < heap.length; child = 2 * k) {
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (isBefore(value, heap[child]!)) break;
    heap[k] = heap[child]!;
    k = child;
  }
  heap[k] = value;
}

/** `order` has the nodes as they left the heap; the root is not among them. */
function lengthsOfTree(order: readonly number[], parents: Uint16Array, size: number, maxBits: number): Uint8Array {
  const bitsOf = new Uint16Array(parents.length);
  const lengths = new Uint8Array(size);
  const counts = new Int32Array(maxCodeBits + 2);
  let overflow = 0;
  for (let i = order.length - 1; i >= 0; i--) {
    const node = order[i]!;
    let bits = bitsOf[parents[node]!]! + 1;
    if (bits > maxBits) {
      bits = maxBits;
      overflow++;
    }
    bitsOf[node] = bits;
    if (node >= size) continue;
    lengths[node] = bits;
    counts[bits]!++;
  }
  if (overflow === 0) return lengths;
  for (; overflow > 0; overflow -= 2) {
    let bits = maxBits - 1;
    while (counts[bits] === 0) bits--;
    counts[bits]!--;
    counts[bits + 1]! += 2;
    counts[maxBits]!--;
  }
  const leaves = order.filter((node) => node < size);
  let next = 0;
  for (let bits = maxBits; bits > 0; bits--) for (let n = counts[bits]!; n > 0; n--) lengths[leaves[next++]!] = bits;
  return lengths;
}

/** libdeflate: symbols sorted by count, two queues, a leaf before a subtree of equal weight; words that are too long are moved up. */
function queueLengths(counts: Uint32Array, maxBits: number): Uint8Array {
  const leaves = sortedSymbols(counts);
  const lengths = new Uint8Array(counts.length);
  if (leaves.length < 2) return fewLengths(leaves, lengths);
  const parents = queueParents(leaves, counts);
  const inner = leaves.length - 1;
  const depths = new Uint16Array(inner);
  const perLength = new Int32Array(maxCodeBits + 2);
  perLength[1] = 2;
  for (let node = inner - 2; node >= 0; node--) {
    depths[node] = depths[parents[node]!]! + 1;
    let bits = depths[node]!;
    if (bits >= maxBits) {
      bits = maxBits - 1;
      while (perLength[bits] === 0) bits--;
    }
    perLength[bits]!--;
    perLength[bits + 1]! += 2;
  }
  let next = 0;
  for (let bits = maxBits; bits > 0; bits--) for (let n = perLength[bits]!; n > 0; n--) lengths[leaves[next++]!] = bits;
  return lengths;
}

/** Parent of each inner node; the last one is the root. */
function queueParents(leaves: readonly number[], counts: Uint32Array): Uint16Array {
  const inner = leaves.length - 1;
  const weights = new Float64Array(inner);
  const parents = new Uint16Array(inner);
  let leaf = 0;
  let subtree = 0;
  for (let node = 0; node < inner; node++) {
    for (let k = 0; k < 2; k++) {
      const isLeaf = leaf < leaves.length && (subtree === node || counts[leaves[leaf]!]! <= weights[subtree]!);
      weights[node]! += isLeaf ? counts[leaves[leaf]!]! : weights[subtree]!;
      if (isLeaf) leaf++;
      else parents[subtree++] = node;
    }
  }
  return parents;
}

/** zopfli: package-merge, a package before a leaf of equal weight. */
function packageLengths(counts: Uint32Array, maxBits: number): Uint8Array {
  const leaves = sortedSymbols(counts);
  const lengths = new Uint8Array(counts.length);
  if (leaves.length < 2) return fewLengths(leaves, lengths);
  let packages: Float64Array = new Float64Array(0);
  const levels: Uint8Array[] = [];
  for (let bits = 0; bits < maxBits; bits++) {
    const merged = new Float64Array(leaves.length + packages.length);
    const isLeaf = new Uint8Array(merged.length);
    let leaf = 0;
    for (let at = 0, other = 0; at < merged.length; at++) {
      const isNext = other >= packages.length || (leaf < leaves.length && counts[leaves[leaf]!]! < packages[other]!);
      isLeaf[at] = isNext ? 1 : 0;
      merged[at] = isNext ? counts[leaves[leaf++]!]! : packages[other++]!;
    }
    levels.push(isLeaf);
    packages = Float64Array.from({ length: merged.length >> 1 }, (_, i) => merged[2 * i]! + merged[2 * i + 1]!);
  }
  let taken = 2 * leaves.length - 2;
  for (let level = maxBits - 1; level >= 0; level--) {
    const active = levels[level]!.subarray(0, taken).reduce((sum, one) => sum + one, 0);
    for (let i = 0; i < active; i++) lengths[leaves[i]!]!++;
    taken = 2 * (taken - active);
  }
  return lengths;
}

/** Symbols that occur, rarest first, then by number. */
function sortedSymbols(counts: Uint32Array): readonly number[] {
  const symbols: number[] = [];
  for (const [symbol, count] of counts.entries()) if (count > 0) symbols.push(symbol);
  return symbols.sort((a, b) => counts[a]! - counts[b]! || a - b);
}

/** Two words of one bit where one symbol occurs; none where none does. */
function fewLengths(leaves: readonly number[], lengths: Uint8Array): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return lengths;
  lengths[only] = 1;
  lengths[only === 0 ? 1 : 0] = 1;
  return lengths;
}
