/**
 * Writes the vectors of patches of coefficients to test/vectors/patches: `node dist/test/vectors/make-coefficient-patches.js` from the
 * root of the project. Run it only when the format changes on purpose; the tests never do.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { CorrectionWriter, type CorrectionCoder } from '../../client-sdk/core/image/correction-coder.js';
import { makePatch } from '../../client-sdk/core/image/patch.js';
import { shortened } from '../../client-sdk/core/image/patch-body.js';
import type { BaseView } from '../../client-sdk/core/image/patch-prediction.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import {
  changedBlocks,
  contentOfBlocks,
  croppedBlocks,
  drawnBlocks,
  photographed,
  turnedBlocks,
  type CoefficientPicture,
} from '../support/coefficient-picture.js';
import { sampleTile } from '../support/sample-tiles.js';
import type { Vector } from '../support/vector.js';

const folder = 'test/vectors/patches';
const upright: BaseView = { orientation: 0, x: 0, y: 0 };
const scene = photographed(5, 4, 3);
const wide = photographed(12, 5, 6);

interface Made {
  readonly why: string;
  readonly base?: CoefficientPicture;
  readonly target: CoefficientPicture;
  readonly view?: BaseView;
  readonly maxBytes?: number;
}

function turned(orientation: number): Made {
  return { why: `Orientation ${orientation}.`, target: turnedBlocks(scene, orientation), view: { ...upright, orientation } };
}

function isIn(x: number, y: number): boolean {
  return x >= 4 && x < 9 && y >= 1 && y < 4;
}

function rounded(value: number): number {
  return Math.sign(value) * Math.floor(Math.abs(value) + 0.5);
}

const made: Readonly<Record<string, Made>> = {
  same: { why: 'The same tile is one byte.', target: scene },
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((orientation) => [`turned-${orientation}`, turned(orientation)])),
  window: { why: 'A window names size and place.', target: croppedBlocks(scene, { x: 1, y: 2, across: 3, down: 2 }), view: { orientation: 0, x: 1, y: 2 } },
  'window-turned': {
    why: 'A window lies in the turned base.',
    target: croppedBlocks(turnedBlocks(scene, 5), { x: 1, y: 2, across: 3, down: 2 }),
    view: { orientation: 5, x: 1, y: 2 },
  },
  factors: {
    why: 'Each frequency has a factor.',
    target: changedBlocks(scene, (value, [, , u, v]) => value * (1 + ((3 * u + 5 * v) % 7))),
  },
  fractions: {
    why: 'Coarser tables: factors with fractions, and a few coefficients that are rounded otherwise.',
    base: wide,
    target: changedBlocks(wide, (value, [x, y, u, v]) => rounded(value * (0.4 + (u + 2 * v) / 60)) + (x === 7 && y === 2 && u < 2 ? 1 : 0)),
  },
  brighter: {
    why: 'The constant coefficient is moved.',
    base: wide,
    target: changedBlocks(wide, (value, [, , u, v]) => (u + v === 0 ? value + 17 : value)),
  },
  'one-coefficient': { why: 'One coefficient is one less.', target: changedBlocks(scene, (value, [x, y, u, v]) => (x === 2 && y === 1 && u === 1 && v === 2 ? value - 1 : value)) },
  'last-coefficient': { why: 'The last place of a block is not written.', target: changedBlocks(scene, (value, [x, y, u, v]) => (x === 4 && y === 3 && u + v === 14 ? 9 : value)) },
  'small-changes': { why: 'A picture saved anew.', base: wide, target: changedBlocks(wide, (value, [x, y, u, v]) => ((5 * x + 7 * y + 11 * u + 3 * v) % 29 === 0 ? value + ((x + u) % 2 === 0 ? 1 : -1) : value)) },
  box: { why: 'A black box: blocks that are written anew.', base: wide, target: changedBlocks(wide, (value, [x, y, u, v]) => (isIn(x, y) ? (u + v === 0 ? -512 : 0) : value)) },
  'box-turned': {
    why: 'All of it: turned, cropped, of other tables, with a box.',
    base: wide,
    target: changedBlocks(croppedBlocks(turnedBlocks(wide, 6), { x: 0, y: 1, across: 5, down: 10 }), (value, [x, y, u, v]) => (isIn(y, x) ? (u + v === 0 ? 99 : 0) : value * 2)),
    view: { orientation: 6, x: 0, y: 1 },
  },
  ends: { why: 'The ends of 16 bits.', base: drawnBlocks(2, 1, (x) => (x === 0 ? -0x8000 : 0x7fff)), target: drawnBlocks(2, 1, (x) => (x === 0 ? 0x7fff : -0x8000)) },
  'too-long': { why: 'Another picture has no patch of 100 bytes.', target: photographed(5, 4, 4), maxBytes: 100 },
  outside: { why: 'A window that leaves the base has none.', target: scene, view: { ...upright, y: 1 } },
  'no-negative': { why: 'A coefficient of -32768 is not negated.', base: drawnBlocks(1, 1, () => -0x8000), target: scene, view: { ...upright, orientation: 1 } },
};

/** What a run of the coder holds after `first`, ended as a writer ends it. */
function coded(first: readonly number[], write: (coder: CorrectionCoder) => void): Uint8Array {
  const coder = new CorrectionWriter(8_192, 8_192);
  write(coder);
  return Uint8Array.of(...first, ...shortened(coder.finish()));
}

