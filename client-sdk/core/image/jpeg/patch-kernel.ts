/**
 * Blocks of patches of coefficients, in this thread's kernel (kernel/patches.ts): what is expected of them, where they are other ones,
 * and the coder that says so. One patch is under way at a time, and what lies there is valid until the next. SPEC.md section 5.13.
 */
import { fault } from '../../errors.js';
import type { CoefficientShape } from '../content.js';
import { TooManyCorrections, type CorrectionCoder } from '../correction-coder.js';
import { droppedBytes } from '../patch-body.js';
import { codeBelow, type Bounds } from '../patch-exceptions.js';
import { tileKernel } from '../tile-kernel.js';
import { gainContexts, type Gains } from './coefficient-gains.js';

/** Contexts of blocks, and of gains before them. */
const contexts = gainContexts + 1_405;
/** What the kernel's memory has for code. */
const codeRoom = 0x100000;
/** What the kernel finds wrong, by its number. */
const tooLong = 1;

/** The blocks with exceptions, and how many coefficients are. */
export interface BlockSurvey {
  readonly bounds: Bounds;
  readonly exceptions: number;
}

/** Puts the base, turned, in place; answers the largest magnitude of each frequency. */
export function placeBase(turned: Int16Array): Int32Array {
  const { run, patch } = tileKernel();
  patch.base.set(turned);
  run.findLargest(turned.length / 64);
  return patch.largest.slice();
}

/** Puts what a writer wants in place. */
export function placeWanted(values: Int16Array): void {
  tileKernel().patch.wanted.set(values);
}

/** How many of these coefficients, which it puts in place, are not zero. */
export function countUsed(values: Int16Array): number {
  placeWanted(values);
  return tileKernel().run.countUsed(values.length / 64);
}

/** Finds what is expected of the base under gains. Throws DiceError `recipe-invalid` where a coefficient leaves its 16 bits. */
export function expectBlocks({ across, down }: CoefficientShape, { shifts, factors, offset }: Gains): void {
  const { run, patch } = tileKernel();
  patch.gains.set([...factors, ...shifts, offset]);
  if (run.expectBlocks(across * down) !== 0) throw fault('recipe-invalid', 'A coefficient of a patch leaves its 16 bits.');
}

/** Where other blocks are wanted than expected. Without gains the base's are. */
export function surveyBlocks({ across, down }: CoefficientShape, hasGains: boolean): BlockSurvey {
  const { run, patch } = tileKernel();
  run.surveyPatch(across, across * down, hasGains);
  const [left = 0, top = 0, right = 0, bottom = 0, exceptions = 0] = patch.survey;
  return { bounds: { left, top, right, bottom }, exceptions };
}

/** Codes the exceptional blocks of a tile. Throws DiceError `recipe-invalid`, or TooManyCorrections. */
export function writeBlocks(coder: PatchCoder, { across, down }: CoefficientShape, hasGains: boolean, bounds: Bounds): void {
  const left = codeBelow(coder, bounds.left, across);
  const right = left + codeBelow(coder, bounds.right - left, across - left);
  const top = codeBelow(coder, bounds.top, down);
  const bottom = top + codeBelow(coder, bounds.bottom - top, down - top);
  expectSound(tileKernel().run.codePatch(gainContexts, across, across * down, hasGains, left, top, right, bottom));
}

/** What a reader makes of a tile, which has exceptions if there is a coder left to read: a view. */
export function readBlocks(coder: PatchCoder | undefined, { across, down }: CoefficientShape, hasGains: boolean): Int16Array {
  const { base, expected, wanted } = tileKernel().patch;
  const made = (hasGains ? expected : base).subarray(0, 64 * across * down);
  if (coder === undefined) return made;
  wanted.set(made);
  writeBlocks(coder, { across, down }, hasGains, { left: 0, top: 0, right: 0, bottom: 0 });
  return wanted.subarray(0, made.length);
}

/** The kernel's coder. It throws what those of correction-coder.ts throw. */
export class PatchCoder implements CorrectionCoder {
  readonly #kernel = tileKernel();

  /** Writes at most so many bytes, or reads a shortened run. */
  constructor(work: number | Uint8Array) {
    const { run, bytes, samplesAt } = this.#kernel;
    if (typeof work === 'number') run.beginCorrections(contexts, Math.min(work, codeRoom), false);
    else {
      const length = work.length + droppedBytes;
      if (length > codeRoom) throw fault('recipe-invalid', 'A patch is too long.');
      bytes.set(work, samplesAt);
      bytes.fill(0, samplesAt + work.length, samplesAt + length);
      run.beginCorrections(contexts, length, true);
    }
    this.#expectSound();
  }

  bit(index: number, bit: number): number {
    const coded = this.#kernel.run.correctionBit(index, bit);
    this.#expectSound();
    return coded;
  }

  raw(value: number, count: number): number {
    const coded = this.#kernel.run.correctionBits(value, count);
    this.#expectSound();
    return coded;
  }

  /** A writer's bytes; of a reader, that it read all of a run that a writer ended so. */
  finish(): Uint8Array {
    const { run, bytes, samplesAt } = this.#kernel;
    const length = run.endCorrections();
    this.#expectSound();
    return bytes.slice(samplesAt, samplesAt + length);
  }

  #expectSound(): void {
    expectSound(this.#kernel.run.correctionTrouble());
  }
}

function expectSound(trouble: number): void {
  if (trouble === tooLong) throw new TooManyCorrections();
  if (trouble !== 0) throw fault('recipe-invalid', 'A patch of coefficients is malformed.');
}
