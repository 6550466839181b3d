/**
 * What is supposed of the encoder of a deflate stream: how it looks for matches and chooses among them. A wrong
 * supposition costs corrections, never exactness. SPEC.md section 6.7.
 */
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import { maxDistance } from './deflate-code.js';
import { integerOf, listOf } from './recipe-members.js';

/** Ways to choose the next token; their places in this list stand in recipes. */
export const parsings = ['none', 'fixed', 'greedy', 'lazy', 'weighing', 'weighing2', 'medium'] as const;
/** See `parsings`: no matches; matches at one distance; the first match; zlib's deferral; libdeflate's by one and two places; zlib-ng's. */
export type Parsing = (typeof parsings)[number];

/** The model of an encoder. */
export interface EncoderModel {
  readonly parsing: Parsing;
  /** Multiplier of the hash of four bytes; 0 is zlib's rolling hash of three. */
  readonly multiplier: number;
  readonly hashBits: number;
  /** The hash of four bytes is that of the next number, from bit 16 on: Chromium's. */
  readonly hasMiddleHash: boolean;
  /** A table of three bytes, nearest place only, beside that of four. */
  readonly hasShortTable: boolean;
  /** Candidates that one search looks at. */
  readonly chain: number;
  /** A match of this length ends a search. */
  readonly nice: number;
  /** With a match of this length at hand the next search looks at a quarter. */
  readonly good: number;
  /** Matches of this length are not deferred. */
  readonly lazy: number;
  /** Longest match whose inner positions are inserted. */
  readonly insert: number;
  /** Of longer matches the last position is inserted too. */
  readonly doesInsertLast: boolean;
  /** Shortest match. */
  readonly minLength: number;
  /** Matches of three bytes from farther away are not taken. */
  readonly farDistance: number;
  readonly maxDistance: number;
  /** The one distance of parsing `fixed`. */
  readonly fixedDistance: number;
}

/** A model with its name, for `dice info`. */
export interface NamedModel {
  readonly name: string;
  readonly model: EncoderModel;
}

const zlibDistance = maxDistance - 262;
const libdeflateDistance = maxDistance - 1;
const zlibNgMultiplier = 0x9e3779b1 | 0;
const libdeflateMultiplier = 0x1e35a7bd;
const chromiumMultiplier = 66_521;

const plain: EncoderModel = {
  parsing: 'none', multiplier: 0, hashBits: 15, hasMiddleHash: false, hasShortTable: false, chain: 1, nice: 258, good: 258, lazy: 258, insert: 258, doesInsertLast: false,
  minLength: 3, farDistance: maxDistance, maxDistance: zlibDistance, fixedDistance: 1,
};

/** good, lazy, nice, chain of zlib's levels 1 to 9. */
const zlibLevels = [
  [4, 4, 8, 4], [4, 5, 16, 8], [4, 6, 32, 32], [4, 4, 16, 16], [8, 16, 32, 32], [8, 16, 128, 128], [8, 32, 128, 256], [32, 128, 258, 1_024],
  [32, 258, 258, 4_096],
] as const;
/** good, lazy, nice, chain of zlib-ng's levels 2 to 8. */
const zlibNgLevels = [
  [4, 4, 8, 4], [4, 6, 16, 6], [4, 12, 32, 24], [8, 16, 32, 32], [8, 16, 128, 128], [8, 32, 128, 256], [32, 128, 258, 1_024],
] as const;
/** chain, nice of libdeflate's levels 2 to 9; then two for its optimal parsing. */
const libdeflateLevels = [[6, 10], [12, 14], [16, 30], [16, 30], [35, 65], [100, 130], [300, 258], [600, 258], [35, 75], [100, 150]] as const;

