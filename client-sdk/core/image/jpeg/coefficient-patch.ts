/**
 * Patches of tiles of coefficients: what turns the content of a stored tile into that of a new one of a copy that was turned,
 * cropped, edited or saved anew. A patch says which window of the stored tile is looked at, how each frequency changed, and
 * which blocks are other ones. It knows nothing of files. SPEC.md section 5.13.
 */
import { fault } from '../../errors.js';
import { maxPatchBytes } from '../../patch-list.js';
import { checkCoefficientShape, coefficientShapeOf, type CoefficientShape } from '../content.js';
import { droppedBytes, isWithin, shortened } from '../patch-body.js';
import { isInside, turnedSize, type BaseView } from '../patch-prediction.js';
import { ByteReader, ByteWriter } from '../varint.js';
import { fitGains } from './coefficient-gain-fit.js';
import { codeGains, type Gains } from './coefficient-gains.js';
import { contentOf, predictBlocks, sizeOf, valuesOf } from './coefficient-prediction.js';
import { countUsed, expectBlocks, PatchCoder, placeBase, placeWanted, readBlocks, surveyBlocks, writeBlocks, type BlockSurvey } from './patch-kernel.js';

/** Bits of the first byte of a patch. */
const orientationBits = 7;
const sizeBit = 8;
const gainsBit = 16;
const blocksBit = 32;
const unusedBits = 0xc0;
/** Gains are looked for where more than one in so many coefficients changed. */
const changedShare = 256;
/** A guess is tried that has at most so many times the exceptions of the best one. */
const nearlyBest = 1.2;

/** A coefficient that is not zero takes about 0.6 bytes in a coded tile: a patch is worth it that takes half as much. */
const valuesPerByte = 3;
const leastPatchBytes = 64;

/** How long a patch that makes `target` may be for it to pay, compared with the tile coded by itself. Throws DiceError `recipe-invalid` where it is no tile of coefficients. */
export function worthwhilePatchBytes(target: Uint8Array): number {
  coefficientShapeOf(target);
  return Math.min(maxPatchBytes, Math.max(leastPatchBytes, Math.floor(countUsed(valuesOf(target)) / valuesPerByte)));
}

/**
 * The patch that makes `target` of `base`, both contents of tiles of coefficients, or undefined where it would be longer than
 * `maxBytes`, the window is not inside the base, or
 * a coefficient of -32,768 would have to be negated. Throws DiceError `recipe-invalid` where one of them is no such content.
 */
export function makeCoefficientPatch(target: Uint8Array, base: Uint8Array, view: BaseView, maxBytes: number): Uint8Array | undefined {
  const shape = coefficientShapeOf(target);
  const baseShape = coefficientShapeOf(base);
  if (!isInside(sizeOf(shape), sizeOf(baseShape), view)) return undefined;
  const turned = predictBlocks(shape, { shape: baseShape, values: valuesOf(base) }, view);
  if (turned === undefined) return undefined;
  return new CoefficientPatchWriter(shape, { values: valuesOf(target), turned }, headOf(shape, baseShape, view), maxBytes).shortest();
}

/**
 * The content that `patch` makes of the content `base`. Throws DiceError `recipe-invalid` for a patch of any other form than
 * section 5.13 gives.
 */
export function applyCoefficientPatch(patch: Uint8Array, base: Uint8Array): Uint8Array<ArrayBuffer> {
  const baseShape = coefficientShapeOf(base);
  const reader = new ByteReader(patch);
  const first = reader.byte();
  const { shape, view } = readHead(reader, first, baseShape);
  if ((first & unusedBits) !== 0) throw fault('recipe-invalid', 'A patch has an unknown form.');
  const turned = predictBlocks(shape, { shape: baseShape, values: valuesOf(base) }, view);
  if (turned === undefined) throw fault('recipe-invalid', 'A coefficient has no negative.');
  if ((first & (gainsBit | blocksBit)) === 0) {
    reader.end();
    return contentOf(turned, shape);
  }
  return contentOf(readBody(reader.bytes(reader.remaining), { shape, turned }, first), shape);
}

function readBody(body: Uint8Array, { shape, turned }: { readonly shape: CoefficientShape; readonly turned: Int16Array }, first: number): Int16Array {
  const largest = placeBase(turned);
  const coder = new PatchCoder(body);
  const hasGains = (first & gainsBit) !== 0;
  if (hasGains) expectBlocks(shape, codeGains(coder, largest, undefined));
  const values = readBlocks((first & blocksBit) === 0 ? undefined : coder, shape, hasGains);
  coder.finish();
  return values;
}