/** Contexts that nothing has been coded under yet: their place does not matter. */
const untouched = 8_000;

const zero = drawnBlocks(1, 1, () => 0);
const top = drawnBlocks(1, 1, () => 0x7fff);
const two = drawnBlocks(2, 2, () => 0);
const three = drawnBlocks(3, 3, () => 0);

/** A number under contexts not used before. */
function number(coder: CorrectionCoder, from: number, value: number): void {
  const bits = 31 - Math.clz32(value + 1);
  for (let k = 0; k <= bits; k++) coder.bit(from + k, k < bits ? 1 : 0);
  for (let left = bits; left > 0; ) {
    const part = Math.min(left, 12);
    left -= part;
    coder.raw(((value + 1) >>> left) & (2 ** part - 1), part);
  }
}

const refused: Readonly<Record<string, readonly [why: string, base: CoefficientPicture, patch: Uint8Array]>> = {
  empty: ['A patch has at least one byte.', zero, new Uint8Array(0)],
  'bit-6': ['Bits 6 and 7 are not set.', zero, Uint8Array.of(0x40)],
  'bit-7': ['Bits 6 and 7 are not set.', zero, Uint8Array.of(0x80)],
  trailing: ['Nothing follows a patch without a body.', zero, Uint8Array.of(0, 0)],
  'same-size': ['The size of the base is not written.', two, Uint8Array.of(8, 1, 1, 0, 0)],
  wide: ['A window is not wider than the base.', two, Uint8Array.of(8, 2, 0, 0, 0)],
  right: ['A window does not end beyond the base.', two, Uint8Array.of(8, 0, 1, 2, 0)],
  below: ['Nor below it.', two, Uint8Array.of(8, 1, 0, 0, 2)],
  negative: ['A coefficient of -32768 is not negated.', drawnBlocks(1, 1, () => -0x8000), Uint8Array.of(2)],
  'no-body': ['A body has a byte at least.', zero, Uint8Array.of(0x20)],
  'idle-gains': ['Gains change something.', zero, coded([0x10], (coder) => { coder.bit(0, 0); coder.bit(25, 0); })],
  'large-factor': [
    'A factor is at most 255.',
    drawnBlocks(1, 1, (_x, _y, [u, v]) => (u + v === 0 ? 1 : 0)),
    coded([0x10], (coder) => { coder.bit(0, 0); number(coder, 1, 2 * 255); coder.bit(25, 0); }),
  ],
  'negative-factor': [
    'A factor is not below zero.',
    drawnBlocks(1, 1, (_x, _y, [u, v]) => (u + v === 0 ? 1 : 0)),
    coded([0x10], (coder) => { coder.bit(0, 0); number(coder, 1, 3); coder.bit(25, 0); }),
  ],
  'large-offset': ['The constant coefficient is moved by at most 1,023.', zero, coded([0x10], (coder) => { coder.bit(0, 0); number(coder, 25, 2 * 1_024); })],
  beyond: ['A product stays in 16 bits.', drawnBlocks(1, 1, (_x, _y, [u, v]) => (u + v === 0 ? 0x7fff : 0)), coded([0x10], (coder) => { coder.bit(0, 0); coder.bit(1, 0); number(coder, 25, 2); })],
  outside: ['Exceptions stay in the tile.', three, coded([0x20], (coder) => { for (const side of [3, 0, 0, 0]) coder.raw(side, 2); })],
  'no-exception': ['A block of a rectangle of one is an exception.', zero, coded([0x20], (coder) => { coder.bit(untouched, 0); })],
  'same-block': ['A block that is written anew is not as expected.', zero, coded([0x20], (coder) => {
    coder.bit(untouched, 1);
    coder.bit(untouched + 1, 1);
    for (let z = 0; z < 64; z++) coder.bit(untouched + 2, 0);
  })],
  'loose-bounds': ['The rectangle is no wider than its exceptions.', two, coded([0x20], (coder) => {
    for (const side of [0, 1, 0, 0]) coder.raw(side, 1);
    for (let x = 0; x < 2; x++) coder.bit(untouched, 0);
  })],
  'leaves-range': ['A coefficient stays in 16 bits.', top, coded([0x20], (coder) => {
    for (const [i, bit] of [1, 0, 1, 0, 0].entries()) coder.bit(untouched + i, bit);
  })],
  'late-end': ['Nothing follows a body.', scene, Uint8Array.of(...patchOf(made['one-coefficient']), 0)],
  'other-end': ['A body ends with the lowest number that its range has.', scene, otherEnd(patchOf(made['one-coefficient']))],
};

