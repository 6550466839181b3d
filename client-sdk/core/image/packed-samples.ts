/**
 * Rows of samples as containers pack them (any depth up to 16, most significant bit first, rows ending on a byte; whole samples
 * of 8, 16, 24, 32 or 64 bits in either byte order) and as contents hold them: 24 bits in 32, 64 as two of 32. SPEC.md section 6.3.
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

/** The depth of a content that holds packed samples of `depth` bits, and how many of its samples one of them takes; undefined where none can. */
export function contentDepth(depth: number): { readonly depth: number; readonly samples: number } | undefined {
  if (depth === 64) return { depth: 32, samples: 2 };
  if (depth === 24) return { depth: 32, samples: 1 };
  return depth === 32 || (Number.isInteger(depth) && depth >= 1 && depth <= 16) ? { depth, samples: 1 } : undefined;
}

/** `samples` samples of the packed row that begins at `row[0]` in canonical form, as a view or a new array. */
export function unpackRow(row: Uint8Array, samples: number, packing: Packing): Uint8Array {
  const { depth, isLittleEndian } = packing;
  if (depth > 16) return unpackWide(row.subarray(0, (samples * depth) >> 3), packing);
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
  if (depth > 16) return packWide(samples, packing);
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

function unpackWide(row: Uint8Array, { depth, isLittleEndian }: Packing): Uint8Array {
  const ordered = isLittleEndian ? swapped(row, depth >> 3) : row;
  if (depth !== 24) return ordered;
  const canonical = new Uint8Array((ordered.length / 3) * 4);
  for (let from = 0, to = 1; from < ordered.length; from += 3, to += 4) canonical.set(ordered.subarray(from, from + 3), to);
  return canonical;
}

function packWide(samples: Uint8Array, { depth, isLittleEndian }: Packing): Uint8Array {
  let ordered = samples;
  if (depth === 24) {
    ordered = new Uint8Array((samples.length / 4) * 3);
    for (let to = 0, from = 1; to < ordered.length; from += 4, to += 3) ordered.set(samples.subarray(from, from + 3), to);
  }
  return isLittleEndian ? swapped(ordered, depth >> 3) : ordered;
}

function swapped(bytes: Uint8Array, size: number): Uint8Array {
  const turned = new Uint8Array(bytes.length);
  for (let at = 0; at < bytes.length; at += size) {
    for (let k = 0; k < size; k++) turned[at + k] = bytes[at + size - 1 - k]!;
  }
  return turned;
}
