/**
 * The working memory of the predicted mode: arrays that every tile fits into, made once per thread. Hot modules bind them to
 * constants of their own, which lets compilers fold their places and lengths. Nothing in them outlives one call.
 */
import { maxPayloadBytes } from '../../protocol/limits.js';

/** Most entries of planes with their borders: eight channels of 2 by 65,535 samples. */
const maxPlaneEntries = 3 * 1024 * 1024;

/** Values of planes, plane after plane. */
export const valueScratch = new Int32Array(maxPlaneEntries);
/** Absolute prediction errors at the same places, coarse and at most 127. */
export const magnitudeScratch = new Uint8Array(maxPlaneEntries);
/** Prediction errors of all samples, without borders. */
export const errorScratch = new Int32Array(maxPayloadBytes);
/** Classes of all samples. */
export const classScratch = new Uint8Array(maxPayloadBytes);
/** Words of symbols, at most one a sample, and as many zeros behind them. */
export const wordScratch = new Uint16Array(2 * maxPayloadBytes + 16);
