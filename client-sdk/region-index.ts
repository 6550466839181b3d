/**
 * Finds the tile of a picture that holds a rectangle. The tiles are those of one cut: a table of columns and rows, of
 * which some may be missing (flat ones).
 */
import type { Region } from './core/image/splitter.js';

/** Tiles by their place. */
export class RegionIndex {
  readonly #columns: readonly number[];
  readonly #rows: readonly number[];
  readonly #at = new Map<string, number>();

  constructor(private readonly regions: readonly Region[]) {
    this.#columns = ascending(regions.map(({ x }) => x));
    this.#rows = ascending(regions.map(({ y }) => y));
    for (const [index, { x, y }] of regions.entries()) this.#at.set(`${String(x)} ${String(y)}`, index);
  }

  /** Index of the tile that holds all of `wanted`, or undefined. */
  around(wanted: Region): number | undefined {
    const index = this.#at.get(`${String(lastUpTo(this.#columns, wanted.x))} ${String(lastUpTo(this.#rows, wanted.y))}`);
    const region = index === undefined ? undefined : this.regions[index];
    const isAround = region !== undefined && wanted.x + wanted.width <= region.x + region.width && wanted.y + wanted.height <= region.y + region.height;
    return isAround ? index : undefined;
  }
}

function ascending(values: readonly number[]): readonly number[] {
  return [...new Set(values)].sort((a, b) => a - b);
}

/** The last of `edges` that is at most `at`, or undefined. */
function lastUpTo(edges: readonly number[], at: number): number | undefined {
  let low = 0;
  let high = edges.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] ?? Infinity) <= at) low = middle + 1;
    else high = middle;
  }
  return edges[low - 1];
}
