/**
 * Where everything lies in the kernel's memory, in bytes: fixed places, each as large as the largest tile needs. Nothing is
 * ever allocated. The outside knows the places from `place`. SPEC.md sections 5.4 to 5.7, 5.10, 5.12 and 5.13.
 */

/** Places that the outside asks for. */
const enum Area { Samples, Slots, Parts, Reciprocals, Costs, Levels, Models, Classes, Present, Ranks, EvenWordsEnd, Lattice, Wanted, Base, Expected, Gains, Largest, Survey }

/** Most bytes of samples, and of code. */
export const maxBytes: usize = 0x100000;
/** Most entries of planes with their borders, and what vectors reach beyond. */
export const maxEntries: usize = 0x300000 + 0x1000;
/** Room before and behind code, for what a reader takes before it looks where it is. */
export const codeMargin: usize = 0x1000;

export const distributions: usize = 56;
export const classCount: usize = 16;
/** Energies are at most 33 magnitudes of 127. */
export const energies: usize = 0x1100;
export const weightCount: usize = 12;
export const maxChannels: usize = 8;

/** Samples as in a content; or a code, between margins. */
export const samplesAt: usize = 0x1000 + codeMargin;
export const slotsAt: usize = samplesAt + maxBytes + 2 * codeMargin;
export const partsAt: usize = slotsAt + distributions * 4096;
export const reciprocalsAt: usize = partsAt + distributions * 256 * 4;
export const costsAt: usize = reciprocalsAt + 4096 * 8;
/** 32-bit integers: reach of each distribution, raw bits of its escapes, 28 bounds of levels, 16 usual levels, starts of classes. */
export const reachesAt: usize = costsAt + distributions * 256 * 2;
export const restBitsAt: usize = reachesAt + 4 * distributions;
export const boundsAt: usize = restBitsAt + 4 * distributions;
export const usualAt: usize = boundsAt + 4 * 28;
/** Where the energies of classes begin, and the end of the last; then the class of each energy. */
export const classStartsAt: usize = usualAt + 4 * classCount;
export const classOfAt: usize = classStartsAt + 4 * (classCount + 1) + 4;
/** By energy, for the plane at hand: the distribution, and the raw bits that follow its symbols. */
export const distributionOfAt: usize = classOfAt + energies;
export const lowBitsOfAt: usize = distributionOfAt + energies;
/** Models of planes, see model.ts. */
export const modelsAt: usize = lowBitsOfAt + energies;
export const modelBytes: usize = 256;
/** One byte for each possible value that occurs. */
export const presentAt: usize = modelsAt + modelBytes * maxChannels;
/** What takes the place of each value. */
export const ranksAt: usize = presentAt + 0x10000;
/** Working rows of one block: what is known of predictions and energies. */
export const blocksAt: usize = ranksAt + 4 * 0x10000;
/** Features of 64 samples, one row of 16-bit integers each; then sums of their products. */
export const featuresAt: usize = blocksAt + 0x400;
export const productsAt: usize = featuresAt + 16 * 128;
export const matrixAt: usize = productsAt + 256 * 16;
export const valuesAt: usize = matrixAt + 256 * 8;
/** Magnitudes of errors, and of differences between neighbours, at the same places. */
export const magnitudesAt: usize = valuesAt + 4 * maxEntries;
export const slopesAt: usize = magnitudesAt + maxEntries;
/** Errors and energies, then distributions, of all samples, without borders. */
export const errorsAt: usize = slopesAt + maxEntries;
export const classesAt: usize = errorsAt + 4 * maxBytes + 0x100;
/** Words of even rows end here, those of odd rows begin at `oddWordsAt`; beyond the room for them is that for one more row. */
export const wordRoom: usize = maxBytes + 0x80000;
export const evenWordsEnd: usize = classesAt + 2 * maxBytes + 0x200 + wordRoom;
export const oddWordsAt: usize = evenWordsEnd + 0x100;
/** The lattice mode, which needs no words: what it writes, its decisions, and which samples of two rows were seen before. */
export const latticeAt: usize = oddWordsAt;
export const decisionsAt: usize = evenWordsEnd - 0x80000;
export const seenAt: usize = evenWordsEnd - 0x40000;
/** Patches of coefficients, which need nothing of the above but the code at `samplesAt`: blocks as they are wanted, as the base has them, as they are expected; then leanings, a byte each. */
export const blockRoom: usize = 0x100000;
export const wantedAt: usize = (valuesAt + 63) & ~63;
export const baseAt: usize = wantedAt + blockRoom;
export const expectedAt: usize = baseAt + blockRoom;
export const leaningsAt: usize = expectedAt + blockRoom;
/** By block: how many exceptions, and whether it is written anew. */
export const countsAt: usize = leaningsAt + blockRoom / 2;
export const newBlocksAt: usize = countsAt + 0x2000;
/** By class of size and frequency: share of exceptions, and how often it was used, 16 bits each. */
export const sharesAt: usize = newBlocksAt + 0x2000;
/** By context: probability, and how often it was used, 16 bits each. */
export const correctionsAt: usize = sharesAt + 0x800;
/** 32-bit integers that go in and out: factors and shifts of each frequency and the offset, the largest of each, then what a survey found. */
export const gainsAt: usize = correctionsAt + 0x2000;
export const largestAt: usize = gainsAt + 8 * 72;
export const surveyAt: usize = largestAt + 4 * 64;
/** Tiles of coefficients: what they keep or is small lies here; the rest from `valuesAt` on, see coefficients.ts. */
export const coefficientsAt: usize = (oddWordsAt + wordRoom + 63) & ~63;
export const memoryEnd: usize = coefficientsAt + 0x40000;

/** Place of an area, by its number. */
export function place(area: i32): usize {
  switch (area) {
    case Area.Samples: return samplesAt;
    case Area.Slots: return slotsAt;
    case Area.Parts: return partsAt;
    case Area.Reciprocals: return reciprocalsAt;
    case Area.Costs: return costsAt;
    case Area.Levels: return reachesAt;
    case Area.Models: return modelsAt;
    case Area.Classes: return classOfAt;
    case Area.Present: return presentAt;
    case Area.Ranks: return ranksAt;
    case Area.Lattice: return latticeAt;
    case Area.Wanted: return wantedAt;
    case Area.Base: return baseAt;
    case Area.Expected: return expectedAt;
    case Area.Gains: return gainsAt;
    case Area.Largest: return largestAt;
    case Area.Survey: return surveyAt;
    default: return evenWordsEnd;
  }
}
