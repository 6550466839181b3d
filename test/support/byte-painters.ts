/**
 * Bytes as the corners of deflate like them: noise, few values, copies of all lengths and distances. The same for the same seed.
 */
import { numbersFrom } from './sample-tiles.js';

/** Answers numbers from 0 to below its limit. */
export type Below = (limit: number) => number;
export type Painter = (length: number, below: Below) => Uint8Array;

/** What a seed draws. */
export function belowOf(seed: number): Below {
  const next = numbersFrom(seed);
  return (limit) => (next() >>> 3) % Math.max(1, limit);
}

export function smallDifferences(length: number, below: Below): Uint8Array {
  return Uint8Array.from({ length }, () => below(6) + below(6) - 6);
}

export const painters: Readonly<Record<string, Painter>> = {
  noise: (length, below) => Uint8Array.from({ length }, () => below(256)),
  'small differences': smallDifferences,
  'few values': (length, below) => Uint8Array.from({ length }, () => below(3)),
  'copies of all lengths and distances': (length, below) => {
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; ) {
      const distance = 1 + below(Math.min(at, [8, 300, 4_096, 40_000][below(4)] ?? 0));
      const isCopy = at > 0 && below(3) > 0;
      const end = Math.min(length, at + (isCopy ? 3 + below([4, 20, 300][below(3)] ?? 0) : 1 + below(12)));
      for (; at < end; at++) bytes[at] = isCopy ? (bytes[at - distance] ?? 0) : below(256);
    }
    return bytes;
  },
  'copies from just where the window ends': (length, below) => {
    const distance = 32_768 - 262 - 2 + below(5);
    const bytes = new Uint8Array(length);
    for (let at = 0; at < length; at++) bytes[at] = at < distance || below(50) === 0 ? below(256) : (bytes[at - distance] ?? 0);
    return bytes;
  },
  'one value, and a few others': (length, below) => {
    const bytes = new Uint8Array(length).fill(below(256));
    for (let k = 0; k < 30 && length > 0; k++) bytes[below(length)] = below(256);
    return bytes;
  },
};
