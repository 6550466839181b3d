/**
 * Writes the vectors of patches to test/vectors/patches: `node dist/test/vectors/make-patches.js` from the root of the
 * project. Run it only when the format changes on purpose; the tests never do.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { newTile, samplesOf, type TileShape } from '../../client-sdk/core/image/content.js';
import { CorrectionWriter, type CorrectionCoder } from '../../client-sdk/core/image/correction-coder.js';
import { carry } from '../../client-sdk/core/image/range-coder.js';
import { makePatch } from '../../client-sdk/core/image/patch.js';
import type { BaseView } from '../../client-sdk/core/image/patch-prediction.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { sampleTile } from '../support/sample-tiles.js';
import type { Vector } from '../support/vector.js';

const folder = 'test/vectors/patches';
const upright: BaseView = { orientation: 0, x: 0, y: 0 };
const grey: TileShape = { width: 12, height: 10, channels: 1, depth: 8 };
const colour: TileShape = { ...grey, channels: 3 };

type Sample = (x: number, y: number, c: number) => number;

function drawn(shape: TileShape, sample: Sample): Uint8Array {
  const content = newTile(shape);
  const samples = samplesOf(content);
  const size = samples.length / (shape.width * shape.height * shape.channels);
  for (let i = 0; i < samples.length / size; i++) {
    const pixel = Math.floor(i / shape.channels);
    const value = sample(pixel % shape.width, Math.floor(pixel / shape.width), i % shape.channels);
    for (let k = 0; k < size; k++) samples[i * size + k] = value >>> (8 * (size - 1 - k));
  }
  return content;
}

const scene: Sample = (x, y, c) => 20 + 13 * x + 3 * y * (c + 1);
const deep = (x: number, y: number): number => 9000 + 511 * x + 257 * y * y;
const isIn = (x: number, y: number): boolean => x >= 3 && x < 9 && y >= 2 && y < 7;

interface Made {
  readonly why: string;
  readonly base: Uint8Array;
  readonly target: Uint8Array;
  readonly view?: BaseView;
  readonly maxBytes?: number;
}

function turned(orientation: number): Made {
  const base = drawn(grey, scene);
  const isTransposed = (orientation & 4) !== 0;
  const shape = isTransposed ? { ...grey, width: grey.height, height: grey.width } : grey;
  const target = drawn(shape, (x, y) => {
    const across = (orientation & 1) === 0 ? x : shape.width - 1 - x;
    const down = (orientation & 2) === 0 ? y : shape.height - 1 - y;
    return isTransposed ? scene(down, across, 0) : scene(across, down, 0);
  });
  return { why: `Orientation ${orientation}.`, base, target, view: { ...upright, orientation } };
}

const made: Readonly<Record<string, Made>> = {
  same: { why: 'The same tile is one byte.', base: drawn(grey, scene), target: drawn(grey, scene) },
  'same-floats': {
    why: 'Depth 32, the same.',
    base: sampleTile({ ...grey, depth: 32 }, 'noise'),
    target: sampleTile({ ...grey, depth: 32 }, 'noise'),
  },
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((orientation) => [`turned-${orientation}`, turned(orientation)])),
  window: {
    why: 'A window names size and place.',
    base: drawn(grey, scene),
    target: drawn({ ...grey, width: 8, height: 7 }, (x, y) => scene(x + 4, y + 3, 0)),
    view: { orientation: 0, x: 4, y: 3 },
  },
  'window-turned': {
    why: 'A window lies in the turned base.',
    base: drawn(grey, scene),
    target: drawn({ ...grey, width: 4, height: 9 }, (x, y) => scene(y + 2, 9 - (x + 1), 0)),
    view: { orientation: 5, x: 1, y: 2 },
  },
  'long-window': {
    why: 'Sizes from 128 on take two bytes.',
    base: drawn({ ...grey, width: 200, height: 2 }, (x) => x),
    target: drawn({ ...grey, width: 150, height: 1 }, (x) => x + 50),
    view: { orientation: 0, x: 50, y: 1 },
  },
  'more-channels': {
    why: 'A red box on grey: three channels, of which two follow the only one of the base.',
    base: drawn(grey, scene),
    target: drawn(colour, (x, y, c) => (isIn(x, y) ? (c === 0 ? 255 : 0) : scene(x, y, 0))),
  },
  'fewer-channels': { why: 'The base has colour, the target its first channel.', base: drawn(colour, scene), target: drawn(grey, scene) },
  brighter: { why: 'All values plus 5: a line.', base: drawn(colour, scene), target: drawn(colour, (x, y, c) => scene(x, y, c) + 5) },
  inverted: { why: 'A falling line.', base: drawn(grey, scene), target: drawn(grey, (x, y) => 255 - scene(x, y, 0)) },
  contrast: {
    why: 'A line with fractions, held at white.',
    base: drawn(colour, scene),
    target: drawn(colour, (x, y, c) => Math.min(255, Math.floor((21 * scene(x, y, c)) / 16))),
  },
  'own-lines': {
    why: 'Each channel has a line of its own.',
    base: drawn(colour, scene),
    target: drawn(colour, (x, y, c) => scene(x, y, c) + (c < 2 ? 3 : -4)),
  },
  bent: {
    why: 'A table: squares of the values. The second channel follows the first.',
    base: drawn(colour, scene),
    target: drawn(colour, (x, y, c) => scene(x, y, c) ** 2 >> 8),
  },
  'bent-12': {
    why: 'A table at 12 bits.',
    base: drawn({ ...grey, depth: 12 }, (x, y) => 31 * x + 19 * y),
    target: drawn({ ...grey, depth: 12 }, (x, y) => (31 * x + 19 * y) ** 2 >> 9),
  },
  'line-16': {
    why: 'A line at 16 bits.',
    base: drawn({ ...grey, depth: 16 }, deep),
    target: drawn({ ...grey, depth: 16 }, (x, y) => (deep(x, y) * 3) >> 1),
  },
  'one-pixel': {
    why: 'One pixel of grey.',
    base: drawn(grey, scene),
    target: drawn(grey, (x, y) => (x === 7 && y === 4 ? 1 : scene(x, y, 0))),
  },
  'one-pixel-colour': {
    why: 'One pixel of colour: channels of equal and of other values.',
    base: drawn(colour, scene),
    target: drawn(colour, (x, y, c) => (x === 7 && y === 4 ? (c < 2 ? 9 : 8) : scene(x, y, c))),
  },
  'one-pixel-1': {
    why: 'Depth 1.',
    base: drawn({ ...grey, depth: 1 }, (x, y) => (x * y) & 1),
    target: drawn({ ...grey, depth: 1 }, (x, y) => (x === 2 && y === 2 ? 1 : x * y) & 1),
  },
  'one-pixel-16': {
    why: 'Depth 16: eight bits under contexts, eight raw.',
    base: drawn({ ...grey, depth: 16 }, deep),
    target: drawn({ ...grey, depth: 16 }, (x, y) => (x === 2 && y === 8 ? 0xbeef : deep(x, y))),
  },
  'one-pixel-float': {
    why: 'Depth 32: four bytes.',
    base: drawn({ ...grey, depth: 32 }, (x, y) => Math.imul(x, 0x12345678) + y),
    target: drawn({ ...grey, depth: 32 }, (x, y) => (x === 2 && y === 8 ? -2 : Math.imul(x, 0x12345678) + y)),
  },
  box: {
    why: 'A flat box: pixels repeat the one to the left and above.',
    base: drawn(colour, scene),
    target: drawn(colour, (x, y, c) => (isIn(x, y) ? 77 : scene(x, y, c))),
  },
  stripes: {
    why: 'Rows without exceptions between others, and pixels as above but not as to the left.',
    base: drawn(grey, scene),
    target: drawn(grey, (x, y) => (isIn(x, y) && y !== 4 ? 60 * (x % 3) : scene(x, y, 0))),
  },
  'small-changes': {
    why: 'Differences to the prediction, those of later channels less that of the one before.',
    base: drawn(colour, (x, y, c) => (scene(x, y, c) * 7) & 255),
    target: drawn(colour, (x, y, c) => ((scene(x, y, c) * 7) & 255) ^ (isIn(x, y) ? (x * y + c) & 3 : 0)),
  },
  'box-brighter': {
    why: 'Maps and exceptions in one patch.',
    base: drawn({ ...colour, width: 24, height: 24 }, (x, y, c) => 20 + 5 * x + 2 * y + 9 * c),
    target: drawn({ ...colour, width: 24, height: 24 }, (x, y, c) => (isIn(x, y) ? 0 : 50 + 5 * x + 2 * y + 9 * c)),
  },
  'too-long': {
    why: 'Noise has no patch of 100 bytes.',
    base: sampleTile(colour, 'noise', 1),
    target: sampleTile(colour, 'noise', 2), maxBytes: 100,
  },
  'other-depth': { why: 'Another depth has no patch.', base: drawn(grey, () => 1), target: drawn({ ...grey, depth: 7 }, () => 1) },
  outside: {
    why: 'A window that leaves the base has none.',
    base: drawn(grey, scene),
    target: drawn(grey, scene), view: { orientation: 0, x: 0, y: 1 },
  },
};

/** What a run of the coder, without the bytes that a patch leaves out, holds after `first`. */
function coded(first: readonly number[], write: (coder: CorrectionCoder) => void): Uint8Array {
  const coder = new CorrectionWriter(4_096, 4_096);
  write(coder);
  // The last three bytes are left out: one added before them keeps what was written.
  const bytes = coder.finish();
  carry(bytes, bytes.length - 3);
  return Uint8Array.of(...first, ...bytes.subarray(0, -3));
}

