/**
 * The tile coder's kernel: what the outside may call. It works in its own memory, at places that `place` tells, on what the outside has
 * put there and checked; it allocates nothing and calls nothing. SPEC.md sections 5.4 to 5.7, 5.10, 5.12 and 5.13.
 */
export { place } from './memory';
export { addFirst, begin, chooseColour, equalPixels, isFlat, isWithin, mapValues, markValues, readSamples, writeSamples } from './planes';
export { analysePlane } from './errors';
export { evenWords, oddWordsEnd, readSymbols, writeSymbols } from './symbols';
export { isLattice, readLattice, writeLattice } from './lattice';
export { firstDistributions, readCoefficients, writeCoefficients } from './coefficients';
export { beginCorrections, correctionBit, correctionBits, correctionTrouble, endCorrections } from './corrections';
export { codePatch, countUsed, expectBlocks, findLargest, surveyPatch } from './patches';
