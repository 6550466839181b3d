/**
 * Tiles as an equalised picture has them: levels of a noisy shade, maps of steep lines at the nodes of a grid, a few samples that
 * are not what these give. Drawn by integers alone. For the tests and vectors of the tile coder.
 */
import { newTile, samplesOf, type TileShape } from '../../client-sdk/core/image/content.js';
import { equalisedValues, type NodeGrid, nodesOf, type TileEqualisation } from '../../client-sdk/core/image/equalised-tile.js';
import { greyLevels } from '../../client-sdk/core/image/equalised-picture.js';
import { numbersFrom } from './sample-tiles.js';

/** A tile's content and what it is made of. */
export interface EqualisedTile {
  readonly content: Uint8Array;
  readonly equalisation: TileEqualisation;
}

/** A tile of one channel and 8 bits, of which every `wrongEvery`-th sample (0: none) is none of what levels and maps give. */
export function equalisedTile(size: Pick<TileShape, 'width' | 'height'>, grid: NodeGrid, wrongEvery = 0): EqualisedTile {
  const shape = { ...size, channels: 1, depth: 8 };
  const next = numbersFrom(1);
  const levels = Uint8Array.from({ length: size.width * size.height }, (_, i) => 40 + ((i % size.width) >> 3) + (next() % 5));
  const { across, down } = nodesOf(grid, shape);
  const maps = new Uint8Array(across * down * greyLevels);
  for (let node = 0; node < across * down; node++) drawMap(maps.subarray(node * greyLevels, (node + 1) * greyLevels), next() % 40, 9 + (next() % 5));
  const equalisation = { grid, maps, levels };
  const content = newTile(shape);
  const samples = samplesOf(content);
  samples.set(equalisedValues(equalisation, shape));
  for (let i = 0; wrongEvery > 0 && i < samples.length; i += wrongEvery) samples[i] = (samples[i] ?? 0) ^ (1 << next() % 8);
  return { content, equalisation };
}

/** A line of `slope` quarters a level, from `start` at level 30 on. */
function drawMap(map: Uint8Array, start: number, slope: number): void {
  for (let level = 0; level < greyLevels; level++) map[level] = Math.max(0, Math.min(255, start + (((level - 30) * slope) >> 2)));
}
