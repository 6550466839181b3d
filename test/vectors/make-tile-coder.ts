/**
 * Writes the vectors of the coding of contents to test/vectors/tile-coder: `node dist/test/vectors/make-tile-coder.js` from the
 * root of the project. Run it only when the format changes on purpose; the tests never do.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { codeContent } from '../../client-sdk/core/image/coded.js';
import { newTile, plainContent, samplesOf, type TileShape } from '../../client-sdk/core/image/content.js';
import { hexOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import { equalisedTile, type EqualisedTile } from '../support/equalised-tiles.js';
import { numbersFrom, sampleTile, type TilePicture } from '../support/sample-tiles.js';
import type { Vector } from '../support/vector.js';

const folder = 'test/vectors/tile-coder';

function tile(size: readonly [number, number], kind: readonly [channels: number, depth: number], picture: TilePicture): Uint8Array {
  const shape: TileShape = { width: size[0], height: size[1], channels: kind[0], depth: kind[1] };
  return sampleTile(shape, picture, 7);
}

function noise(length: number): Uint8Array {
  const next = numbersFrom(3);
  return Uint8Array.from({ length }, () => next());
}

/** Samples of 32 bits that rise smoothly: their low halves are noise. */
function wide(): Uint8Array {
  const content = newTile({ width: 16, height: 16, channels: 1, depth: 32 });
  const samples = new DataView(content.buffer, content.length - samplesOf(content).length);
  for (let i = 0; i < 256; i++) samples.setUint32(4 * i, (0x3f80_0000 + i * 70_000 + (Math.imul(i, 0x9e3779b1) >>> 17)) >>> 0);
  return content;
}

function spread(): Uint8Array {
  const packed = tile([24, 20], [1, 2], 'photo');
  const content = newTile({ width: 24, height: 20, channels: 1, depth: 8 });
  samplesOf(content).set(samplesOf(packed).map((sample) => 85 * sample));
  return content;
}

/** Blocks of smooth grey whose edges are far apart. */
function edges(): Uint8Array {
  const content = newTile({ width: 32, height: 32, channels: 1, depth: 8 });
  const samples = samplesOf(content);
  for (let i = 0; i < samples.length; i++) samples[i] = ((((i % 32) / 11) & 1) === (((i >> 5) / 9) & 1) ? 5 : 190) + ((Math.imul(i * i, 40503) >>> 8) % 29);
  return content;
}

function checks(): Uint8Array {
  const content = newTile({ width: 24, height: 24, channels: 1, depth: 8 });
  const samples = samplesOf(content);
  for (let i = 0; i < samples.length; i++) samples[i] = ((i % 24) + Math.floor(i / 24)) & 1 ? 200 : 60;
  return content;
}

type Contents = Readonly<Record<string, readonly [why: string, content: Uint8Array]>>;

function everyDepth(): Contents {
  const depths = Array.from({ length: 16 }, (_, i) => i + 1);
  return Object.fromEntries(depths.map((depth) => [`depth-${String(depth)}`, [`Predicted, ${String(depth)} bits.`, tile([19, 11], [1, depth], 'photo')]]));
}

function everyChannel(): Contents {
  const channels = Array.from({ length: 8 }, (_, i) => i + 1);
  return Object.fromEntries(channels.map((count) => [`channels-${String(count)}`, [`Predicted, ${String(count)} channels.`, tile([13, 17], [count, 8], 'photo')]]));
}

