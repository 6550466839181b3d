/**
 * Predicts the tokens of a deflate stream one after the other from the plain bytes, as the modelled encoder
 * would choose them, and codes where the real one chose otherwise. Writing and reading take the same steps. SPEC.md section 6.7.
 *
 * A token is a byte, or (length << 16 | distance); length 259 is 258 in its odd form.
 */
import { fault } from '../errors.js';
import { codeNumber, codeTree, numberContexts, type CorrectionCoder } from './correction-coder.js';
import { distanceBase, distanceExtra, distanceSlot, distanceSymbols, maxDistance, maxMatchBytes, minMatchBytes, oddMatchLength } from './deflate-code.js';
import type { EncoderModel } from './encoder-model.js';
import { MatchFinder, maxRank } from './match-finder.js';
import type { PlainWindow } from './plain-window.js';

// Taken once: looking them up costs where globals are not plain objects.
const { min, max, clz32, abs } = Math;
/** Bytes that must be known after a place (or be all there are) before its token can be predicted. */
export const lookAheadBytes = 1_024;

/** Contexts from 0: is the prediction right; then those of a wrong one. */
const lengthClasses = 10;
const rightContexts = lengthClasses * 3 * 8 * 4;
const literalAt = rightContexts;
const baseAt = literalAt + lengthClasses * 8;
const sameLengthAt = baseAt + lengthClasses;
const shorterAt = sameLengthAt + lengthClasses;
const differenceAt = shorterAt + lengthClasses;
const lengthAt = differenceAt + 2 * numberContexts;
const sameDistanceAt = lengthAt + 256;
const rankAt = sameDistanceAt + lengthClasses;
const slotAt = rankAt + 3 * numberContexts;
const oddAt = slotAt + 32;
/** Contexts that the tokens take, from 0. */
export const tokenContexts = oddAt + 1;

/** How the deferral of a match looked. */
const notDeferred = 0;
const keptMatch = 1;
const deferred = 2;
const historyMask = 3;

/** Follows one stream. */
export class TokenModel {
  /** Where the next token stands. */
  position = 0;
  readonly #finder: MatchFinder;
  #predicted = 0;
  #baseLength = 0;
  #baseDistance = 0;
  #deferral = notDeferred;
  #history = 0;
  /** A search that was already made for a later place. */
  #knownAt = -1;
  #knownLength = 0;
  #knownDistance = 0;
  /** Up to this place the encoder has decided for literals. */
  #literalsTo = 0;

  constructor(
    private readonly window: PlainWindow,
    private readonly model: EncoderModel,
  ) {
    this.#finder = new MatchFinder(window, model);
  }

