/**
 * How the contexts of the predicted mode lie in their two tables: class of the plane, then energy or neighbourhood, then
 * decision; after all of them the escapes. SPEC.md section 5.7.
 */

/** Decisions of one context: 12 unary, 3 and 6 for the two bits below, then unused. */
export const nodes = 24;
export const maxUnary = 12;
export const firstLowNode = 12;
export const secondLowNode = 15;
/** Classes of planes: first, second, all others. */
export const classes = 3;
export const energies = 32;
/** Contexts of the second estimate in one class: 8 shifts, 8 and 8 errors. */
export const neighbourhoods = 512;
/** Contexts for the exponents of escapes in one class. */
export const escapes = 20;
/** Where the exponents of escapes lie in the two tables. */
export const firstEscape = classes * energies * nodes;
export const secondEscape = classes * neighbourhoods * nodes;
