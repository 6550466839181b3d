/**
 * This thread's kernel of the tile coder, made at first use, with its tables in place, and views of its memory. It knows where
 * things lie there (kernel/memory.ts), not what tiles mean. SPEC.md sections 5.4 to 5.7, 5.10, 5.12 and 5.13.
 */
import { firstDistributions } from './coefficient-priors.js';
import { levelBounds, levelTables, restBitsOfAll, usualLevels } from './residual-levels.js';
import { type Kernel, newKernel } from './tile-kernel-code.js';

/** Numbers of areas, as in kernel/memory.ts. */
const areas = { samples: 0, slots: 1, parts: 2, reciprocals: 3, costs: 4, levels: 5, models: 6, classes: 7, present: 8, ranks: 9, evenWordsEnd: 10, lattice: 11, wanted: 12, base: 13, expected: 14, gains: 15, largest: 16, survey: 17 } as const;
/** Energies at which classes begin: 4 * 2^(0.6 (k - 1)), rounded. */
export const classStarts = [0, 4, 6, 9, 14, 21, 32, 49, 74, 111, 169, 256, 388, 588, 891, 1351];
export const classCount = 16;
export const weightCount = 12;
const modelInts = 64;
const blockRoom = 0x80000;
/** One more than the largest energy, rounded up. */
const energies = 0x1100;
const reciprocalBits = 43n;
const maxFrequency = 4096;

/** Fields of a model, in 32-bit integers from its begin. */
export const fields = { constant: 0, value: 1, linear: 2, coarse: 3, family: 4, weights: 5, levels: 17 } as const;

/** The kernel and its memory. */
export interface TileKernel {
  readonly run: Kernel;
  /** All of the memory. */
  readonly bytes: Uint8Array;
  /** Where samples, or a code, are put. */
  readonly samplesAt: number;
  /** By value: whether it occurs, and what takes its place. */
  readonly present: Uint8Array;
  readonly ranks: Int32Array;
  readonly models: Int32Array;
  /** Where the words of even rows end. */
  readonly evenWordsEnd: number;
  /** Where the code of the lattice mode is written. */
  readonly latticeAt: number;
  readonly patch: PatchAreas;
}

/** What patches of coefficients are made of, each with room for the largest tile. */
export interface PatchAreas {
  readonly wanted: Int16Array;
  readonly base: Int16Array;
  readonly expected: Int16Array;
  /** The factor of each frequency, then the shift of each, then the offset. */
  readonly gains: Int32Array;
  /** Of each frequency. */
  readonly largest: Int32Array;
  /** Left, top, right, bottom, and how many coefficients. */
  readonly survey: Int32Array;
}

let made: TileKernel | undefined;

/** The kernel of this thread. What its memory holds is valid until the next tile. */
export function tileKernel(): TileKernel {
  made ??= make();
  return made;
}

/** Begin of the model of plane `c` among the models. */
export function modelOf(c: number): number {
  return modelInts * c;
}

function make(): TileKernel {
  const run = newKernel();
  const { buffer } = run.memory;
  const placeOf = (area: keyof typeof areas): number => run.place(areas[area]);
  const { slots, parts, costs, reaches } = levelTables();
  new Int8Array(buffer, placeOf('slots')).set(slots);
  new Int32Array(buffer, placeOf('parts')).set(parts);
  new Uint16Array(buffer, placeOf('costs')).set(costs);
  new Int32Array(buffer, placeOf('levels')).set([...reaches, ...restBitsOfAll(), ...levelBounds, ...usualLevels, ...classStarts, energies]);
  new BigUint64Array(buffer, placeOf('reciprocals'), maxFrequency).set(reciprocals());
  new Uint8Array(buffer, placeOf('classes')).set(classes());
  new Uint8Array(buffer, run.firstDistributions()).set(firstDistributions());
  return {
    run,
    bytes: new Uint8Array(buffer),
    samplesAt: placeOf('samples'),
    present: new Uint8Array(buffer, placeOf('present'), 0x10000),
    ranks: new Int32Array(buffer, placeOf('ranks'), 0x10000),
    models: new Int32Array(buffer, placeOf('models'), modelInts * 8),
    evenWordsEnd: placeOf('evenWordsEnd'),
    latticeAt: placeOf('lattice'),
    patch: {
      wanted: new Int16Array(buffer, placeOf('wanted'), blockRoom),
      base: new Int16Array(buffer, placeOf('base'), blockRoom),
      expected: new Int16Array(buffer, placeOf('expected'), blockRoom),
      gains: new Int32Array(buffer, placeOf('gains'), 2 * 64 + 1),
      largest: new Int32Array(buffer, placeOf('largest'), 64),
      survey: new Int32Array(buffer, placeOf('survey'), 5),
    },
  };
}

/** 2^43 divided by each frequency, rounded up: what a state is multiplied by to divide it. */
function reciprocals(): BigUint64Array {
  return BigUint64Array.from({ length: maxFrequency }, (_, frequency) => {
    const divisor = BigInt(Math.max(1, frequency));
    return ((1n << reciprocalBits) + divisor - 1n) / divisor;
  });
}

function classes(): Uint8Array {
  return Uint8Array.from({ length: energies }, (_, energy) => classStarts.findLastIndex((start) => start <= energy));
}
