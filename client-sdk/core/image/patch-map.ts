/**
 * How all samples of a channel changed alike: a map of values, as a straight line and, where that is not all, a
 * table of corrections to it for the values that occur. Brightness, contrast, gamma, inversion. SPEC.md section 5.9.
 */
import { fault } from '../errors.js';
import { codeNumber, numberContexts, type CorrectionCoder } from './correction-coder.js';

/** A value v becomes floor((slope * v + offset) / 2^shift), held within its depth. */
export interface Line {
  readonly shift: number;
  readonly slope: number;
  readonly offset: number;
}

/** What becomes of the values of a channel: `table[v]` for those that occur, or the line where there is none. */
export interface ValueMap {
  readonly line: Line;
  readonly table: Int32Array | undefined;
}

/** The samples of one channel: `start`, `start + step`, ... of `samples`. */
export interface Channel {
  readonly samples: Int32Array;
  readonly start: number;
  readonly step: number;
}

export const identity: Line = { shift: 0, slope: 1, offset: 0 };
/** Bits of a fraction of a line. */
export const maxShift = 20;
/** A slope is from -32 to just below 32, an offset from -2^21 to just below 2^21; both are written as a number. */
const maxSlopeNumber = 63;
const maxOffsetNumber = 0x3fffff;
const { floor, min, max } = Math;

const isNewLine = 0;
const hasTable = 1;
const slopeContext = 2;
const offsetContext = slopeContext + numberContexts;
/** At 12 * follows + 3 * (the last two steps were not zero) + gap: whether the step is not zero. */
const isStep = offsetContext + numberContexts;
const isFall = isStep + 24;
const stepContext = isFall + 2;
/** Contexts that `mapCoder` needs. */
export const mapContexts = stepContext + numberContexts;

/** Values of a signed number one after the other: 0, -1, 1, -2, ... */
export function fold(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}

/** What `fold` was given. */
export function unfold(folded: number): number {
  return (folded & 1) === 0 ? folded >>> 1 : -((folded + 1) >>> 1);
}

/** Whether two lines are written alike. */
export function isSame(a: Line, b: Line): boolean {
  return a.shift === b.shift && a.slope === b.slope && a.offset === b.offset;
}

/** Whether the line can be written. */
export function isLine({ shift, slope, offset }: Line): boolean {
  const scale = 2 ** shift;
  return fold(floor(slope / scale) - 1) <= maxSlopeNumber && fold(floor(offset / scale)) <= maxOffsetNumber;
}

/** What `line` makes of `value` where the highest sample is `top`. */
export function onLine({ shift, slope, offset }: Line, value: number, top: number): number {
  // Below 2^53 throughout, so that nothing is rounded.
  return max(0, min(top, floor((slope * value + offset) / 2 ** shift)));
}

/** 1 for every value that occurs in the channel. */
export function occurring({ samples, start, step }: Channel, depth: number): Uint8Array {
  const occurs = new Uint8Array(2 ** depth);
  for (let i = start; i < samples.length; i += step) occurs[samples[i]!] = 1;
  return occurs;
}

/** Codes the maps of the channels, one call for each, in order. Throws DiceError `recipe-invalid` for one that no writer makes. */
export class MapCoder {
  #line = identity;
  #isIdle = true;
  /** Corrections of the channel before that had a table, and for which values. */
  #corrections: Int32Array;
  #known: Uint8Array;

  constructor(
    private readonly coder: CorrectionCoder,
    private readonly firstContext: number,
    depth: number,
  ) {
    this.#corrections = new Int32Array(2 ** depth);
    this.#known = new Uint8Array(2 ** depth);
  }

  /** Whether the maps so far leave everything as it is. */
  get isIdle(): boolean {
    return this.#isIdle;
  }

