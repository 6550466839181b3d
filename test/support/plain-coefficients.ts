/**
 * A reader of the codes of coefficients, written from SPEC.md section 5.12 alone, slow and plain: what the kernel is held against. It takes
 * right codes only and refuses nothing.
 */
import { newCoefficients } from '../../client-sdk/core/image/content.js';
import { naturalOrder } from '../../client-sdk/core/image/jpeg/coefficients.js';
import { firstDistributions } from '../../client-sdk/core/image/coefficient-priors.js';

interface Distribution {
  readonly thresholds: number[];
  uses: number;
}

/** Weights of one line, and what they are multiplied with. */
interface Weights {
  readonly values: number[];
}

interface Guess {
  readonly inputs: readonly number[];
  readonly weights: Weights;
  readonly guess: number;
}

const edges = [4096, 5681, 5352, 4816, 4096, 3218, 2217, 1130];
const endSteps = [1, 3, 6, 11, 17, 25, 35, 50, 70, 95];

/** The content of a code of coder 7, without its frame. */
export function readPlainly(code: Uint8Array): Uint8Array {
  const head = code[0] ?? 0;
  let at = 1;
  const side = (): number => {
    const low = code[at++] ?? 0;
    return 1 + (low < 128 ? low : (low & 127) + 128 * (code[at++] ?? 0));
  };
  const shape = head < 128 ? { across: 64, down: 64 } : { across: side(), down: side() };
  const isFlat = (head & 1) === 1;
  const blocks = new PlainReader(code.subarray(at), isFlat ? 1 : shape.across).read(isFlat ? 1 : shape.down);
  const content = newCoefficients(shape);
  const view = new DataView(content.buffer, 8);
  for (let i = 0; i < 64 * shape.across * shape.down; i++) view.setInt16(2 * i, blocks[isFlat ? 0 : i >> 6]?.[i & 63] ?? 0, true);
  return content;
}

function lengthOf(value: number): number {
  return 32 - Math.clz32(value);
}

function level(value: number): number {
  return Math.min(13, value < 7 ? Math.ceil(value / 2) : 3 + lengthOf(Math.floor(value / 7)));
}

function int16(value: number): number {
  return (value << 16) >> 16;
}

function held(value: number): number {
  return Math.max(-32_768, Math.min(32_767, value));
}

function product(x: number, y: number): number {
  return held((x * y + 16_384) >> 15);
}

function dot(inputs: readonly number[], weights: Weights): number {
  return inputs.reduce((sum, input, i) => (sum + input * (weights.values[i] ?? 0)) | 0, 0);
}

function learn({ inputs, weights, guess }: Guess, error: number, least: number): void {
  const n = lengthOf(inputs.reduce((sum, input) => (sum + input * input) | 0, least));
  const step = held((16 * (error - guess)) >> (n >> 1));
  inputs.forEach((input, i) => {
    weights.values[i] = held((weights.values[i] ?? 0) + product(int16(input << ((15 - ((n + 1) >> 1)) & 15)), step));
  });
}

function firstWeights(numerator: number, first: readonly [number, number]): number[] {
  const lines = edges.map((edge) => Math.floor((edge * numerator) / 20));
  return [...lines.map((f, i) => (i === 0 ? first[0] : i % 2 === 0 ? f : -f)), ...lines.map((f, i) => (i === 0 ? first[1] : -f))];
}

class PlainReader {
  readonly #states: number[];
  readonly #distributions = new Map<string, Distribution>();
  readonly #signs = Array.from({ length: 20 }, (_, i) => 16_384 + 700 * i);
  readonly #means = new Array<number>(64).fill(0);
  readonly #lines = Array.from({ length: 14 }, () => ({ values: firstWeights(14, [2867, 0]) }));
  readonly #constant = { values: [...firstWeights(7, [3072, 3072]), ...firstWeights(7, [0, 0])] };
  readonly #blocks: number[][] = [];
  readonly #ends: number[] = [];
  readonly #errors: number[] = [];
  #turn = 0;
  #bit = 0;
  #word: number;

  constructor(private readonly code: Uint8Array, private readonly across: number) {
    const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
    this.#states = [0, 4, 8, 12].map((at) => view.getUint32(at, true));
    this.#word = code.length;
    this.#begin();
  }

  read(down: number): readonly (readonly number[])[] {
    for (let index = 0; index < this.across * down; index++) this.#readBlock(index);
    return this.#blocks;
  }

