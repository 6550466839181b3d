/**
 * How samples of a container become those of tiles, so that the same picture meets itself: 1, 2 and 4 bits spread over 8, white as
 * zero turned around, the indices of a grey palette as its shades. Always one to one. SPEC.md section 6.3.
 */
import type { CborValue } from '../cbor.js';
import { fault } from '../errors.js';
import type { TileShape } from './content.js';

/** A page's map; a table has the shade of each sample, all different. */
export type SampleMap = 'plain' | 'spread' | 'turned' | Uint8Array;

const kinds = ['plain', 'spread', 'turned'] as const;
const packedDepths: readonly number[] = [1, 2, 4];

/** The map of samples that are light: black at 0, or white. */
export function mapOfLight(depth: number, isWhiteZero = false): SampleMap {
  if (isWhiteZero) return packedDepths.includes(depth) || depth === 8 || depth === 16 ? 'turned' : 'plain';
  return packedDepths.includes(depth) ? 'spread' : 'plain';
}

/**
 * The map of indices into a palette of these shades (at most 2^depth); undefined shades are no grey. Shades that come again, and
 * indices without one, get shades that are free, so that it stays one to one.
 */
export function mapOfPalette(depth: number, shades: readonly (number | undefined)[]): SampleMap {
  if (depth > 8 || shades.length === 0 || shades.includes(undefined)) return 'plain';
  const table = new Int16Array(2 ** depth).fill(-1);
  const taken = new Uint8Array(256);
  for (const [index, shade] of shades.slice(0, table.length).entries()) {
    if (shade === undefined || taken[shade] === 1) continue;
    taken[shade] = 1;
    table[index] = shade;
  }
  let free = 0;
  const filled = Uint8Array.from(table, (shade) => {
    if (shade >= 0) return shade;
    while (taken[free] === 1) free++;
    return free++;
  });
  return known(depth, filled) ?? filled;
}

function known(depth: number, table: Uint8Array): SampleMap | undefined {
  return kinds.find((kind) => isMap(kind, depth) && bytesOf(kind, depth).every((shade, sample) => sample >= table.length || table[sample] === shade) && (kind !== 'plain' || depth === 8));
}

/** The shape of a page in tiles. */
export function mappedShape(shape: TileShape, map: SampleMap): TileShape {
  return map === 'plain' || shape.depth === 16 ? shape : { ...shape, depth: 8 };
}

/** Turns canonical samples of a container into those of tiles, in place. */
export function mapSamples(samples: Uint8Array, depth: number, map: SampleMap): void {
  if (map !== 'plain') replace(samples, bytesOf(map, depth));
}

/** The way back, in place; what no sample became is 0. */
export function unmapSamples(samples: Uint8Array, depth: number, map: SampleMap): void {
  if (map === 'plain') return;
  const inverse = new Uint8Array(256);
  for (const [sample, shade] of bytesOf(map, depth).entries()) inverse[shade] = sample;
  replace(samples, inverse);
}

function replace(samples: Uint8Array, table: Uint8Array): void {
  for (let i = 0; i < samples.length; i++) samples[i] = table[samples[i]!]!;
}

/** The byte for each byte of a sample. */
function bytesOf(map: SampleMap, depth: number): Uint8Array {
  if (typeof map !== 'string') return map;
  const highest = depth < 8 ? 2 ** depth - 1 : 255;
  const step = map === 'plain' ? 1 : 255 / highest;
  return Uint8Array.from({ length: highest + 1 }, (_, sample) => (map === 'turned' ? 255 - step * sample : step * sample));
}

/** A map as recipes write it: 0 plain, 1 spread, 2 turned, or the table. */
export function mapValue(map: SampleMap): CborValue {
  return typeof map === 'string' ? kinds.indexOf(map) : map;
}

/** The map that a recipe names. Throws DiceError `recipe-invalid` for any that is not one to one, or not for this depth. */
export function mapOfValue(value: CborValue | undefined, depth: number): SampleMap {
  const map = value instanceof Uint8Array ? value : kinds.find((_, index) => index === value);
  if (map === undefined || !isMap(map, depth)) throw fault('recipe-invalid', 'A page has an unknown map of samples.');
  return map;
}

function isMap(map: SampleMap, depth: number): boolean {
  if (map === 'plain') return true;
  if (map === 'spread') return packedDepths.includes(depth);
  if (map === 'turned') return packedDepths.includes(depth) || depth === 8 || depth === 16;
  return depth <= 8 && map.length === 2 ** depth && new Set(map).size === map.length;
}