  /** Codes a map (a reader's is ignored) and answers what becomes of each value that occurs. */
  code({ line, table }: ValueMap, occurs: Uint8Array): Int32Array {
    const { coder, firstContext } = this;
    if (coder.bit(firstContext + isNewLine, isSame(line, this.#line) ? 0 : 1) === 1) {
      const coded = this.#codeLine(line);
      if (isSame(coded, this.#line)) throw fault('recipe-invalid', 'A patch repeats a line.');
      this.#line = coded;
    }
    const isTable = coder.bit(firstContext + hasTable, table === undefined ? 0 : 1) === 1;
    const top = occurs.length - 1;
    const values = new Int32Array(occurs.length);
    for (let v = 0; v < occurs.length; v++) if (occurs[v] === 1) values[v] = onLine(this.#line, v, top);
    if (isTable) this.#codeTable(values, occurs, table ?? values);
    if (isTable || !isSame(this.#line, identity)) this.#isIdle = false;
    return values;
  }

  #codeLine(line: Line): Line {
    const { coder, firstContext } = this;
    const shift = coder.raw(line.shift, 5);
    if (shift > maxShift) throw fault('recipe-invalid', 'A line of a patch is out of bounds.');
    const scale = 2 ** shift;
    const whole = unfold(codeNumber(coder, firstContext + slopeContext, fold(floor(line.slope / scale) - 1), maxSlopeNumber)) + 1;
    const slope = whole * scale + fraction(coder, line.slope, shift);
    const base = unfold(codeNumber(coder, firstContext + offsetContext, fold(floor(line.offset / scale)), maxOffsetNumber));
    return { shift, slope, offset: base * scale + fraction(coder, line.offset, shift) };
  }

  /** Corrections in the order of the values: each is the one before, changed as in the channel before, plus a step. */
  #codeTable(values: Int32Array, occurs: Uint8Array, wanted: Int32Array): void {
    const known = this.#known;
    const before = this.#corrections;
    const corrections = new Int32Array(occurs.length);
    const top = occurs.length - 1;
    const state: StepState = { history: 0, isFalling: 0 };
    let last = -1;
    let correction = 0;
    let all = 0;
    for (let v = 0; v < occurs.length; v++) {
      if (occurs[v] === 0) continue;
      const follows = last >= 0 && known[v] === 1 && known[last] === 1;
      if (follows) correction += before[v]! - before[last]!;
      const context = (follows ? 12 : 0) + min(v - last, 3) - 1;
      correction += this.#codeStep(wanted[v]! - values[v]! - correction, context, state);
      values[v] = values[v]! + correction;
      if (values[v]! < 0 || values[v]! > top) throw fault('recipe-invalid', 'A table of a patch leaves the depth.');
      corrections[v] = correction;
      all |= correction;
      last = v;
    }
    if (all === 0) throw fault('recipe-invalid', 'A table of a patch corrects nothing.');
    this.#corrections = corrections;
    this.#known = occurs;
  }

  #codeStep(step: number, context: number, state: StepState): number {
    const { coder, firstContext } = this;
    const isThere = coder.bit(firstContext + isStep + context + 3 * state.history, step === 0 ? 0 : 1);
    state.history = ((state.history << 1) | isThere) & 3;
    if (isThere === 0) return 0;
    state.isFalling = coder.bit(firstContext + isFall + state.isFalling, step < 0 ? 1 : 0);
    const size = 1 + codeNumber(coder, firstContext + stepContext, (step < 0 ? -step : step) - 1, 0x3ffff);
    return state.isFalling === 1 ? -size : size;
  }
}

/** Whether the last two steps were not zero, and whether the last of these fell. */
interface StepState {
  history: number;
  isFalling: number;
}

/** The low `bits` (0 .. 20) bits of a number, raw. */
function fraction(coder: CorrectionCoder, value: number, bits: number): number {
  const part = value - floor(value / 2 ** bits) * 2 ** bits;
  const low = min(bits, 10);
  const high = coder.raw(part >>> low, bits - low);
  return (high << low) | coder.raw(part & ((1 << low) - 1), low);
}
