/**
 * Changes recipes and contents as a stranger could who knows their form: leaves of params, bytes and lengths of sections, tiles.
 */
import type { CborValue } from '../../client-sdk/core/cbor.js';
import type { Recipe } from '../../client-sdk/core/image/splitter.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import type { RandomBelow } from './file-mutation.js';

/** What a join takes. */
export interface Joinable {
  readonly recipe: Recipe;
  readonly contents: readonly Uint8Array[];
}

/** `split` after one to three changes. */
export function mutateRecipe(split: Joinable, random: RandomBelow): Joinable {
  let changed = split;
  for (let left = 1 + random(3); left > 0; left--) {
    const { recipe, contents } = changed;
    const kind = random(6);
    if (kind < 2) changed = { contents, recipe: { ...recipe, params: withLeaf(recipe.params, random) } };
    else if (kind < 4) changed = { contents, recipe: { ...recipe, skeleton: withBytes(recipe.skeleton, random) } };
    else if (kind === 4) changed = { contents, recipe: withSection(recipe, random) };
    else changed = { recipe, contents: withContent(contents, random) };
  }
  return changed;
}

/** `bytes` with a few of them changed, cut off or put in. */
export function withBytes(bytes: Uint8Array, random: RandomBelow): Uint8Array {
  if (bytes.length === 0 || random(8) === 0) return concat(bytes, Uint8Array.from({ length: random(9) }, () => random(256)));
  if (random(8) === 0) return bytes.subarray(0, random(bytes.length));
  const changed = bytes.slice();
  for (let left = 1 + random(3); left > 0; left--) changed[random(changed.length)] = random(256);
  return changed;
}

/** `value` with one of its leaves changed. */
export function withLeaf(value: CborValue, random: RandomBelow): CborValue {
  const at = random(countLeaves(value));
  let seen = 0;
  const walk = (node: CborValue): CborValue => {
    if (typeof node !== 'object' || node === null || node instanceof Uint8Array) return seen++ === at ? anyLeaf(node, random) : node;
    if (Array.isArray(node)) return node.map(walk);
    return Object.fromEntries(Object.entries(node).map(([name, member]) => [name, walk(member)]));
  };
  return walk(value);
}

function countLeaves(value: CborValue): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 1;
  const members: readonly CborValue[] = Array.isArray(value) ? value : Object.values(value);
  return members.reduce<number>((sum, member) => sum + countLeaves(member), 0);
}

const words: readonly CborValue[] = ['png', 'tiff', 'zlib', 'stored', 'tokens', 'none', 'lzw', 'packbits', 'deflate', '', null, true, false, [], {}];
const numbers = [0, 1, 2, 3, 8, 9, 15, 16, 64, 255, 256, 259, 4_096, 65_536, 1_048_576, 2 ** 31, 2 ** 32, 2 ** 40, Number.MAX_SAFE_INTEGER, -1];

function anyLeaf(leaf: CborValue, random: RandomBelow): CborValue {
  const kind = random(4);
  if (kind === 0) return words[random(words.length)] ?? null;
  if (leaf instanceof Uint8Array) return withBytes(leaf, random);
  if (typeof leaf === 'number' && kind < 3) return leaf + random(5) - 2;
  return typeof leaf === 'boolean' ? !leaf : (numbers[random(numbers.length)] ?? 0);
}

/** Bytes put into a section, or taken out of it, with its length told right. */
function withSection(recipe: Recipe, random: RandomBelow): Recipe {
  const { params, skeleton } = recipe;
  if (typeof params !== 'object' || params === null || Array.isArray(params) || params instanceof Uint8Array) return recipe;
  // Neither a list nor bytes: a map of values.
  const map = params as Readonly<Record<string, CborValue>>;
  const lengths = map['sections'];
  if (!Array.isArray(lengths) || lengths.length === 0 || !lengths.every((length) => typeof length === 'number' && length >= 0)) return recipe;
  // Every one of them is a number, as was just seen.
  const numbersOf = lengths as readonly number[];
  const index = random(numbersOf.length);
  const start = numbersOf.slice(0, index).reduce((sum, length) => sum + length, 0);
  const end = start + (numbersOf[index] ?? 0);
  const changed = withBytes(skeleton.subarray(start, end), random);
  const sections = numbersOf.map((length, i) => (i === index ? changed.length : length));
  return { ...recipe, params: { ...map, sections }, skeleton: concat(skeleton.subarray(0, start), changed, skeleton.subarray(end)) };
}

function withContent(contents: readonly Uint8Array[], random: RandomBelow): readonly Uint8Array[] {
  if (contents.length === 0) return [new Uint8Array(random(20))];
  const [index, other] = [random(contents.length), random(contents.length)];
  const kind = random(5);
  if (kind === 0) return contents.filter((_, i) => i !== index);
  if (kind === 1) return contents.flatMap((content, i) => (i === index ? [content, content] : [content]));
  if (kind === 2) return contents.map((content, i) => (i === index ? (contents[other] ?? content) : content));
  const changed = contents.map((content, i) => (i === index ? content.slice() : content));
  const own = changed[index];
  if (kind === 3) own?.set([random(256)], random(Math.min(10, own.length)));
  else own?.set([random(256)], random(own.length));
  return changed;
}