/** `count` ones and a zero under contexts not used before: the exponent of a number. */
function exponent(coder: CorrectionCoder, from: number, count: number): void {
  for (let k = 0; k <= count; k++) coder.bit(from + k, k < count ? 1 : 0);
}

const pixel: TileShape = { width: 1, height: 1, channels: 1, depth: 8 };
const four: TileShape = { width: 4, height: 4, channels: 1, depth: 8 };
const dark = drawn(pixel, () => 5);
const flat = drawn(four, () => 5);
const floats = drawn({ ...pixel, depth: 32 }, () => 5);
const tree = (coder: CorrectionCoder, value: number): void => {
  for (let k = 7; k >= 0; k--) coder.bit(1_000 + (256 | value) / 2 ** (k + 1) | 0, (value >> k) & 1);
};

const writePixel = (coder: CorrectionCoder): void => {
  coder.bit(102, 1);
  tree(coder, 6);
};

const refused: Readonly<Record<string, readonly [why: string, base: Uint8Array, patch: Uint8Array]>> = {
  'refuse-empty': ['A patch has at least one byte.', flat, new Uint8Array(0)],
  'refuse-mode': ['Bits 6 and 7 are not both set.', flat, Uint8Array.of(0xc0, 1, 2, 3)],
  'refuse-trailing': ['Nothing follows a patch without a body.', flat, Uint8Array.of(0, 0)],
  'refuse-same-size': ['The size of the base is not written.', flat, Uint8Array.of(8, 3, 3, 0, 0)],
  'refuse-wide': ['A window is not wider than the base.', flat, Uint8Array.of(8, 4, 3, 0, 0)],
  'refuse-right': ['A window does not end beyond the base.', flat, Uint8Array.of(8, 2, 3, 2, 0)],
  'refuse-below': ['Nor below it.', flat, Uint8Array.of(8, 2, 2, 1, 2)],
  'refuse-long-number': ['Numbers have their shortest form.', flat, Uint8Array.of(8, 0x82, 0, 3, 0, 0)],
  'refuse-same-channels': ['The channels of the base are not written.', flat, Uint8Array.of(16, 1)],
  'refuse-no-channels': ['No channels.', flat, Uint8Array.of(16, 0)],
  'refuse-many-channels': ['Nine channels.', flat, Uint8Array.of(16, 9)],
  'refuse-no-body': ['A body has a byte at least.', flat, Uint8Array.of(0x40)],
  'refuse-float-maps': ['Depth 32 has no maps.', floats, Uint8Array.of(0x20, 0)],
  'refuse-float-differences': ['Depth 32 has no differences.', floats, Uint8Array.of(0x80, 0)],
  'refuse-idle-maps': [
    'Maps change something.',
    dark,
    coded([0x20], (coder) => {
      coder.bit(0, 0);
      coder.bit(1, 0);
    }),
  ],
  'refuse-shift': [
    'A line has at most 20 bits of fraction.',
    dark,
    coded([0x20], (coder) => {
      coder.bit(0, 1);
      coder.raw(21, 5);
      exponent(coder, 2, 0);
    }),
  ],
  'refuse-slope': [
    'A slope is below 32.',
    dark,
    coded([0x20], (coder) => {
      coder.bit(0, 1);
      coder.raw(0, 5);
      exponent(coder, 2, 6);
      coder.raw(1, 6);
    }),
  ],
  'refuse-same-line': [
    'A line is not written again.',
    dark,
    coded([0x20], (coder) => {
      coder.bit(0, 1);
      coder.raw(0, 5);
      exponent(coder, 2, 0);
      exponent(coder, 26, 0);
      coder.bit(1, 1);
    }),
  ],
  'refuse-idle-table': [
    'A table corrects something.',
    dark,
    coded([0x20], (coder) => {
      coder.bit(0, 0);
      coder.bit(1, 1);
      coder.bit(50, 0);
    }),
  ],
  'refuse-table-below': [
    'A table stays in the depth.',
    dark,
    coded([0x20], (coder) => {
      coder.bit(0, 0);
      coder.bit(1, 1);
      coder.bit(50, 1);
      coder.bit(74, 1);
      exponent(coder, 76, 2);
      coder.raw(2, 2);
    }),
  ],
  'refuse-outside': [
    'Exceptions stay in the tile.',
    drawn({ ...four, width: 3 }, () => 5),
    coded([0x40], (coder) => {
      coder.raw(3, 2);
      coder.raw(0, 2);
      coder.raw(0, 2);
      coder.raw(0, 2);
    }),
  ],
  'refuse-no-exception': [
    'An exception is not what was predicted.',
    dark,
    coded([0x40], (coder) => {
      coder.bit(102, 1);
      tree(coder, 5);
    }),
  ],
  'refuse-empty-row': [
    'A row that has exceptions has one.',
    dark,
    coded([0x40], (coder) => {
      coder.bit(102, 0);
    }),
  ],
  'refuse-difference': [
    'A difference stays in the depth.',
    dark,
    coded([0x80], (coder) => {
      coder.bit(102, 1);
      exponent(coder, 1_000, 3);
      coder.raw(4, 3);
    }),
  ],
  'refuse-loose-bounds': [
    'The rectangle is no wider than its exceptions.',
    flat,
    coded([0x40], (coder) => {
      for (const side of [0, 1, 0, 0]) coder.raw(side, 2);
      coder.bit(102, 1);
      tree(coder, 6);
      coder.bit(103, 0);
    }),
  ],
  'refuse-late-end': ['Nothing follows a body.', dark, Uint8Array.of(...coded([0x40], writePixel), 0)],
};

function vectorOf({ why, base, target, view = upright, maxBytes = 1_000 }: Made): Vector {
  const patch = makePatch(target, base, view, maxBytes);
  const input = { base: hexOf(base), target: hexOf(target), orientation: view.orientation, x: view.x, y: view.y, maxBytes };
  return { why, operation: 'makePatch', input, output: patch === undefined ? null : hexOf(patch) };
}

await mkdir(folder, { recursive: true });
const vectors: Record<string, Vector> = Object.fromEntries(Object.entries(made).map(([name, each]) => [name, vectorOf(each)]));
for (const [name, [why, base, patch]] of Object.entries(refused)) {
  vectors[name] = { why, operation: 'applyPatch', input: { base: hexOf(base), patch: hexOf(patch) }, failure: 'recipe-invalid' };
}
for (const [name, vector] of Object.entries(vectors)) await writeFile(`${folder}/${name}.json`, `${JSON.stringify(vector, null, 2)}\n`);
