/**
 * The frozen distributions of prediction errors: 28 levels from almost none to noise, and the tables by which errors of a level
 * are coded. It knows numbers, not pictures. SPEC.md section 5.4.
 */

/** Errors are coded in parts of 2^12. */
export const precisionBits = 12;
/** Levels with a distribution of their own; each three above them have one more raw bit. */
export const ownLevels = 28;
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
  63, 79, 88, 19661, 3,
  360, 360, 295, 19661, 2,
  767, 786, 885, 19661, 3,
  1469, 9019, 44846, 5944, 20,
  3144, 6102, 29770, 20354, 2,
  3210, 8936, 35475, 44566, 2,
  5190, 8250, 24246, 25122, 4,
  6421, 5840, 23879, 8060, 1,
  8475, 6984, 25303, 1058, 4,
  11111, 7152, 18972, 1672, 5,
  15627, 6780, 17529, 5677, 1,
  21459, 9601, 20068, 41887, 4,
  29806, 13778, 2367, 45047, 1,
  39879, 19697, 2601, 30989, 4,
  46457, 26785, 5527, 36228, 4,
  50844, 35923, 15921, 29659, 7,
  53175, 43487, 26674, 24526, 7,
  54078, 49052, 33340, 30306, 12,
  56029, 54761, 38909, 35384, 11,
  55325, 59365, 43099, 41049, 10,
  57632, 61534, 46720, 47690, 10,
  60884, 63423, 45889, 58119, 7,
  60206, 64324, 48433, 59703, 9,
  61824, 64698, 52875, 59874, 10,
  60966, 63688, 55195, 61728, 17,
  55868, 64966, 59015, 60343, 12,
  47656, 65460, 60269, 60979, 16,
  42563, 65448, 61620, 61399, 12,
  59, 13146, 88, 19661, 3,
  232, 164, 295, 19661, 2,
  493, 11579, 885, 18300, 9,
  1803, 37266, 54968, 44094, 6,
  1985, 11587, 25725, 22236, 3,
  2413, 9199, 26526, 3990, 3,
  3631, 15779, 27515, 1781, 7,
  4534, 14619, 22812, 39612, 2,
  5578, 14519, 29072, 17, 10,
  7908, 14085, 51945, 49218, 5,
  11639, 11392, 22423, 1569, 1,
  16472, 13327, 23126, 24386, 13,
  23116, 17401, 7577, 57470, 2,
  32471, 21895, 8690, 45561, 9,
  39420, 29881, 5499, 42542, 2,
  36527, 41016, 1804, 49342, 9,
  47682, 46345, 17828, 43278, 4,
  50216, 53371, 28375, 37511, 6,
  47699, 59190, 37308, 35125, 9,
  57248, 60624, 37398, 52650, 6,
  63066, 61120, 32171, 60267, 4,
  63688, 63315, 36693, 61143, 4,
  65315, 64245, 44608, 61098, 5,
  61116, 65172, 50356, 60921, 8,
  62569, 64030, 50334, 63121, 15,
  51398, 64847, 57332, 62079, 18,
  45152, 65088, 60168, 61179, 16,
  43336, 65236, 61905, 60314, 15,
);
const shapeFields = 5;
/** Mean absolute errors in 1/256 between a level and the next. */
export const levelBounds = [1, 4, 13, 23, 29, 36, 46, 58, 73, 92, 116, 146, 184, 232, 292, 368, 463, 584, 736, 927, 1168, 1471, 1854, 2335, 2942, 3707, 4670, 5884];
/** Levels of the 16 classes where nothing is said. */
export const usualLevels = [3, 6, 8, 9, 11, 13, 15, 17, 18, 20, 22, 23, 25, 26, 27, 27];
const firstWeight = 0x1000000;
const symbols = 256;
/** What an escape takes beyond its symbol, in 1/64 bit. */
const escapeCost = 6 << 6;

/** Tables of all distributions: those of the first family, then those of the second. */
export interface LevelTables {
  /** By distribution and low bits of a state: the symbol. */
  readonly slots: Int8Array;
  /** By distribution and symbol + 128: first slot << 16, and the frequency. Zero where a distribution does not have the symbol. */
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
    parts[distribution * symbols + symbol + 128] = (start << 16) | frequency;
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
