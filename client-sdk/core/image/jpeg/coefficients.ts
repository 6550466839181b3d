/**
 * The quantised coefficients of a JPEG file, component by component, and those of the padding blocks beyond the
 * picture. Independent of codes, scans and quantisation. SPEC.md section 6.8.
 */
import type { Component, Frame } from './jpeg-frame.js';
import { releaseKernel, scanKernel, type ScanKernel } from './scan-kernel.js';

/**
 * The blocks of one component in raster order, `stride` to a row: 64 coefficients each, in natural (row-major) order.
 * The first `across` blocks of the first `down` rows are real; the rest fill up MCUs.
 */
export interface Coefficients {
  readonly across: number;
  readonly down: number;
  readonly stride: number;
  readonly rows: number;
  /** A view of the kernel's memory. */
  readonly values: Int16Array;
}

/** All the coefficients of a file, and the kernel in whose memory they are: they live as long as it does. */
export interface Planes {
  /** Per component. */
  readonly list: readonly Coefficients[];
  readonly kernel: ScanKernel;
}

/** Places of the coefficients in a block, in zigzag order. */
export const naturalOrder = Uint8Array.of(
  ...[0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28],
  ...[35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63],
);

/** Zero coefficients for every component of a frame; `parseJpeg` has checked that the file can hold them. */
export function zeroPlanes(frame: Frame): Planes {
  return planesOf(frame, true);
}

/** Room for the coefficients of a frame. What is there is another file's: every real block must be put in place before `completePlanes`. */
export function unsetPlanes(frame: Frame): Planes {
  return planesOf(frame, false);
}

function planesOf(frame: Frame, isZero: boolean): Planes {
  const kernel = scanKernel({
    isZero,
    blocks: frame.components.map(({ stride, rows }) => stride * rows),
    order: naturalOrder,
    isProgressive: frame.progressive && !frame.arithmetic,
  });
  const list = frame.components.map(({ across, down, stride, rows }, index) => {
    const values = new Int16Array(kernel.bytes.buffer, kernel.valuesAt[index], 64 * stride * rows);
    return { across, down, stride, rows, values };
  });
  return { list, kernel };
}

/** Gives the memory of planes to the next file, if the thread has one: they may not be used any more. Without this it is freed in time. */
export function releasePlanes({ kernel }: Planes, next: 'any' | 'as large' = 'any'): void {
  releaseKernel(kernel, next);
}

/** Number of padding blocks of a component. */
export function paddingBlocks({ across, down, stride, rows }: Component): number {
  return stride * rows - across * down;
}

/**
 * What the padding blocks of a component hold beyond the prediction (DC as in the block before in the MCU, AC zero):
 * 64 values a block in raster order; empty if they are all as predicted.
 */
export function paddingOf(component: Component, plane: Coefficients): Int16Array {
  const rest = new Int16Array(64 * paddingBlocks(component));
  let at = 0;
  let differs = false;
  for (const block of paddingPlaces(component)) {
    rest.set(plane.values.subarray(64 * block, 64 * block + 64), at);
    rest[at] = rest[at]! - plane.values[64 * before(component, block)]!;
    for (let index = at; index < at + 64; index++) differs ||= rest[index] !== 0;
    at += 64;
  }
  return differs ? rest : new Int16Array(0);
}

/** Fills the padding blocks of a component whose real blocks are in place; `rest` as `paddingOf` returns it. */
export function fillPadding(component: Component, plane: Coefficients, rest: Int16Array): void {
  let at = 0;
  for (const block of paddingPlaces(component)) {
    if (rest.length > 0) plane.values.set(rest.subarray(at, at + 64), 64 * block);
    else plane.values.fill(0, 64 * block, 64 * block + 64);
    plane.values[64 * block] = (rest[at] ?? 0) + plane.values[64 * before(component, block)]!;
    at += 64;
  }
}

function* paddingPlaces({ across, down, stride, rows }: Component): Generator<number, void, undefined> {
  for (let row = 0; row < rows; row++) {
    for (let column = row < down ? across : 0; column < stride; column++) yield row * stride + column;
  }
}

/** The block before in the MCU: the first block of an MCU is never one of padding. */
function before({ horizontal, vertical, stride }: Component, block: number): number {
  if ((block % stride) % horizontal > 0) return block - 1;
  return Math.floor(block / stride) % vertical > 0 ? block - stride + horizontal - 1 : block;
}