  /** The token at `position`, which may then be passed. Readers give any `actual`; throws DiceError `recipe-invalid` where none can stand. */
  code(coder: CorrectionCoder, actual: number): number {
    const { window, position } = this;
    if (position >= window.end) throw fault('recipe-invalid', 'Its tokens go beyond the plain bytes.');
    this.#predict();
    const isOdd = actual >>> 16 === oddMatchLength ? 1 : 0;
    const plain = isOdd === 1 ? actual - 0x10000 : actual;
    const predicted = this.#predicted;
    const context = ((classOf(this.#baseLength) * 3 + this.#deferral) * 8 + distanceClass(this.#baseDistance)) * 4 + this.#history;
    const isRight = coder.bit(context, plain === predicted ? 1 : 0);
    this.#history = ((this.#history << 1) | (1 - isRight)) & historyMask;
    let token = isRight === 1 ? predicted : this.#codeOther(coder, plain);
    const length = token >>> 16;
    this.#pass(length);
    if (length === maxMatchBytes && coder.bit(oddAt, isOdd) === 1) token += 0x10000;
    return token;
  }

  /** Passes over bytes of a stored block. */
  skip(bytes: number): void {
    this.position += bytes;
    this.#finder.insertTo(this.position);
    this.#knownAt = -1;
  }

  #pass(length: number): void {
    const finder = this.#finder;
    const end = this.position + max(1, length);
    if (length <= this.model.insert) finder.insertTo(end);
    else {
      finder.insertTo(this.position + 1);
      finder.skipTo(this.model.doesInsertLast ? end - 1 : end);
      if (this.model.doesInsertLast) finder.insertTo(end);
    }
    this.position = end;
  }

  #predict(): void {
    const { position, model } = this;
    this.#deferral = notDeferred;
    this.#first(position);
    const length = this.#baseLength;
    this.#predicted = length > 0 ? (length << 16) | this.#baseDistance : this.window.at(position);
    if (position < this.#literalsTo) {
      this.#predicted = this.window.at(position);
      this.#deferral = deferred;
      return;
    }
    if (length === 0) return;
    const { parsing } = model;
    if (parsing === 'lazy') this.#deferLazily();
    else if (parsing === 'weighing' || parsing === 'weighing2') this.#deferByWeight();
    else if (parsing === 'medium') this.#deferMedium();
  }

  /** The match at the place itself. */
  #first(position: number): void {
    const { model } = this;
    const finder = this.#finder;
    if (this.#knownAt === position) {
      this.#baseLength = this.#knownLength;
      this.#baseDistance = this.#knownDistance;
      return;
    }
    if (model.parsing === 'none') return;
    if (model.parsing === 'fixed') finder.searchAt(position, model.fixedDistance);
    else finder.search(position, model.minLength - 1, model.chain);
    this.#baseLength = finder.length;
    this.#baseDistance = finder.distance;
    if (finder.length === minMatchBytes && finder.distance > model.farDistance) this.#baseLength = 0;
    if (this.#baseLength === 0) this.#baseDistance = 0;
  }

  /** zlib: a longer match one place later makes this one a literal. */
  #deferLazily(): void {
    const { position, model } = this;
    const finder = this.#finder;
    const length = this.#baseLength;
    if (length >= model.lazy) return;
    finder.insertTo(position + 1);
    finder.search(position + 1, length, length >= model.good ? model.chain >> 2 : model.chain);
    this.#deferral = keptMatch;
    if (finder.length === 0) return;
    this.#defer(1);
  }

  /** libdeflate: a match one or two places later that is better by length and by distance. */
  #deferByWeight(): void {
    const { position, model } = this;
    const finder = this.#finder;
    const length = this.#baseLength;
    if (length >= model.nice) return;
    const places = model.parsing === 'weighing2' ? 2 : 1;
    this.#deferral = keptMatch;
    for (let ahead = 1; ahead <= places; ahead++) {
      finder.insertTo(position + ahead);
      finder.search(position + ahead, length - 1, model.chain >> ahead);
      if (finder.length < length) continue;
      const gain = 4 * (finder.length - length) + clz32(finder.distance) - clz32(this.#baseDistance);
      if (gain > (ahead === 1 ? 2 : 6)) {
        this.#defer(ahead);
        return;
      }
    }
  }

