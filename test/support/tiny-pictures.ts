/**
 * Folders of very many very small pictures, made quickly: for tests of long queues. Every file differs from every other.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pngOf } from '../../bench/plain-images.js';

const side = 16;

/** A picture of 16 by 16 pixels of noise, which is one block; another one for each `seed`. */
export function tinyPicture(seed: number): Uint8Array {
  const samples = new Uint8Array(side * side * 3);
  let state = (seed + 1) * 2_654_435_761;
  for (let i = 0; i < samples.length; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    samples[i] = state >>> 24;
  }
  return pngOf({ width: side, height: side, samples });
}

/** A drawing of two colours, which travels in its manifest; another one for each `seed`. */
function tinyDrawing(seed: number): Uint8Array {
  const colour = [seed & 255, (seed >> 8) & 255, 77] as const;
  const samples = Uint8Array.from({ length: side * side * 3 }, (_, i) => (Math.floor(i / 3) % side < side / 2 ? (colour[i % 3] ?? 0) : 200));
  return pngOf({ width: side, height: side, samples });
}

/** Writes `count` of them, one in ten of noise, into `folder`, at most 500 in each folder below it, and answers their paths relative to `folder`. */
export async function writeTinyPictures(folder: string, count: number, from = 0): Promise<readonly string[]> {
  const names = Array.from({ length: count }, (_, i) => path.posix.join(`part ${String(Math.floor(i / 500) + 1)}`, `picture ${String(i + from).padStart(5, '0')}.png`));
  for (const below of new Set(names.map((name) => path.dirname(name)))) await mkdir(path.join(folder, below), { recursive: true });
  await Promise.all(names.map((name, i) => writeFile(path.join(folder, name), i % 10 === 0 ? tinyPicture(i + from) : tinyDrawing(i + from))));
  return names;
}