const contents: Contents = {
  'stored-bytes': ['Bytes that do not shrink are stored.', plainContent('bytes', noise(40))],
  'stored-segment': ['A segment has its own kind.', plainContent('segment', noise(130))],
  'deflated-bytes': ['Bytes that shrink are deflated.', plainContent('bytes', utf8('tile '.repeat(60)))],
  'stored-tile': ['A tile of noise is stored.', tile([8, 8], [1, 8], 'noise')],
  'float-tile': ['Depth 32 is stored or deflated.', tile([4, 4], [1, 32], 'flat')],
  'wide-halves': ['Depth 32, coded as two halves of 16 bits.', wide()],
  'spread-grey-8': ['Samples that are 2 bits spread over 8 are coded as these.', spread()],
  'one-pixel': ['One pixel is a flat tile.', tile([1, 1], [4, 16], 'flat')],
  'flat-default': ['A flat tile of the default size writes no size.', tile([64, 64], [3, 8], 'flat')],
  'photo-grey-8': ['Predicted, one channel.', tile([24, 20], [1, 8], 'photo')],
  'photo-rgb-8': ['Predicted with a colour transform.', tile([24, 24], [3, 8], 'photo')],
  'photo-rgba-16': ['Predicted, four channels of 16 bits.', tile([16, 16], [4, 16], 'photo')],
  'photo-grey-12': ['Predicted, 12 bits: errors with raw low bits.', tile([20, 17], [1, 12], 'photo')],
  'photo-two-8': ['Predicted, two channels.', tile([17, 16], [2, 8], 'photo')],
  'photo-small': ['Predicted, small: usual levels.', tile([9, 7], [3, 8], 'photo')],
  'edges-grey-8': ['Predicted by the median, with escapes.', edges()],
  'photo-odd-8': ['Predicted, odd width, default size otherwise.', tile([63, 64], [1, 8], 'photo')],
  'checks-8': ['Indexed though no neighbours are equal.', checks()],
  'grey-as-rgb': ['Equal channels: two planes are constant.', tile([24, 16], [3, 8], 'grey')],
  'sparse-8': ['Few values of many: ranks take the place of samples.', tile([40, 30], [1, 8], 'sparse')],
  'noise-3': ['Predicted, 3 bits, noise: shorter than its bytes.', tile([16, 16], [1, 3], 'noise')],
  'rows-side-by-side': ['Predicted, rows long enough to be read side by side, the last block cut.', tile([75, 21], [3, 8], 'photo')],
  'median-rgb-8': ['Predicted, linear shades without noise.', tile([40, 30], [3, 8], 'gradient')],
  'photo-deep-wide': ['Predicted, 16 bits, raw bits in both states.', tile([66, 9], [1, 16], 'photo')],
  'one-column': ['Predicted, one pixel wide.', tile([1, 90], [3, 8], 'photo')],
  'one-row': ['Predicted, one pixel high.', tile([90, 1], [2, 8], 'photo')],
  ...everyDepth(),
  ...everyChannel(),
  'lattice-grey-8': ['A lattice, one channel.', tile([64, 40], [1, 8], 'lattice')],
  'lattice-grey-7': ['A lattice, narrow, 7 bits.', tile([21, 90], [1, 7], 'lattice')],
  'lattice-grey-12': ['A lattice, numbers of values far away.', tile([50, 60], [1, 12], 'lattice')],
  'lattice-grey-16': ['A lattice, larger numbers.', tile([70, 50], [1, 16], 'lattice')],
  'lattice-two-8': ['A lattice, two channels.', tile([33, 40], [2, 8], 'lattice')],
  'lattice-rgb-8': ['A lattice, three channels, default size.', tile([64, 64], [3, 8], 'lattice')],
  'drawing-rgb-8': ['Indexed, three channels.', tile([32, 24], [3, 8], 'drawing')],
  'drawing-grey-1': ['One bit a sample.', tile([32, 24], [1, 1], 'drawing')],
  'drawing-rgb-16': ['Indexed, 16 bits.', tile([16, 16], [3, 16], 'drawing')],
};

/** Tiles of equalised pictures. */
const equalised: Readonly<Record<string, readonly [why: string, tile: EqualisedTile]>> = {
  'equalised-default': ['Levels and maps, two columns and rows of cells.', equalisedTile({ width: 64, height: 64 }, { cellWidth: 40, cellHeight: 33, phaseX: 70, phaseY: 9 })],
  'equalised-corrected': ['Levels and maps, some samples corrected.', equalisedTile({ width: 50, height: 41 }, { cellWidth: 81, cellHeight: 66, phaseX: 5, phaseY: 131 }, 97)],
  'equalised-narrow': ['Levels and maps, many small cells, one row of samples.', equalisedTile({ width: 300, height: 12 }, { cellWidth: 100, cellHeight: 8, phaseX: 0, phaseY: 0 }, 501)],
};

await mkdir(folder, { recursive: true });
for (const [name, [why, content]] of Object.entries(contents)) {
  const vector: Vector = { why, operation: 'codeContent', input: { content: hexOf(content) }, output: { coded: hexOf(codeContent(content)) } };
  await writeFile(`${folder}/${name}.json`, `${JSON.stringify(vector, null, 2)}\n`);
}
for (const [name, [why, { content, equalisation }]] of Object.entries(equalised)) {
  const { grid, maps, levels } = equalisation;
  const vector: Vector = {
    why,
    operation: 'codeContent',
    input: { content: hexOf(content), equalisation: { grid: { ...grid }, maps: hexOf(maps), levels: hexOf(levels) } },
    output: { coded: hexOf(codeContent(content, equalisation)) },
  };
  await writeFile(`${folder}/${name}.json`, `${JSON.stringify(vector, null, 2)}\n`);
}
