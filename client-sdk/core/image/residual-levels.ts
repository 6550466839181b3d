/**
 * The frozen distributions of prediction errors: 25 levels from almost none to noise, and the tables by which errors of a level
 * are coded. It knows numbers, not pictures. SPEC.md section 5.4.
 */

/** Errors are coded in parts of 2^12. */
export const precisionBits = 12;
/** Levels with a distribution of their own; each three above them have one more raw bit. */
export const ownLevels = 25;
/** All levels. */
export const levelCount = 64;
/** The symbol that announces an error outside a distribution; others are the errors themselves. */
export const escapeSymbol = -128;

/** Kinds of noise: each has distributions of all own levels. */
const families = 2;
/**
 * Per family and level: how likely 1 is against 0, 2 against 1, how this ratio ends for large errors and how fast it gets there,
 * in 1/65536, and the share of escapes in 1/4096. The first family was fitted to photographs, the second to X-rays.
 */
const shapes = Int32Array.of(
  39, 49, 88, 19661, 1,
  247, 262, 295, 19661, 4,
  433, 16200, 885, 15729, 13,
  1012, 18517, 16756, 19661, 4,
  1973, 16949, 16550, 19661, 1,
  2092, 19178, 21908, 45875, 3,
  3118, 16491, 18326, 34603, 2,
  4460, 15947, 19736, 34603, 1,
  6162, 14517, 18503, 11804, 1,
  8230, 12103, 21701, 8319, 1,
  11826, 13193, 17448, 5768, 2,
  16688, 15665, 15249, 58982, 1,
  21407, 19176, 10208, 45815, 2,
  27700, 23352, 7925, 44259, 2,
  33754, 32138, 4257, 43882, 4,
  37954, 39408, 14280, 40760, 10,
  41786, 45208, 27407, 26606, 11,
  46479, 50997, 35216, 16189, 14,
  44915, 51213, 40283, 34981, 24,
  45554, 54979, 46267, 20937, 19,
  49603, 60309, 49996, 18302, 21,
  44195, 58782, 53444, 15851, 27,
  46094, 63077, 55427, 36319, 18,
  52058, 64084, 57659, 42684, 12,
  57099, 64669, 58261, 56781, 12,
  39, 49, 88, 19661, 2,
  67, 13238, 295, 19661, 6,
  150, 24942, 885, 19661, 18,
  184, 41126, 28959, 19661, 12,
  1756, 18259, 23119, 14264, 2,
  583, 17836, 48240, 14264, 9,
  1203, 26923, 31334, 10486, 10,
  2320, 21789, 14253, 64574, 18,
  1929, 14110, 63047, 48857, 5,
  4160, 16915, 23657, 22668, 10,
  6079, 15079, 25713, 4173, 13,
  9474, 19382, 24468, 22677, 13,
  8616, 28121, 26223, 4010, 25,
  7341, 34004, 25589, 27618, 33,
  16219, 47146, 4185, 43120, 20,
  37691, 40467, 15314, 40062, 6,
  54646, 44585, 19240, 43667, 2,
  57953, 50532, 27336, 40109, 3,
  44826, 61710, 38351, 30677, 4,
  55569, 59819, 37398, 53344, 5,
  63520, 61098, 32171, 60293, 4,
  62572, 63153, 39491, 60656, 5,
  64195, 64213, 45427, 60910, 5,
  61297, 64839, 50603, 61083, 8,
  49378, 64207, 51091, 63158, 22,
);
const shapeFields = 5;
/** Mean absolute errors in 1/256 between a level and the next. */
export const levelBounds = [1, 4, 13, 23, 29, 36, 46, 58, 73, 92, 116, 146, 184, 232, 292, 368, 463, 584, 736, 927, 1168, 1471, 1854, 2335, 2942];
/** Levels of the 16 classes where nothing is said. */
export const usualLevels = [3, 6, 8, 9, 11, 13, 15, 17, 18, 20, 22, 24, 26, 27, 29, 31];
const firstWeight = 0x1000000;
const symbols = 256;
/** What an escape takes beyond its symbol, in 1/64 bit. */
const escapeCost = 6 << 6;

