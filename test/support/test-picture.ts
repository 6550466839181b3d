/**
 * Pictures of any shape made from a seed, in the canonical order of samples (channels interleaved, 16 bits
 * big-endian): what the PNG and TIFF writers of the tests write.
 */

/** Samples of a picture: one byte each up to 8 bits, two above. */
export interface TestPicture {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: number;
  readonly samples: Uint8Array;
}

/** Smooth shades with noise, different in every channel. */
export function shaded(width: number, height: number, { channels = 3, depth = 8, seed = 1 } = {}): TestPicture {
  const size = depth > 8 ? 2 : 1;
  const samples = new Uint8Array(width * height * channels * size);
  let state = seed * 2_654_435_761;
  for (let i = 0; i < width * height * channels; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const pixel = Math.floor(i / channels);
    const wave = Math.sin(((pixel % width) + 3 * (i % channels)) / 9) + Math.cos(pixel / width / 7);
    const value = Math.floor(((wave + 2) / 4) * (2 ** depth - 9)) + ((state >>> 24) % 9);
    writeSample(samples, i, { value: Math.max(0, Math.min(2 ** depth - 1, value)), size });
  }
  return { width, height, channels, depth, samples };
}

/** The same picture with other channels: `pick` names for each the old one, or a constant as `{value}`. */
export function rechannelled(picture: TestPicture, pick: readonly (number | { readonly value: number })[]): TestPicture {
  const size = picture.depth > 8 ? 2 : 1;
  const pixels = picture.width * picture.height;
  const samples = new Uint8Array(pixels * pick.length * size);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (const [channel, from] of pick.entries()) {
      const value = typeof from === 'number' ? sampleAt(picture, pixel * picture.channels + from) : from.value;
      writeSample(samples, pixel * pick.length + channel, { value, size });
    }
  }
  return { ...picture, channels: pick.length, samples };
}

/** The same picture with one sample changed. */
export function withOneSample(picture: TestPicture, x: number, y: number): TestPicture {
  const samples = picture.samples.slice();
  const size = picture.depth > 8 ? 2 : 1;
  const at = (y * picture.width + x) * picture.channels * size + size - 1;
  samples[at] = (samples[at] ?? 0) ^ 1;
  return { ...picture, samples };
}

/** Sample `index` of a picture. */
export function sampleAt({ samples, depth }: TestPicture, index: number): number {
  return depth > 8 ? ((samples[2 * index] ?? 0) << 8) | (samples[2 * index + 1] ?? 0) : (samples[index] ?? 0);
}

function writeSample(samples: Uint8Array, index: number, { value, size }: { readonly value: number; readonly size: number }): void {
  if (size === 2) samples[2 * index] = value >>> 8;
  samples[size * index + size - 1] = value;
}