  #begin(): void {
    const bytes = firstDistributions();
    const view = new DataView(bytes.buffer);
    const names = [['inner', 14, 14, 16], ['edge', 14, 14, 16], ['last', 2, 14, 16], ['lastPlace', 1, 16, 16], ['end', 1, 12, 12], ['endRest', 8, 8, 8], ['constant', 2, 16, 16]] as const;
    let row = 0;
    for (const [name, rows, length, room] of names) {
      for (let i = 0; i < rows; i++, row += 32 * room) {
        for (let j = 0; j < length; j++) {
          const thresholds = Array.from({ length: 8 }, (_, k) => view.getUint16(row + 32 * j + 2 * k, true));
          this.#distributions.set(`${name} ${rows === 1 ? '' : `${String(i)} `}${String(j)}`, { thresholds, uses: 12 });
        }
      }
    }
  }

  #take(low: number, high: number): void {
    const state = this.#states[this.#turn] ?? 0;
    let next = (high - low) * Math.floor(state / 32_768) + (state % 32_768) - low;
    if (next < 65_536) {
      this.#word -= 2;
      next = 65_536 * next + (this.code[this.#word] ?? 0) + 256 * (this.code[this.#word + 1] ?? 0);
    }
    this.#states[this.#turn] = next;
    this.#turn = (this.#turn + 1) % 4;
  }

  #slot(): number {
    return (this.#states[this.#turn] ?? 0) % 32_768;
  }

  #distribution(name: string, other?: Distribution): Distribution {
    const own = this.#distributions.get(name) ?? { thresholds: [...(other?.thresholds ?? [])], uses: 6 };
    this.#distributions.set(name, own);
    return own;
  }

  #symbol(name: string, otherName?: string): number {
    const one = this.#distribution(name);
    const both = otherName === undefined ? [one] : [one, this.#distribution(otherName, one)];
    const other = both[1] ?? one;
    const limits = [0, ...one.thresholds.map((threshold, i) => ((threshold + (other.thresholds[i] ?? 0) + 1) >> 1) + 8 * (i + 1)), 32_768];
    const symbol = limits.findLastIndex((limit) => limit <= this.#slot());
    this.#take(limits[symbol] ?? 0, limits[symbol + 1] ?? 0);
    for (const distribution of both) {
      const rate = Math.floor(65_536 / (2 * distribution.uses + 4));
      distribution.thresholds.forEach((threshold, i) => {
        distribution.thresholds[i] = threshold + ((((i >= symbol ? 32_696 : 0) - threshold) * rate + 16_384) >> 15);
      });
      distribution.uses = Math.min(250, distribution.uses + 1);
    }
    return symbol;
  }

  #bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#bit++) value += (((this.code[16 + (this.#bit >> 3)] ?? 0) >> (this.#bit & 7)) & 1) * 2 ** i;
    return value;
  }

  #number(names: readonly [string, string?], k: number, least: number): number {
    let part = this.#symbol(...names);
    if (part === 8) {
      let e = 0;
      while (this.#bits(1) === 1) e++;
      part = 7 + 2 ** e + this.#bits(e);
    }
    return (part + least) * 2 ** k + this.#bits(k);
  }

  #end(west: number | undefined, north: number | undefined): number {
    const one = west ?? north;
    const sum = one === undefined ? undefined : one + (north ?? one);
    const high = this.#symbol(`end ${String(sum === undefined ? 11 : endSteps.filter((step) => sum >= step).length)}`);
    const near = sum === undefined ? 7 : sum >> 4 === high ? ((sum >> 1) & 7) >> 1 : sum >> 4 < high ? 4 : 5;
    return 8 * high + this.#symbol(`endRest ${String(high)} ${String(near)}`);
  }

  #readBlock(index: number): void {
    const x = index % this.across;
    const hasWest = x > 0;
    const hasNorth = index >= this.across;
    const west = hasWest ? this.#blocks[index - 1] : undefined;
    const north = hasNorth ? this.#blocks[index - this.across] : undefined;
    const northWest = hasWest && hasNorth ? this.#blocks[index - this.across - 1] : undefined;
    const northEast = hasNorth && x + 1 < this.across ? this.#blocks[index - this.across + 1] : undefined;
    const block = new Array<number>(64).fill(0);
    this.#blocks.push(block);
    const end = this.#end(hasWest ? this.#ends[index - 1] : undefined, hasNorth ? this.#ends[index - this.across] : undefined);
    this.#ends.push(end);
    const around = { west, north, northWest, northEast };
    const places = Array.from({ length: end }, (_, i) => end - i);
    for (const isEdge of [false, true]) {
      for (const place of places) {
        const i = naturalOrder[place] ?? 0;
        if ((i < 8 || i % 8 === 0) === isEdge) this.#readOther(block, around, { i, place, end, isEdge, isLearning: index % 4 === 0 });
      }
    }
    this.#means.forEach((mean, i) => {
      this.#means[i] = mean + (((64 * magnitude(block, i) - mean) * 2048 + 16_384) >> 15);
    });
    this.#readConstant(block, around, index);
  }

  #expected({ west, north, northWest, northEast }: Around, i: number): number {
    const w = west ?? north;
    const n = north ?? west;
    return 6 * (magnitude(w, i) + magnitude(n, i)) + 3 * magnitude(northWest ?? w, i) + 2 * magnitude(northEast ?? n, i) + ((this.#means[i] ?? 0) >> 2);
  }

  #guess(block: readonly number[], { west, north }: Around, i: number): Guess | undefined {
    const isRow = i % 8 === 0;
    const from = isRow ? west : north;
    if (from === undefined) return undefined;
    const line = (of: readonly number[]): number[] => Array.from({ length: 8 }, (_, k) => of[isRow ? i + k : i + 8 * k] ?? 0);
    const inputs = [...line(from), 0, ...line(block).slice(1)];
    const weights = this.#lines[isRow ? 6 + i / 8 : i - 1] ?? { values: [] };
    return { inputs, weights, guess: dot(inputs, weights) >> 8 };
  }

  #readOther(block: number[], around: Around, { i, place, end, isEdge, isLearning }: Place): void {
    const a = this.#expected(around, i);
    const b = addedTo(block, i);
    const k = lengthOf((171 * (a + b)) >> 15);
    const guess = isEdge ? this.#guess(block, around, i) : undefined;
    const far = Math.min(8191, Math.abs(guess?.guess ?? 0));
    const l = level((a + 2 * b + (isEdge ? (guess === undefined ? 3 * a : 3 * far + 3) : 0)) >> 1);
    const isLast = place === end;
    const names: [string, string] = isLast
      ? [`last ${String(k > 0 ? 1 : 0)} ${String(l)}`, `lastPlace ${String(end >> 2)}`]
      : [`${isEdge ? 'edge' : 'inner'} ${String(level(a))} ${String(level(b))}`, `own ${String(i)} ${String(l)}`];
    const size = this.#number(names, k, isLast && k === 0 ? 1 : 0);
    block[i] = size !== 0 && this.#isNegative(far, guess?.guess ?? 0) ? -size : size;
    if (guess !== undefined && isLearning) learn(guess, 16 * (block[i] ?? 0), 4);
  }

  #isNegative(far: number, guess: number): boolean {
    if (far < 8) return this.#bits(1) === 1;
    const place = Math.min(19, far >> 2);
    const p = this.#signs[place] ?? 0;
    const isOther = this.#slot() >= p;
    this.#take(isOther ? p : 0, isOther ? 32_768 : p);
    this.#signs[place] = p + (((isOther ? 128 : 32_640) - p) >> 6);
    return guess < 0 !== isOther;
  }

  #readConstant(block: number[], { west, north, northWest, northEast }: Around, index: number): void {
    const w = west?.[0] ?? north?.[0] ?? 0;
    const n = north?.[0] ?? w;
    const nw = northWest?.[0] ?? w;
    const row = (of: readonly number[] | undefined): number[] => Array.from({ length: 7 }, (_, k) => of?.[k + 1] ?? 0);
    const column = (of: readonly number[] | undefined): number[] => Array.from({ length: 7 }, (_, k) => of?.[8 * k + 8] ?? 0);
    const firsts = [w - nw, n - nw, northEast === undefined ? 0 : (northEast[0] ?? 0) - n].map(int16);
    const lines = [row(west), row(west && block), column(north), column(north && block)];
    const inputs = lines.flatMap((line, i) => [firsts[i] ?? 0, ...line]);
    const guess = dot(inputs, this.#constant) >> 8;
    const prediction = held(nw + ((guess + 8) >> 4));
    const before = west === undefined ? (north === undefined ? 200 : (this.#errors[index - this.across] ?? 0)) : (this.#errors[index - 1] ?? 0);
    const over = north === undefined ? before : (this.#errors[index - this.across] ?? 0);
    const v = Math.trunc((2 * (before + over) + Math.abs(w - n) + Math.abs(w - nw) + Math.abs(n - nw)) / 6);
    const k = lengthOf(Math.trunc(v / 6));
    const size = this.#number([`constant ${String(k > 0 ? 1 : 0)} ${String(level(Math.min(8 * v, 8191)))}`], k, 0);
    this.#errors.push(size);
    block[0] = prediction + (size !== 0 && this.#bits(1) === 1 ? -size : size);
    if (west !== undefined && north !== undefined) learn({ inputs, weights: this.#constant, guess }, 16 * (block[0] - nw), 16);
  }
}

interface Around {
  readonly west: readonly number[] | undefined;
  readonly north: readonly number[] | undefined;
  readonly northWest: readonly number[] | undefined;
  readonly northEast: readonly number[] | undefined;
}

interface Place {
  readonly i: number;
  readonly place: number;
  readonly end: number;
  readonly isEdge: boolean;
  readonly isLearning: boolean;
}

function magnitude(block: readonly number[] | undefined, i: number): number {
  return i === 0 ? 0 : Math.min(511, Math.abs(block?.[i] ?? 0));
}

function addedTo(block: readonly number[], i: number): number {
  const at = (dx: number, dy: number): number => ((i & 7) + dx < 8 && (i >> 3) + dy < 8 ? magnitude(block, i + dx + 8 * dy) : 0);
  const x = at(1, 1);
  return 4 * (2 * (at(1, 0) + at(0, 1)) + x + (x >> 1) + at(2, 0) + at(0, 2));
}
