/**
 * Rows of samples as containers pack them (any depth up to 16, most significant bit first, rows ending on a
 * byte; whole samples of 8, 16 or 32 bits in either byte order) and as contents hold them. SPEC.md section 6.3.
 */
import { sampleBytes } from './content.js';

/** How a container packs its samples. */
export interface Packing {
  readonly depth: number;
  readonly isLittleEndian: boolean;
}

/** Bytes of a packed row of `samples` samples. */
export function packedBytes(samples: number, depth: number): number {
  return Math.ceil((samples * depth) / 8);
}

/** Canonical samples of the packed row that begins at `row[0]`, as a view or a new array. */
export function unpackRow(row: Uint8Array, samples: number, packing: Packing): Uint8Array {
  const { depth, isLittleEndian } = packing;
  const size = sampleBytes(depth);
  if (depth === 8 * size) {
    const plain = row.subarray(0, samples * size);
    return size > 1 && isLittleEndian ? swapped(plain, size) : plain;
  }
  const canonical = new Uint8Array(samples * size);
  let word = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < samples; i++) {
    while (bits < depth) {
      word = ((word << 8) | row[at++]!) & 0xffffff;
      bits += 8;
    }
    bits -= depth;
    const value = (word >>> bits) & ((1 << depth) - 1);
    if (size === 1) canonical[i] = value;
    else {
      canonical[2 * i] = value >>> 8;
      canonical[2 * i + 1] = value;
    }
  }
  return canonical;
}

/** The packed row of canonical `samples`; the spare bits of its last byte are zero. */
export function packRow(samples: Uint8Array, packing: Packing): Uint8Array {
  const { depth, isLittleEndian } = packing;
  const size = sampleBytes(depth);
  if (depth === 8 * size) return size > 1 && isLittleEndian ? swapped(samples, size) : samples;
  const count = samples.length / size;
  const row = new Uint8Array(packedBytes(count, depth));
  let word = 0;
  let bits = 0;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const value = size === 1 ? samples[i]! : (samples[2 * i]! << 8) | samples[2 * i + 1]!;
    word = ((word << depth) | (value & ((1 << depth) - 1))) & 0xffffff;
    bits += depth;
    while (bits >= 8) {
      bits -= 8;
      row[at++] = word >>> bits;
    }
  }
  if (bits > 0) row[at] = word << (8 - bits);
  return row;
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const turned = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    for (let k = 0; k < size; k++) turned[at + k] = bytes[at + size - 1 - k]!;
  }
  return turned;
}
