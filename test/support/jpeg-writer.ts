/**
 * JPEG files of given coefficients, of every kind that the splitter knows: segments here, scans by the project's own writer.
 * Codes have all symbols, so that any coefficients and restarts can be written.
 */
import { zeroPlanes, type Coefficients, type Planes } from '../../client-sdk/core/image/jpeg/coefficients.js';
import { parseJpeg, type ParsedJpeg } from '../../client-sdk/core/image/jpeg/jpeg-markers.js';
import { mcusOf } from '../../client-sdk/core/image/jpeg/jpeg-frame.js';
import { completePlanes, writeScan } from '../../client-sdk/core/image/jpeg/jpeg-scans.js';
import type { Point } from '../../client-sdk/core/image/splitter.js';
import { concat } from '../../client-sdk/protocol/bytes.js';

/** A coefficient of a component (from 0), of block (x, y) among its real ones, at `place` in natural order. */
export type CoefficientAt = (component: number, block: Point, place: number) => number;

/** What a file is like. */
export interface JpegForm {
  readonly width: number;
  readonly height: number;
  /** Blocks across and down of each component in an MCU. */
  readonly sampling?: readonly (readonly [across: number, down: number])[];
  readonly precision?: 8 | 12;
  readonly isProgressive?: boolean;
  /** A scan for each component instead of one for all; sequential files only. */
  readonly isApart?: boolean;
  /** MCUs between restart markers. */
  readonly restart?: number;
  /** Segments after SOI, and bytes after EOI. */
  readonly before?: Uint8Array;
  readonly after?: Uint8Array;
  readonly value?: CoefficientAt;
}

type Scan = readonly [components: readonly number[], from: number, to: number, high: number, low: number];

/** A file of this form. */
export function writeJpeg(form: JpegForm): Uint8Array {
  const { sampling = [[1, 1]], value = wavy } = form;
  const heads = scansOf(form).map((scan) => scanHead(scan));
  const skeleton = concat(segmentsOf(form), ...heads, Uint8Array.of(0xff, 0xd9), form.after ?? new Uint8Array(0));
  const parsed = parseJpeg(skeleton, 100_000_000);
  if (parsed === undefined) throw new Error('The form is that of no file.');
  const planes = zeroPlanes(parsed.frame);
  planes.list.slice(0, sampling.length).forEach((plane, component) => {
    fill(plane, (block, place) => value(component, block, place));
  });
  completePlanes(parsed.frame, planes, []);
  return written(skeleton, parsed, planes);
}

/** Smooth waves: large constant coefficients, few others. */
export const wavy: CoefficientAt = (component, { x, y }, place) => {
  if (place === 0) return Math.round(300 * Math.sin((x + component) / 5) + 200 * Math.cos(y / 4));
  const row = place >> 3;
  const column = place & 7;
  return Math.round((90 * Math.sin(x * 1.7 + y * 2.9 + 5 * place + component)) / (1 + row * row + column * column) ** 1.3);
};

/** The file without the scans, for tests that look at segments. */
function segmentsOf({ width, height, sampling = [[1, 1]], precision = 8, isProgressive = false, restart = 0, before }: JpegForm): Uint8Array {
  const marker = isProgressive ? 0xc2 : precision === 8 ? 0xc0 : 0xc1;
  const components = sampling.flatMap(([across, down], i) => [i + 1, (across << 4) | down, 0]);
  return concat(
    Uint8Array.of(0xff, 0xd8),
    before ?? new Uint8Array(0),
    segment(0xdb, [0, ...new Uint8Array(64).fill(1)]),
    segment(marker, [precision, height >> 8, height & 255, width >> 8, width & 255, sampling.length, ...components]),
    ...[0, 0x10].map((place) => segment(0xc4, [place, ...evenCounts, ...everySymbol])),
    restart > 0 ? segment(0xdd, [restart >> 8, restart & 255]) : new Uint8Array(0),
  );
}

/** A segment with its marker and length. */
export function segment(marker: number, bytes: readonly number[] | Uint8Array): Uint8Array {
  return concat(Uint8Array.of(0xff, marker, (bytes.length + 2) >> 8, (bytes.length + 2) & 255), Uint8Array.from(bytes));
}

const everySymbol = Uint8Array.from({ length: 256 }, (_, symbol) => symbol);
const evenCounts = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 240, 16, 0, 0, 0, 0, 0, 0, 0);

function scansOf({ sampling = [[1, 1]], isProgressive = false, isApart = false }: JpegForm): readonly Scan[] {
  const all = sampling.map((_, component) => component);
  if (!isProgressive) return isApart ? all.map((component) => [[component], 0, 63, 0, 0]) : [[all, 0, 63, 0, 0]];
  const bands = all.flatMap((component): Scan[] => [[[component], 1, 5, 0, 2], [[component], 6, 63, 0, 2], [[component], 1, 63, 2, 1], [[component], 1, 63, 1, 0]]);
  return [[all, 0, 0, 0, 1], ...bands, [all, 0, 0, 1, 0]];
}

function scanHead([components, from, to, high, low]: Scan): Uint8Array {
  return segment(0xda, [components.length, ...components.flatMap((component) => [component + 1, 0]), from, to, (high << 4) | low]);
}

function fill({ across, down, stride, values }: Coefficients, value: (block: Point, place: number) => number): void {
  for (let y = 0; y < down; y++) {
    for (let x = 0; x < across; x++) {
      for (let place = 0; place < 64; place++) values[64 * (y * stride + x) + place] = value({ x, y }, place);
    }
  }
}

function written(skeleton: Uint8Array, { frame, pieces }: ParsedJpeg, planes: Planes): Uint8Array {
  const none = new Uint8Array(0);
  return concat(...pieces.flatMap((piece) => {
    if (piece.kind === 'bytes') return [skeleton.subarray(piece.start, piece.end)];
    const traits = { padding: { bit: 1 as const, exceptions: none, numbers: none }, goodRows: mcusOf(frame, piece.header).down + 1, tail: none };
    return Array.from(writeScan({ frame, scan: piece, planes }, traits), (step) => step.slice());
  }));
}
