/**
 * Samples between a band of a picture and its tiles: which channels a rectangle really has, its canonical
 * content, and back. Bands and contents hold samples in the canonical order of SPEC.md section 5.1 (channels
 * interleaved, big-endian); the reduction is SPEC.md section 6.3.
 */
import { newTile, sampleBytes, samplesOf, type TileShape } from './content.js';
import { tileChannels, tileDepth, type Expansion } from './expansion.js';
import type { Region } from './splitter.js';

/** Interleaved samples of a rectangle of a page. */
export interface Patch {
  readonly samples: Uint8Array;
  readonly region: Region;
}

/** Where a rectangle lies within a patch, in bytes. */
interface Window {
  readonly samples: Uint8Array;
  readonly origin: number;
  readonly stride: number;
  readonly width: number;
  readonly height: number;
  readonly pixelBytes: number;
  readonly size: number;
}

/** How the channels of `region` within `patch` reduce. */
export function expansionIn(patch: Patch, region: Region, shape: TileShape): Expansion {
  const window = windowOf(patch, region, shape);
  const own: number[] = [];
  const origins: number[] = [];
  for (let channel = 0; channel < shape.channels; channel++) {
    const offset = channel * window.size;
    if (isConstant(window, offset)) {
      origins.push(-1 - valueAt(window, offset));
      continue;
    }
    let twin = own.findIndex((other) => isTwin(window, other, offset));
    if (twin < 0) {
      twin = own.length;
      own.push(offset);
    }
    origins.push(twin);
  }
  return { origins, isNarrow: shape.depth === 16 && own.length > 0 && own.every((offset) => isTwinBytes(window, offset)) };
}

/** The canonical content of `region` within `patch`; the expansion is that of `expansionIn` and not flat. */
export function tileIn(patch: Patch, region: Region, shape: TileShape, expansion: Expansion): Uint8Array<ArrayBuffer> {
  const channels = tileChannels(expansion);
  const depth = tileDepth(expansion, shape.depth);
  const content = newTile({ width: region.width, height: region.height, channels, depth });
  const target = samplesOf(content);
  const window = windowOf(patch, region, shape);
  if (channels === shape.channels && !expansion.isNarrow) {
    copyRows(window, target);
    return content;
  }
  const size = sampleBytes(depth);
  for (let channel = 0; channel < channels; channel++) {
    const from = expansion.origins.indexOf(channel) * window.size;
    pick(window, from, target, { to: channel * size, step: channels * size, size });
  }
  return content;
}

/** Writes the part of a tile that lies in `patch` there. `tile` is undefined for a flat one. */
export function expandInto(patch: Patch, region: Region, shape: TileShape, expansion: Expansion, tile: Uint8Array | undefined): void {
  const shared = intersection(patch.region, region);
  const window = windowOf(patch, shared, shape);
  const size = sampleBytes(tileDepth(expansion, shape.depth));
  const step = tileChannels(expansion) * size;
  const start = ((shared.y - region.y) * region.width + (shared.x - region.x)) * step;
  for (let channel = 0; channel < shape.channels; channel++) {
    const origin = expansion.origins[channel]!;
    const offset = channel * window.size;
    if (origin < 0) fill(window, offset, -1 - origin);
    else if (tile !== undefined) place(window, offset, { tile, start: start + origin * size, step, stride: region.width * step, size });
  }
}

/** The rectangle that two share; both overlap. */
function intersection(a: Region, b: Region): Region {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  return { x, y, width: Math.min(a.x + a.width, b.x + b.width) - x, height: Math.min(a.y + a.height, b.y + b.height) - y };
}

function windowOf(patch: Patch, region: Region, shape: TileShape): Window {
  const size = sampleBytes(shape.depth);
  const pixelBytes = shape.channels * size;
  const stride = patch.region.width * pixelBytes;
  const origin = (region.y - patch.region.y) * stride + (region.x - patch.region.x) * pixelBytes;
  return { samples: patch.samples, origin, stride, width: region.width, height: region.height, pixelBytes, size };
}

function isConstant(window: Window, offset: number): boolean {
  const { samples, size, pixelBytes } = window;
  const first = window.origin + offset;
  for (let y = 0; y < window.height; y++) {
    let at = first + y * window.stride;
    for (let x = 0; x < window.width; x++, at += pixelBytes) {
      for (let k = 0; k < size; k++) if (samples[at + k] !== samples[first + k]) return false;
    }
  }
  return true;
}

/** Both bytes of all samples are equal. */
function isTwinBytes(window: Window, offset: number): boolean {
  const { samples, pixelBytes } = window;
  for (let y = 0; y < window.height; y++) {
    let at = window.origin + offset + y * window.stride;
    for (let x = 0; x < window.width; x++, at += pixelBytes) if (samples[at] !== samples[at + 1]) return false;
  }
  return true;
}

function isTwin(window: Window, a: number, b: number): boolean {
  const { samples, size, pixelBytes } = window;
  const apart = b - a;
  for (let y = 0; y < window.height; y++) {
    let at = window.origin + a + y * window.stride;
    for (let x = 0; x < window.width; x++, at += pixelBytes) {
      for (let k = 0; k < size; k++) if (samples[at + k] !== samples[at + k + apart]) return false;
    }
  }
  return true;
}

function valueAt(window: Window, offset: number): number {
  let value = 0;
  for (let k = 0; k < window.size; k++) value = value * 256 + window.samples[window.origin + offset + k]!;
  return value;
}

function copyRows(window: Window, target: Uint8Array): void {
  const rowBytes = window.width * window.pixelBytes;
  for (let y = 0; y < window.height; y++) {
    const start = window.origin + y * window.stride;
    target.set(window.samples.subarray(start, start + rowBytes), y * rowBytes);
  }
}

interface PickPlace {
  readonly to: number;
  readonly step: number;
  /** Bytes of a sample that are taken. */
  readonly size: number;
}

function pick(window: Window, from: number, target: Uint8Array, { to, step, size }: PickPlace): void {
  const { samples, pixelBytes } = window;
  let out = to;
  for (let y = 0; y < window.height; y++) {
    let at = window.origin + from + y * window.stride;
    for (let x = 0; x < window.width; x++, at += pixelBytes, out += step) {
      for (let k = 0; k < size; k++) target[out + k] = samples[at + k]!;
    }
  }
}

function fill(window: Window, offset: number, value: number): void {
  const { samples, size, pixelBytes } = window;
  for (let k = 0; k < size; k++) {
    const byte = (value >>> (8 * (size - 1 - k))) & 0xff;
    for (let y = 0; y < window.height; y++) {
      let at = window.origin + offset + k + y * window.stride;
      for (let x = 0; x < window.width; x++, at += pixelBytes) samples[at] = byte;
    }
  }
}

interface TileWindow {
  readonly tile: Uint8Array;
  readonly start: number;
  readonly step: number;
  readonly stride: number;
  /** Bytes of a sample of the tile; the last one stands again where the window has more. */
  readonly size: number;
}

function place(window: Window, offset: number, from: TileWindow): void {
  const { samples, size, pixelBytes } = window;
  const { tile, step } = from;
  const last = from.size - 1;
  for (let y = 0; y < window.height; y++) {
    let at = window.origin + offset + y * window.stride;
    let source = from.start + y * from.stride;
    for (let x = 0; x < window.width; x++, at += pixelBytes, source += step) {
      for (let k = 0; k < size; k++) samples[at + k] = tile[source + (k < last ? k : last)]!;
    }
  }
}