/** What a patch begins with, but for the bits of its body in the first byte. */
function headOf(shape: CoefficientShape, base: CoefficientShape, view: BaseView): Uint8Array<ArrayBuffer> {
  const turned = turnedSize(sizeOf(base), view.orientation);
  const hasSize = turned.width !== shape.across || turned.height !== shape.down;
  const writer = new ByteWriter();
  writer.byte(view.orientation | (hasSize ? sizeBit : 0));
  if (hasSize) for (const value of [shape.across - 1, shape.down - 1, view.x, view.y]) writer.varint(value);
  return writer.take();
}

function readHead(reader: ByteReader, first: number, base: CoefficientShape): { readonly shape: CoefficientShape; readonly view: BaseView } {
  const orientation = first & orientationBits;
  const { width, height } = turnedSize(sizeOf(base), orientation);
  if ((first & sizeBit) === 0) return { shape: { across: width, down: height }, view: { orientation, x: 0, y: 0 } };
  const shape = { across: reader.varint(width - 1) + 1, down: reader.varint(height - 1) + 1 };
  const view = { orientation, x: reader.varint(width - shape.across), y: reader.varint(height - shape.down) };
  if (shape.across === width && shape.down === height) throw fault('recipe-invalid', 'A patch names the size of its base.');
  checkCoefficientShape(shape);
  return { shape, view };
}

/** A way to write a patch. */
interface Guess {
  readonly gains: Gains | undefined;
  readonly survey: BlockSurvey;
}

/** Tries the ways to write one patch. */
class CoefficientPatchWriter {
  #best: Uint8Array | undefined;
  readonly #largest: Int32Array;
  /** Under which blocks are expected now, if any. */
  #expected: Gains | undefined;

  constructor(
    private readonly shape: CoefficientShape,
    private readonly found: { readonly values: Int16Array; readonly turned: Int16Array },
    private readonly head: Uint8Array,
    private readonly maxBytes: number,
  ) {
    this.#largest = placeBase(found.turned);
    placeWanted(found.values);
  }

  shortest(): Uint8Array | undefined {
    const plain = this.#guess(undefined);
    if (this.head.length > this.maxBytes) return undefined;
    if (plain.survey.exceptions === 0) return this.head;
    const { values, turned } = this.found;
    const fitted = plain.survey.exceptions * changedShare > values.length ? fitGains(values, turned, this.#largest) : [];
    const guesses = [plain, ...fitted.flatMap((gains) => this.#guessWithin(gains))].sort((a, b) => a.survey.exceptions - b.survey.exceptions);
    const least = guesses[0]?.survey.exceptions ?? 0;
    for (const guess of guesses) if (guess.survey.exceptions <= nearlyBest * (least + 1)) this.#try(guess);
    return this.#best;
  }

  get #limit(): number {
    return this.#best === undefined ? this.maxBytes : this.#best.length - 1;
  }

  /** None where coefficients would leave their 16 bits. */
  #guessWithin(gains: Gains): readonly Guess[] {
    const top = this.#largest.reduce((most, magnitude, k) => Math.max(most, (magnitude * gains.factors[k]! + Math.abs(gains.offset)) / 2 ** gains.shifts[k]!), 0);
    return top >= 0x7fff ? [] : [this.#guess(gains)];
  }

  #guess(gains: Gains | undefined): Guess {
    this.#expect(gains);
    return { gains, survey: surveyBlocks(this.shape, gains !== undefined) };
  }

  #expect(gains: Gains | undefined): void {
    if (gains === undefined || gains === this.#expected) return;
    expectBlocks(this.shape, gains);
    this.#expected = gains;
  }

  /** Keeps the patch if it is the shortest. */
  #try(guess: Guess): void {
    const { gains, survey } = guess;
    // An exception takes two bits at least: its sign, and more for the others.
    if (survey.exceptions > 8 * this.#limit) return;
    const { head } = this;
    isWithin(() => {
      const body = this.#bodyOf(guess);
      const patch = new Uint8Array(head.length + body.length);
      patch.set(head);
      patch.set(body, head.length);
      patch[0] = patch[0]! | (gains === undefined ? 0 : gainsBit) | (survey.exceptions === 0 ? 0 : blocksBit);
      this.#best = patch;
    });
  }

  #bodyOf({ gains, survey: { bounds, exceptions } }: Guess): Uint8Array {
    this.#expect(gains);
    const coder = new PatchCoder(this.#limit - this.head.length + droppedBytes);
    if (gains !== undefined) codeGains(coder, this.#largest, gains);
    if (exceptions > 0) writeBlocks(coder, this.shape, gains !== undefined, bounds);
    return shortened(coder.finish());
  }
}
