/**
 * Small pictures made from a seed, each unlike all others, of about 20 kB as JPEG. For benches of many small files.
 */
import { mkdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { madeSamples } from './photographs.js';

const size = { width: 320, height: 240 };
/** Chosen so that the files have about 20 kB. */
const quality = 88;
const perFolder = 500;

/** Writes `count` of them below `folder`, 500 in each subfolder; those that are there stay. Answers the sum of their bytes. */
export async function writeSmallPictures(folder: string, count: number): Promise<number> {
  let bytes = 0;
  for (let number = 0; number < count; number++) {
    const place = path.join(folder, String(Math.floor(number / perFolder)).padStart(3, '0'));
    const file = path.join(place, `picture-${String(number).padStart(6, '0')}.jpg`);
    const there = await stat(file).catch(() => undefined);
    if (there === undefined) {
      await mkdir(place, { recursive: true });
      await writeFile(file, await pictureOf(number + 1));
    }
    bytes += there?.size ?? (await stat(file)).size;
  }
  return bytes;
}

async function pictureOf(seed: number): Promise<Uint8Array> {
  return sharp(await madeSamples(seed, size), { raw: { ...size, channels: 3 } }).jpeg({ quality }).toBuffer();
}
