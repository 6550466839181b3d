/**
 * Writes deflate streams of every kind from given tokens, by its own code: stored, fixed and dynamic blocks, odd but
 * valid codes, padding that is not zero. Makes random ones from a seed, with the bytes that they unfold to.
 */

/** A byte, or a match. */
export type MadeToken = number | { readonly length: number; readonly distance: number; readonly isOdd?: boolean };

/** A block to write. */
export type MadeBlock =
  | { readonly kind: 'stored'; readonly bytes: Uint8Array; readonly padding?: number }
  | { readonly kind: 'fixed'; readonly tokens: readonly MadeToken[] }
  | { readonly kind: 'dynamic'; readonly tokens: readonly MadeToken[]; readonly seed?: number; readonly hasRuns?: boolean };

/** A raw stream and what it unfolds to. */
export interface MadeStream {
  readonly stream: Uint8Array;
  readonly plain: Uint8Array;
}

/** The stream of `blocks`, the last one final, its last byte filled up with `padding`. */
export function makeDeflate(blocks: readonly MadeBlock[], padding = 0): MadeStream {
  const bits = new BitList();
  const plain: number[] = [];
  for (const [index, block] of blocks.entries()) {
    bits.put(index === blocks.length - 1 ? 1 : 0, 1);
    bits.put(['stored', 'fixed', 'dynamic'].indexOf(block.kind), 2);
    if (block.kind === 'stored') putStored(bits, block.bytes, block.padding ?? 0);
    else if (block.kind === 'fixed') putTokens(bits, block.tokens, { literals: fixedLiterals, distances: new Array<number>(30).fill(5) });
    else putDynamic(bits, block);
    if (block.kind === 'stored') for (const byte of block.bytes) plain.push(byte);
    else for (const token of block.tokens) unfold(plain, token);
  }
  return { stream: bits.take(padding), plain: Uint8Array.from(plain) };
}

/** Some random but valid blocks. */
export function randomBlocks(seed: number): readonly MadeBlock[] {
  const random = randomOf(seed);
  const count = 1 + random(5);
  let at = 0;
  return Array.from({ length: count }, (): MadeBlock => {
    const kind = random(4);
    if (kind === 0) {
      const bytes = Uint8Array.from({ length: random(300) }, () => random(256));
      at += bytes.length;
      return { kind: 'stored', bytes, padding: random(2) * 0x55 };
    }
    const span = 1 + random(256);
    const tokens = Array.from({ length: random(600) }, (): MadeToken => {
      if (at === 0 || random(3) > 0) return (at++, random(span));
      const length = 3 + random(random(2) === 0 ? 8 : 256);
      const distance = 1 + random(Math.min(at, 32_768));
      at += length;
      return { length, distance, isOdd: length === 258 && random(2) === 0 };
    });
    return kind === 1 ? { kind: 'fixed', tokens } : { kind: 'dynamic', tokens, seed: random(1_000), hasRuns: random(2) === 0 };
  });
}

const fixedLiterals = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
const lengthFirst = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const distanceFirst = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1_025, 1_537, 2_049, 3_073, 4_097, 6_145, 8_193, 12_289, 16_385,
  24_577,
];
const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

interface MadeCode {
  readonly literals: readonly number[];
  readonly distances: readonly number[];
}

/** Bits in the order of deflate. */
class BitList {
  readonly #bits: number[] = [];

  put(value: number, count: number): void {
    for (let k = 0; k < count; k++) this.#bits.push((value >> k) & 1);
  }

  word(word: number, count: number): void {
    for (let k = count - 1; k >= 0; k--) this.#bits.push((word >> k) & 1);
  }