/** The models that are tried, by name. */
export function knownModels(): readonly NamedModel[] {
  const models: NamedModel[] = [{ name: 'no matches', model: plain }];
  for (const fixedDistance of [1, 2, 3, 4, 6, 8]) {
    models.push({ name: `matches at distance ${fixedDistance}`, model: { ...plain, parsing: 'fixed', fixedDistance } });
  }
  for (const i of zlibLevels.keys()) {
    models.push({ name: `zlib level ${i + 1}`, model: zlibModel(i + 1) });
    const chromium = { ...zlibModel(i + 1), multiplier: chromiumMultiplier, hasMiddleHash: true };
    models.push({ name: `Chromium level ${i + 1}`, model: chromium });
  }
  const quick = { ...plain, parsing: 'greedy' as const, multiplier: zlibNgMultiplier, hashBits: 16, insert: 0, minLength: 4 };
  models.push({ name: 'zlib-ng level 1', model: quick });
  for (const [i, [good, lazy, nice, chain]] of zlibNgLevels.entries()) {
    const parsing = i === 0 ? 'greedy' : i < 5 ? 'medium' : 'lazy';
    const limits = { good, lazy, nice, chain, insert: i === 0 ? lazy : i < 5 ? 16 * lazy : 258, doesInsertLast: true };
    models.push({ name: `zlib-ng level ${i + 2}`, model: { ...quick, ...limits, parsing } });
  }
  const fastest = { ...plain, parsing: 'greedy' as const, multiplier: libdeflateMultiplier, chain: 2, nice: 32, minLength: 4, maxDistance: libdeflateDistance };
  models.push({ name: 'libdeflate level 1', model: fastest });
  for (const [i, [chain, nice]] of libdeflateLevels.entries()) {
    const parsing = i < 3 ? 'greedy' : i < 6 ? 'weighing' : 'weighing2';
    const model = { ...fastest, parsing, hashBits: 16, hasShortTable: true, chain, nice, lazy: nice, minLength: 3, farDistance: 8_192 } as const;
    models.push({ name: `libdeflate level ${i + 2}`, model });
  }
  const thorough = { ...plain, parsing: 'lazy' as const, chain: 512, maxDistance };
  models.push({ name: 'an optimal parser', model: thorough });
  return models;
}

/** zlib at a level, 1 to 9. */
function zlibModel(level: number): EncoderModel {
  const [good, lazy, nice, chain] = zlibLevels[level - 1]!;
  const limits = { ...plain, good, lazy, nice, chain };
  return level < 4 ? { ...limits, parsing: 'greedy', insert: lazy } : { ...limits, parsing: 'lazy', farDistance: 4_096 };
}

/** The known encoder that `model` is fitted from, in words. */
export function describeModel(model: EncoderModel): string {
  const keyOf = (any: EncoderModel): string => {
    const hashBits = any.multiplier === 0 ? plain.hashBits : any.hashBits;
    return members({ ...any, minLength: 3, farDistance: 1, hashBits }).join();
  };
  const key = keyOf(model);
  return knownModels().find((known) => keyOf(known.model) === key)?.name ?? 'none that is known';
}

/** The model as recipes write it. */
export function modelValue(model: EncoderModel): CborValue {
  return members(model);
}

function members(model: EncoderModel): readonly number[] {
  return [
    parsings.indexOf(model.parsing), model.multiplier >>> 0, model.hashBits, model.hasMiddleHash ? 1 : 0, model.hasShortTable ? 1 : 0, model.chain, model.nice,
    model.good, model.lazy, model.insert, model.doesInsertLast ? 1 : 0, model.minLength, model.farDistance, model.maxDistance, model.fixedDistance,
  ];
}

/** Bounds of the members in their order. */
const bounds = [
  [0, parsings.length - 1], [0, 0xffffffff], [8, 16], [0, 1], [0, 1], [1, 4_096], [3, 258], [3, 258], [3, 258], [0, 4_096], [0, 1], [3, 258], [1, 32_768],
  [1, 32_768], [1, 32_768],
] as const;

/** The model that a recipe names. Throws DiceError `recipe-invalid`. */
export function modelOf(value: CborValue | undefined): EncoderModel {
  const members = listOf(value, bounds.length);
  if (members.length !== bounds.length) throw fault('recipe-invalid', 'The model of its encoder is malformed.');
  const numbers = bounds.map(([min, max], i) => integerOf(members[i], min, max));
  return {
    parsing: parsings[numbers[0]!]!,
    multiplier: numbers[1]! | 0,
    hashBits: numbers[2]!,
    hasMiddleHash: numbers[3] === 1,
    hasShortTable: numbers[4] === 1,
    chain: numbers[5]!,
    nice: numbers[6]!,
    good: numbers[7]!,
    lazy: numbers[8]!,
    insert: numbers[9]!,
    doesInsertLast: numbers[10] === 1,
    minLength: numbers[11]!,
    farDistance: numbers[12]!,
    maxDistance: numbers[13]!,
    fixedDistance: numbers[14]!,
  };
}