/** Tables of all distributions: those of the first family, then those of the second. */
export interface LevelTables {
  /** By distribution and low bits of a state: the symbol. */
  readonly slots: Int8Array;
  /** By distribution and symbol + 128: first slot << 13, and the frequency. Zero where a distribution does not have the symbol. */
  readonly parts: Int32Array;
  /** By the same: about the bits that the symbol takes, in 1/64. */
  readonly costs: Uint16Array;
  /** Largest error that is a symbol. */
  readonly reaches: Int32Array;
}

let built: LevelTables | undefined;

/** The tables, built at first use. */
export function levelTables(): LevelTables {
  built ??= build();
  return built;
}

/** Raw bits in the code of escapes, of all distributions. */
export function restBitsOfAll(): readonly number[] {
  return Array.from({ length: families * ownLevels }, (_, distribution) => Math.max(0, Math.floor(((distribution % ownLevels) - 14) / 3)));
}

function build(): LevelTables {
  const count = families * ownLevels;
  const tables = {
    slots: new Int8Array(count << precisionBits),
    parts: new Int32Array(count * symbols),
    costs: new Uint16Array(count * symbols),
    reaches: new Int32Array(count),
  };
  for (let distribution = 0; distribution < count; distribution++) fillTables(tables, distribution);
  return tables;
}

/** Symbols lie in ascending order, the escape first. */
function fillTables({ slots, parts, costs, reaches }: LevelTables, distribution: number): void {
  const frequencies = frequenciesOf(distribution);
  const reach = frequencies.length - 1;
  const escapes = shapes[shapeFields * distribution + 4]!;
  reaches[distribution] = reach;
  costs.fill(costOf(escapes) + escapeCost, distribution * symbols, (distribution + 1) * symbols);
  let start = 0;
  const place = (symbol: number, frequency: number): void => {
    parts[distribution * symbols + symbol + 128] = (start << 13) | frequency;
    if (symbol !== escapeSymbol) costs[distribution * symbols + symbol + 128] = costOf(frequency);
    slots.fill(symbol, (distribution << precisionBits) + start, (distribution << precisionBits) + start + frequency);
    start += frequency;
  };
  place(escapeSymbol, escapes);
  for (let symbol = -reach; symbol <= reach; symbol++) place(symbol, frequencies[Math.abs(symbol)]!);
}

/** The logarithm between powers of two is taken as straight. */
function costOf(frequency: number): number {
  const bits = 31 - Math.clz32(frequency);
  return ((precisionBits + 1 - bits) << 6) - ((frequency << 6) >> bits);
}

/** The frequencies of the absolute errors 0, 1, ... of a distribution; all of them (but 0) twice and the escapes make 4096. */
function frequenciesOf(distribution: number): number[] {
  const weights = weightsOf(distribution);
  const total = weights.reduce((sum, weight, error) => sum + (error === 0 ? weight : 2 * weight), 0);
  const share = (1 << precisionBits) - shapes[shapeFields * distribution + 4]!;
  const frequencies = [share];
  for (let error = 1; error <= 127; error++) {
    const frequency = Math.floor((weights[error]! * share + Math.floor(total / 2)) / total);
    if (frequency === 0) break;
    frequencies.push(frequency);
    frequencies[0]! -= 2 * frequency;
  }
  return frequencies;
}

/** Weights of the absolute errors 0 .. 127. */
function weightsOf(distribution: number): number[] {
  const [first, second, last, pace] = shapes.subarray(shapeFields * distribution);
  const weights = [firstWeight, Math.floor((firstWeight * first!) / 65536)];
  let excess = second! - last!;
  for (let error = 2; error <= 127; error++) {
    weights.push(Math.floor((weights[error - 1]! * (last! + excess)) / 65536));
    excess = Math.trunc((excess * pace!) / 65536);
  }
  return weights;
}