  align(padding: number): void {
    this.put(padding, (8 - (this.#bits.length % 8)) % 8);
  }

  take(padding: number): Uint8Array {
    this.align(padding);
    return Uint8Array.from({ length: this.#bits.length / 8 }, (_, i) => {
      return this.#bits.slice(8 * i, 8 * i + 8).reduce((byte, bit, k) => byte | (bit << k), 0);
    });
  }
}

function unfold(plain: number[], token: MadeToken): void {
  if (typeof token === 'number') plain.push(token);
  else for (let k = 0; k < token.length; k++) plain.push(plain[plain.length - token.distance] ?? 0);
}

function putStored(bits: BitList, bytes: Uint8Array, padding: number): void {
  bits.align(padding);
  bits.put(bytes.length, 16);
  bits.put(~bytes.length & 0xffff, 16);
  for (const byte of bytes) bits.put(byte, 8);
}

function symbolsOf(token: MadeToken): readonly [literal: number, distance: number] {
  if (typeof token === 'number') return [token, -1];
  const slot = token.isOdd === true ? 27 : lengthFirst.findLastIndex((first) => first <= token.length);
  return [257 + slot, distanceFirst.findLastIndex((first) => first <= token.distance)];
}

function putTokens(bits: BitList, tokens: readonly MadeToken[], { literals, distances }: MadeCode): void {
  const words = wordsOf(literals);
  const far = wordsOf(distances);
  for (const token of tokens) {
    const [symbol, slot] = symbolsOf(token);
    bits.word(words[symbol] ?? 0, literals[symbol] ?? 0);
    if (typeof token === 'number') continue;
    bits.put(token.length - (lengthFirst[symbol - 257] ?? 0), lengthBits[symbol - 257] ?? 0);
    bits.word(far[slot] ?? 0, distances[slot] ?? 0);
    bits.put(token.distance - (distanceFirst[slot] ?? 0), slot < 4 ? 0 : (slot - 2) >> 1);
  }
  bits.word(words[256] ?? 0, literals[256] ?? 0);
}

function putDynamic(bits: BitList, { tokens, seed = 1, hasRuns = false }: Extract<MadeBlock, { readonly kind: 'dynamic' }>): void {
  const random = randomOf(seed + 1);
  const used = tokens.map(symbolsOf);
  const literals = flatCode(286, new Set([256, ...used.map(([symbol]) => symbol)]), random);
  const distances = flatCode(30, new Set(used.flatMap(([, slot]) => (slot < 0 ? [] : [slot]))), random);
  const literalCount = Math.max(257, literals.findLastIndex((length) => length > 0) + 1 + (random(3) === 0 ? 1 : 0));
  const distanceCount = Math.max(1, distances.findLastIndex((length) => length > 0) + 1);
  const all = [...literals, 0].slice(0, Math.min(286, literalCount)).concat(distances.slice(0, distanceCount));
  const steps = stepsOf(all, hasRuns);
  const precode = flatCode(19, new Set([0, 1, ...steps.map(([symbol]) => symbol)]), random);
  bits.put(Math.min(286, literalCount) - 257, 5);
  bits.put(distanceCount - 1, 5);
  bits.put(15, 4);
  for (const symbol of order) bits.put(precode[symbol] ?? 0, 3);
  const words = wordsOf(precode);
  for (const [symbol, extra, extraBits] of steps) {
    bits.word(words[symbol] ?? 0, precode[symbol] ?? 0);
    bits.put(extra, extraBits);
  }
  putTokens(bits, tokens, { literals, distances });
}

/** Length by length, or with runs of zeros and repetitions of three. */
function stepsOf(lengths: readonly number[], hasRuns: boolean): readonly (readonly [symbol: number, extra: number, bits: number])[] {
  const steps: (readonly [number, number, number])[] = [];
  for (let at = 0; at < lengths.length; ) {
    const isRun = hasRuns && at > 0 && at + 3 <= lengths.length && [0, 1, 2].every((k) => lengths[at + k] === lengths[at - 1]);
    const isZeros = hasRuns && at + 3 <= lengths.length && [0, 1, 2].every((k) => lengths[at + k] === 0);
    if (isZeros) steps.push([17, 0, 3]);
    else if (isRun) steps.push([16, 0, 2]);
    else steps.push([lengths[at] ?? 0, 0, 0]);
    at += isZeros || isRun ? 3 : 1;
  }
  return steps;
}

/** A complete code of nearly equal lengths over `symbols` (one bit where there is one only, nothing where none). */
function flatCode(size: number, symbols: ReadonlySet<number>, random: (below: number) => number): number[] {
  const code = new Array<number>(size).fill(0);
  const list = [...symbols].sort((a, b) => a - b);
  if (list.length === 1) code[list[0] ?? 0] = 1;
  if (list.length < 2) return code;
  const short = Math.floor(Math.log2(list.length));
  let shortLeft = 2 ** (short + 1) - list.length;
  for (const [index, symbol] of list.entries()) {
    const mustBeShort = shortLeft >= list.length - index;
    const isShort = shortLeft > 0 && (mustBeShort || random(2) === 0);
    if (isShort) shortLeft--;
    code[symbol] = short + (isShort ? 0 : 1);
  }
  return code;
}

function wordsOf(lengths: readonly number[]): readonly number[] {
  const words = new Array<number>(lengths.length).fill(0);
  let word = 0;
  for (let bits = 1; bits <= 15; bits++) {
    word <<= 1;
    for (const [symbol, length] of lengths.entries()) if (length === bits) words[symbol] = word++;
  }
  return words;
}

/** Integers below a bound, from a seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = Math.imul(seed + 1, 0x9e3779b1);
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