/** The last byte is one more. */
function otherEnd(patch: Uint8Array): Uint8Array {
  patch[patch.length - 1] = (patch[patch.length - 1] ?? 0) + 1;
  return patch;
}

function patchOf({ base = scene, target, view = upright, maxBytes = 10_000 }: Made = { why: '', target: scene }): Uint8Array {
  return makePatch(contentOfBlocks(target), contentOfBlocks(base), view, maxBytes) ?? new Uint8Array(0);
}

function vectorOf(each: Made): Vector {
  const { why, base = scene, target, view = upright, maxBytes = 10_000 } = each;
  const patch = makePatch(contentOfBlocks(target), contentOfBlocks(base), view, maxBytes);
  const input = { base: hexOf(contentOfBlocks(base)), target: hexOf(contentOfBlocks(target)), orientation: view.orientation, x: view.x, y: view.y, maxBytes };
  return { why, operation: 'makePatch', input, output: patch === undefined ? null : hexOf(patch) };
}

await mkdir(folder, { recursive: true });
const vectors: Record<string, Vector> = Object.fromEntries(Object.entries(made).map(([name, each]) => [name, vectorOf(each)]));
const samples = sampleTile({ width: 5, height: 4, channels: 1, depth: 8 }, 'noise');
vectors['of-samples'] = {
  why: 'Samples and coefficients have no patch.',
  operation: 'makePatch',
  input: { base: hexOf(samples), target: hexOf(contentOfBlocks(scene)), orientation: 0, x: 0, y: 0, maxBytes: 10_000 },
  output: null,
};
for (const [name, [why, base, patch]] of Object.entries(refused)) {
  vectors[`refuse-${name}`] = { why, operation: 'applyPatch', input: { base: hexOf(contentOfBlocks(base)), patch: hexOf(patch) }, failure: 'recipe-invalid' };
}
for (const [name, vector] of Object.entries(vectors)) await writeFile(`${folder}/coefficients-${name}.json`, `${JSON.stringify(vector, null, 2)}\n`);
