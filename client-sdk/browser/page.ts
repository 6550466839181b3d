/**
 * What page scripts take of the SDK: its types, its error, its CSV, its rule for passwords. Without the client itself, which runs in the worker, so
 * that its code is not loaded twice. DESIGN.md section 7 (Pages).
 */
export type * from '../api.js';
export { DiceError, isHeadFault } from '../core/errors.js';
export { passwordFlaw } from '../core/keys/password-strength.js';
export { csvOfFigures, csvOfGrowth, type AccountFigures } from '../figures.js';
export { safeParts } from '../safe-path.js';
export type { PickedFile } from './file-source.js';
