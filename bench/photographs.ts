/**
 * Photographs made from a seed, each unlike all others, of about 4 MB as JPEG: smooth colours, structure at two scales, and
 * the noise of a sensor. For benches of many large files; nothing of one is found again in another.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';

const size = { width: 4_000, height: 3_000 };
/** Chosen so that the files have about 4 MB. */
const quality = 93;
/** Layers: how much smaller than the picture, how strong. */
const layers = [{ part: 64, strength: 90 }, { part: 8, strength: 45 }, { part: 2, strength: 16 }] as const;

/** Writes `count` of them into `folder`; those that are there stay. Answers their paths and the sum of their bytes. */
export async function writePhotographs(folder: string, count: number): Promise<{ readonly files: readonly string[]; readonly bytes: number }> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  let bytes = 0;
  for (let seed = 1; seed <= count; seed++) {
    const file = path.join(folder, `photograph-${String(seed).padStart(4, '0')}.jpg`);
    const there = await stat(file).catch(() => undefined);
    if (there === undefined) await writeFile(file, await photographOf(seed));
    bytes += there?.size ?? (await stat(file)).size;
    files.push(file);
  }
  return { files, bytes };
}

async function photographOf(seed: number): Promise<Uint8Array> {
  return sharp(await madeSamples(seed, size), { raw: { ...size, channels: 3 } }).jpeg({ quality }).toBuffer();
}

/** Size of a picture in pixels. */
interface Size {
  readonly width: number;
  readonly height: number;
}

/** The samples of a picture: red, green, blue, row by row. */
export async function madeSamples(seed: number, picture: Size): Promise<Uint8ClampedArray> {
  const noise = numbersFrom(seed);
  const sum = new Int16Array(picture.width * picture.height * 3).fill(128);
  for (const layer of layers) {
    const samples = await enlarged(noise, layer.part, picture);
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + ((((samples[i] ?? 0) - 128) * layer.strength) >> 7);
  }
  return Uint8ClampedArray.from(sum);
}

/** Random samples of a picture that is `part` times smaller, made as large as the picture. */
async function enlarged(noise: () => number, part: number, { width, height }: Size): Promise<Uint8Array> {
  const small = { width: Math.ceil(width / part), height: Math.ceil(height / part), channels: 3 as const };
  const samples = new Uint8Array(small.width * small.height * 3);
  for (let i = 0; i < samples.length; i++) samples[i] = noise() >>> 24;
  return sharp(samples, { raw: small }).resize(width, height, { fit: 'fill', kernel: 'cubic' }).raw().toBuffer();
}

/** xorshift32 (Marsaglia, 2003). */
function numbersFrom(seed: number): () => number {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}
