/**
 * The images of the paper's experiment where no folder is given: 20 files as 10 near-identical pairs (PNG, JPEG and
 * TIFF; 0.02 to 14 MB), made from a seeded generator, so that every run has the same bytes.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { pngOf, tiffOf, type Pixels } from './plain-images.js';

type Format = 'png' | 'jpg' | 'tif';

/** What the second of a pair differs in. */
type Edit = 'label' | 'pixel' | 'box';

const plan: readonly { readonly width: number; readonly height: number; readonly format: Format; readonly edit: Edit }[] = [
  { width: 96, height: 80, format: 'png', edit: 'label' },
  { width: 256, height: 192, format: 'jpg', edit: 'box' },
  { width: 480, height: 360, format: 'tif', edit: 'pixel' },
  { width: 640, height: 480, format: 'png', edit: 'box' },
  { width: 800, height: 600, format: 'jpg', edit: 'label' },
  { width: 1024, height: 768, format: 'tif', edit: 'label' },
  { width: 1280, height: 960, format: 'png', edit: 'pixel' },
  { width: 1600, height: 1200, format: 'jpg', edit: 'pixel' },
  { width: 1920, height: 1280, format: 'png', edit: 'label' },
  { width: 2400, height: 1950, format: 'tif', edit: 'box' },
];

/** Writes the 20 files below `folder` and answers their paths, each pair side by side. */
export async function makePaperImages(folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [index, { width, height, format, edit }] of plan.entries()) {
    const first = photograph(width, height, index + 1);
    for (const [half, pixels] of [first, edited(first, edit)].entries()) {
      const file = path.join(folder, `${String(index + 1).padStart(2, '0')}${half === 0 ? 'a' : 'b'}.${format}`);
      await writeFile(file, await encoded(pixels, format));
      paths.push(file);
    }
  }
  return paths;
}

async function encoded(pixels: Pixels, format: Format): Promise<Uint8Array> {
  if (format === 'png') return pngOf(pixels);
  if (format === 'tif') return tiffOf(pixels);
  const raw = { width: pixels.width, height: pixels.height, channels: 3 as const };
  return sharp(pixels.samples, { raw }).jpeg({ quality: 88 }).toBuffer();
}

/** Smooth light, a few shapes and sensor noise: codes like a photograph. */
function photograph(width: number, height: number, seed: number): Pixels {
  const random = generator(seed);
  const waves = Array.from({ length: 9 }, () => ({ fx: random() * 0.03, fy: random() * 0.03, phase: random() * 6.3, gain: 8 + random() * 24 }));
  const samples = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 3; c++) {
        let value = 128;
        for (const wave of waves.slice(2 * c, 2 * c + 5)) value += wave.gain * Math.sin(wave.fx * x + wave.fy * y + wave.phase);
        samples[3 * (y * width + x) + c] = Math.max(0, Math.min(255, Math.round(value + (random() - 0.5) * 6)));
      }
    }
  }
  return { width, height, samples };
}

function edited(pixels: Pixels, edit: Edit): Pixels {
  const samples = pixels.samples.slice();
  const { width, height } = pixels;
  const area = {
    pixel: { x: width >> 1, y: height >> 1, w: 1, h: 1 },
    label: { x: 8, y: 8, w: Math.min(120, width >> 2), h: 14 },
    box: { x: width >> 2, y: height >> 2, w: width >> 3, h: height >> 3 },
  }[edit];
  for (let y = area.y; y < area.y + area.h; y++) samples.fill(edit === 'box' ? 0 : 255, 3 * (y * width + area.x), 3 * (y * width + area.x + area.w));
  return { width, height, samples };
}

/** mulberry32: a small generator with a known sequence. */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