  /** zlib-ng: the match after this one, drawn out to the left until it covers this one but for a byte. */
  #deferMedium(): void {
    const { position, model, window } = this;
    const finder = this.#finder;
    const length = this.#baseLength;
    const next = position + length;
    if (length > model.insert || next + 8 > window.end) return;
    finder.insertTo(next);
    finder.search(next, model.minLength - 1, model.chain);
    this.#knownAt = next;
    this.#knownLength = finder.length;
    this.#knownDistance = finder.length === 0 ? 0 : finder.distance;
    if (finder.length === 0) return;
    const distance = finder.distance;
    let drawn = 0;
    while (
      drawn < length && finder.length + drawn < 256 && next - drawn - distance > 1 &&
      window.at(next - drawn - 1) === window.at(next - drawn - 1 - distance)
    ) drawn++;
    this.#deferral = keptMatch;
    if (drawn < length - 1) return;
    const reach = finder.length + drawn;
    if (drawn === length) {
      this.#predicted = (reach << 16) | distance;
      this.#deferral = deferred;
      return;
    }
    finder.length = reach;
    this.#defer(1);
  }

  /** What the finder found `ahead` places later is what the encoder waits for. */
  #defer(ahead: number): void {
    const { position } = this;
    this.#deferral = deferred;
    this.#predicted = this.window.at(position);
    this.#knownAt = position + ahead;
    this.#knownLength = this.#finder.length;
    this.#knownDistance = this.#finder.distance;
    this.#literalsTo = position + ahead;
  }

  /** A token that is not the predicted one. */
  #codeOther(coder: CorrectionCoder, actual: number): number {
    const { window, position } = this;
    const wasMatch = this.#predicted > 0xffff;
    const baseLength = wasMatch ? this.#predicted >>> 16 : this.#baseLength;
    const baseDistance = wasMatch ? this.#predicted & 0xffff : this.#baseDistance;
    const kind = classOf(baseLength);
    if (wasMatch && coder.bit(literalAt + kind * 8 + distanceClass(baseDistance), actual > 0xffff ? 0 : 1) === 1) return window.at(position);
    const base = (baseLength << 16) | baseDistance;
    if (!wasMatch && baseLength > 0 && coder.bit(baseAt + kind, actual === base ? 1 : 0) === 1) return base;
    const length = this.#codeLength(coder, actual >>> 16, baseLength);
    if (position + length > window.end) throw fault('recipe-invalid', 'A match goes beyond the plain bytes.');
    const distance = this.#codeDistance(coder, actual & 0xffff, { length, baseLength, baseDistance });
    return (length << 16) | distance;
  }

  #codeLength(coder: CorrectionCoder, actual: number, base: number): number {
    if (base === 0) return minMatchBytes + codeTree(coder, lengthAt, actual - minMatchBytes, 8);
    const kind = classOf(base);
    if (coder.bit(sameLengthAt + kind, actual === base ? 1 : 0) === 1) return base;
    const isShorter = base > minMatchBytes && (base === maxMatchBytes || coder.bit(shorterAt + kind, actual < base ? 1 : 0) === 1);
    const context = differenceAt + (isShorter ? 0 : numberContexts);
    const most = isShorter ? base - minMatchBytes - 1 : maxMatchBytes - base - 1;
    const difference = codeNumber(coder, context, abs(actual - base) - 1, max(0, most)) + 1;
    return isShorter ? base - difference : base + difference;
  }

  #codeDistance(
    coder: CorrectionCoder,
    actual: number,
    { length, baseLength, baseDistance }: { readonly length: number; readonly baseLength: number; readonly baseDistance: number },
  ): number {
    const kind = length > baseLength ? 0 : length === baseLength ? 1 : 2;
    if (kind === 2 && coder.bit(sameDistanceAt + classOf(length), actual === baseDistance ? 1 : 0) === 1) return baseDistance;
    const finder = this.#finder;
    const { position } = this;
    const hasChains = this.model.parsing !== 'none' && this.model.parsing !== 'fixed';
    const known = hasChains && actual !== 0 ? finder.rank(position, length, { distance: actual, rank: 0 }) : undefined;
    if (hasChains) {
      const rank = codeNumber(coder, rankAt + kind * numberContexts, known === undefined ? 0 : known[0] + 1, maxRank + 1);
      if (rank > 0) return known?.[1] ?? this.#atRank(length, rank - 1);
    }
    const slot = codeTree(coder, slotAt, actual === 0 ? 0 : distanceSlot(actual), 5);
    if (slot >= distanceSymbols) throw fault('recipe-invalid', 'A distance is out of bounds.');
    const distance = distanceBase[slot]! + coder.raw(actual - distanceBase[slot]!, distanceExtra[slot]!);
    this.#checkCopy(length, distance);
    return distance;
  }

  #atRank(length: number, rank: number): number {
    const found = this.#finder.rank(this.position, length, { distance: 0, rank });
    if (found === undefined) throw fault('recipe-invalid', 'A match has no place.');
    return found[1];
  }

  /** What is written must unfold to the plain bytes. */
  #checkCopy(length: number, distance: number): void {
    const { position, window } = this;
    if (distance > min(position, maxDistance)) throw fault('recipe-invalid', 'A distance is out of bounds.');
    for (let i = 0; i < length; i++) {
      if (window.at(position + i) !== window.at(position + i - distance)) throw fault('recipe-invalid', 'A match is none.');
    }
  }
}

function classOf(length: number): number {
  if (length < 8) return length === 0 ? 0 : length - 2;
  return length < 16 ? 6 : length < 32 ? 7 : length < maxMatchBytes ? 8 : 9;
}

function distanceClass(distance: number): number {
  return (31 - clz32(distance | 1)) >> 1;
}
