/**
 * Writes the vectors of the coder of coefficients to test/vectors/coefficients: `node dist/test/vectors/make-coefficients.js` from the
 * root of the project. Run it only when the format changes on purpose; the tests never do.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { codeContent } from '../../client-sdk/core/image/coded.js';
import { codeCoefficients } from '../../client-sdk/core/image/coefficient-coder.js';
import { concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { type CoefficientPicture, sampleCoefficients } from '../support/sample-coefficients.js';
import type { Vector } from '../support/vector.js';

const folder = 'test/vectors/coefficients';

type Case = readonly [why: string, picture: CoefficientPicture, across: number, down: number];

const cases: Readonly<Record<string, Case>> = {
  'one-block': ['One block, which is flat by itself.', 'photo', 1, 1],
  'zero-one-block': ['One block of zeros.', 'zero', 1, 1],
  'zero-default': ['Zeros, of the size that is not written.', 'zero', 64, 64],
  'flat-default': ['Equal blocks, of the size that is not written.', 'flat', 64, 64],
  'flat-wide': ['Equal blocks, sides of two bytes.', 'flat', 300, 20],
  'ramp-default': ['Constant coefficients alone, each as its neighbours let expect, of the size that is not written.', 'ramp', 64, 64],
  'constants': ['Constant coefficients alone, with errors.', 'constants', 7, 6],
  'one-row': ['Blocks without any above.', 'photo', 9, 1],
  'one-column': ['Blocks without any to the left.', 'photo', 1, 9],
  'photo': ['Coefficients as photographs have them.', 'photo', 10, 9],
  'soft': ['Low frequencies alone: edges and few others.', 'soft', 12, 8],
  'signs': ['Many coefficients of -1, 0 and 1, all frequencies.', 'signs', 5, 4],
  'sparse': ['Few large coefficients: numbers above 8.', 'sparse', 6, 6],
  'last': ['The highest frequency alone, in every other block.', 'last', 6, 5],
  'lowest': ['Blocks of -32,768 between blocks of zeros.', 'lowest', 3, 3],
  'extremes': ['The extremes at random: deflate takes less than the coder.', 'extremes', 3, 2],
  'noise': ['Noise of 16 bits is stored.', 'noise', 2, 2],
};

/** Codes that a reader refuses, made of the right one of a small tile. */
const refused: Readonly<Record<string, readonly [why: string, code: (right: Uint8Array) => Uint8Array]>> = {
  'refused-cut': ['It ends a byte early.', (right) => right.subarray(0, right.length - 1)],
  'refused-longer': ['A byte follows it.', (right) => concat(right, Uint8Array.of(0))],
  'refused-head': ['An unknown bit of the head is set.', (right) => changed(right, 0, 2)],
  'refused-side': ['A side is not in its shortest form.', (right) => concat(right.subarray(0, 1), Uint8Array.of(0x82, 0), right.subarray(2))],
  'refused-default': ['The size that is not written is written.', (right) => concat(Uint8Array.of(128, 63, 63), right.subarray(3))],
  'refused-size': ['More blocks than a content may hold.', (right) => concat(Uint8Array.of(128, 0xff, 63, 0), right.subarray(3))],
  'refused-state': ['A state is below the lowest.', (right) => concat(right.subarray(0, 3), Uint8Array.of(0, 0, 0, 0), right.subarray(7))],
  'refused-word': ['The last word is another: the states do not end where they began.', (right) => changed(right, right.length - 1, 16)],
  'refused-short': ['It ends within its states.', (right) => right.subarray(0, 12)],
  'refused-flat': ['All blocks are equal, but coded one by one.', () => concat(Uint8Array.of(128, 1, 0), twoZeroBlocks)],
};

/** Two equal blocks, coded one by one: what a reader would take if it did not look. */
const twoZeroBlocks = zeroBlocks();

function zeroBlocks(): Uint8Array {
  const own = codeCoefficients(sampleCoefficients({ across: 1, down: 1 }, 'zero'));
  if (own === undefined) throw new Error('A block of zeros has a code.');
  return own.subarray(3);
}

function changed(code: Uint8Array, at: number, bits: number): Uint8Array {
  const copy = code.slice();
  copy[at] = (copy[at] ?? 0) ^ bits;
  return copy;
}

/** Coder 7 and the payload's length before a code. */
function framed(code: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(7, (code.length & 127) | 128, code.length >>> 7), code);
}

async function write(name: string, vector: Vector): Promise<void> {
  await writeFile(`${folder}/${name}.json`, `${JSON.stringify(vector, null, 2)}\n`);
}

/** Blocks as hex; those that equal the one before are left out. */
function blocksOf(content: Uint8Array): Readonly<Record<string, string>> {
  const blocks: Record<string, string> = {};
  for (let at = 8, before = ''; at < content.length; at += 128) {
    const block = hexOf(content.subarray(at, at + 128));
    if (block !== before) blocks[String((at - 8) / 128)] = block.replace(/(00)+$/, '');
    before = block;
  }
  return blocks;
}

await mkdir(folder, { recursive: true });
for (const [name, [why, picture, across, down]] of Object.entries(cases)) {
  const content = sampleCoefficients({ across, down }, picture, 7);
  await write(name, { why, operation: 'codeContent', input: { across, down, blocks: blocksOf(content) }, output: { coded: hexOf(codeContent(content)) } });
}
const small = codeCoefficients(sampleCoefficients({ across: 3, down: 2 }, 'soft', 7));
if (small === undefined) throw new Error('The small tile has a code.');
for (const [name, [why, codeOf]] of Object.entries(refused)) {
  await write(name, { why, operation: 'decodeContent', input: { coded: hexOf(framed(codeOf(small))) }, failure: 'recipe-invalid' });
}
