/**
 * A burnt-in field: a picture of which everything is known but a number that is written into one tile. Whoever has the disk
 * tries all numbers: draws each, codes the tile, seals it under its fingerprint as `open` does, with the padding of `personal` too, and
 * looks both T1 up.
 */
import { codeForSealing, fingerprint, sealCoded } from '../../client-sdk/core/block.js';
import { paddedLength } from '../../client-sdk/core/domain.js';
import { codeContent, codedLength, decodeContent } from '../../client-sdk/core/image/coded.js';
import { newTile, samplesOf } from '../../client-sdk/core/image/content.js';
import { padWithZeros } from '../../client-sdk/core/padding.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Pixels } from '../plain-images.js';

/** The field is one tile of its own: as high and wide as a card's upper edge. */
const [width, height] = [96, 24];
/** Digits as 3 by 5 cells, row by row from the highest bit. */
const digits = [0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111, 0b101101111001001, 0b111100111001111, 0b111100111101111, 0b111001010010010, 0b111101111101111, 0b111101111001111];
const cellPixels = 3;

/** What trying all numbers gave. */
export interface Enumeration {
  readonly tried: number;
  /** Numbers whose tile the store has. */
  readonly found: readonly number[];
  /** Processor seconds for all. */
  readonly cpuSeconds: number;
}

/** A card with a number of so many digits on paper that everybody has. */
export function cardOf(value: number, digitCount: number): Pixels {
  const samples = paper();
  for (let place = 0, rest = value; place < digitCount; place++, rest = Math.floor(rest / 10)) drawDigit(samples, rest % 10, 6 + (digitCount - 1 - place) * 4 * cellPixels);
  return { width, height, samples };
}

/** Tries all numbers of so many digits against the T1 (hex) of a store. */
export async function enumerate(digitCount: number, stored: ReadonlySet<string>): Promise<Enumeration> {
  const before = process.cpuUsage();
  const found: number[] = [];
  const tried = 10 ** digitCount;
  for (let value = 0; value < tried; value++) if ((await rehashesOf(cardOf(value, digitCount))).some((rehash) => stored.has(rehash))) found.push(value);
  const { user, system } = process.cpuUsage(before);
  return { tried, found, cpuSeconds: (user + system) / 1e6 };
}

/** T1 under the fingerprint as key, as `open` has it and with the padding of `personal`. */
async function rehashesOf({ samples }: Pixels): Promise<readonly string[]> {
  const content = newTile({ width, height, channels: 3, depth: 8 });
  samplesOf(content).set(samples);
  const coded = codeForSealing({ code: codeContent, decode: decodeContent, length: codedLength }, content);
  const key = await fingerprint(nodeProvider, content);
  const forms = (['open', 'personal'] as const).map((kind) => padWithZeros(coded, paddedLength(kind, coded.length)));
  return Promise.all(forms.map(async (form) => hexOf((await sealCoded(nodeProvider, key, form)).rehash)));
}

function paper(): Uint8Array {
  const samples = new Uint8Array(width * height * 3);
  for (let i = 0, state = 1; i < samples.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    samples[i] = 200 + 10 * (i % 3) + ((state >>> 24) % 7);
  }
  return samples;
}

function drawDigit(samples: Uint8Array, digit: number, left: number): void {
  for (let cell = 0; cell < 15; cell++) {
    if ((((digits[digit] ?? 0) >> (14 - cell)) & 1) === 0) continue;
    const [x, y] = [left + (cell % 3) * cellPixels, 4 + Math.floor(cell / 3) * cellPixels];
    for (let row = y; row < y + cellPixels; row++) samples.fill(20, 3 * (row * width + x), 3 * (row * width + x + cellPixels));
  }
}
