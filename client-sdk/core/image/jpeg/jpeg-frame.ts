/**
 * The frame of a JPEG file: size, components and their blocks, and the headers of its scans. It holds no coefficients
 * and reads no segment but SOF and SOS. ITU-T T.81 sections A.1, A.2, B.2.2 and B.2.3; SPEC.md section 6.8.
 */
import type { HuffmanCodes } from './huffman-codes.js';

/** A component of the frame. */
export interface Component {
  readonly id: number;
  /** Blocks of one MCU along each side. */
  readonly horizontal: number;
  readonly vertical: number;
  /** Number of its quantisation table. */
  readonly quantisation: number;
  /** Its real blocks: those that hold a sample of the picture. */
  readonly across: number;
  readonly down: number;
  /** Its blocks up to whole MCUs; the same as the real ones if the frame has no other component. */
  readonly stride: number;
  readonly rows: number;
}

/** The frame. */
export interface Frame {
  readonly progressive: boolean;
  /** Whether its scans are arithmetic-coded, and not Huffman-coded. */
  readonly arithmetic: boolean;
  /** Bits of a sample: 8 or 12. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: readonly Component[];
  /** MCUs of an interleaved scan. */
  readonly mcusAcross: number;
  readonly mcusDown: number;
}

/** A component of a scan, with the codes in force where the scan begins. */
export interface ScanComponent {
  /** Index in the frame. */
  readonly index: number;
  readonly dc: HuffmanCodes | undefined;
  readonly ac: HuffmanCodes | undefined;
}

/** What an arithmetic-coded scan has in place of codes, for one component. */
export interface Conditions {
  /** The numbers of its statistics; components may share them. */
  readonly dc: number;
  readonly ac: number;
  /** A DC difference up to the first magnitude counts as none, one above the second as large. */
  readonly small: number;
  readonly large: number;
  /** The last coefficient that counts as low, in zigzag order. */
  readonly lastLow: number;
}

/** What a scan's header and the segments before it say. */
export interface ScanHeader {
  readonly components: readonly ScanComponent[];
  /** Of the same components. */
  readonly conditions: readonly Conditions[];
  /** First and last coefficient, in zigzag order. */
  readonly from: number;
  readonly to: number;
  /** Bits of the point transform of the scan before and of this one. */
  readonly high: number;
  readonly low: number;
  /** MCUs of a restart interval; 0 if there are none. */
  readonly restart: number;
}

/** Blocks of a frame, without those of padding. */
export function realBlocks(frame: Frame): number {
  return frame.components.reduce((sum, { across, down }) => sum + across * down, 0);
}

/** Blocks of a frame up to whole MCUs. */
export function allBlocks(frame: Frame): number {
  return frame.components.reduce((sum, { stride, rows }) => sum + stride * rows, 0);
}

/** MCUs of a scan: rows of them, and how many a row has. A scan of one component has MCUs of one block. */
export function mcusOf(frame: Frame, header: ScanHeader): { readonly across: number; readonly down: number } {
  const [first] = header.components;
  const only = header.components.length === 1 && first !== undefined ? frame.components[first.index] : undefined;
  return only ?? { across: frame.mcusAcross, down: frame.mcusDown };
}

/** The size of a picture that a SOF segment names; the height is 0 if a DNL segment names it later. */
export function frameSize(segment: Uint8Array): { readonly width: number; readonly height: number } {
  return { height: (segment[1]! << 8) | segment[2]!, width: (segment[3]! << 8) | segment[4]! };
}

/**
 * @param marker the second byte of the marker: 0xC0 to 0xC2, 0xC9 or 0xCA.
 * @param segment what follows the length.
 * @param height of the picture.
 * @returns the frame, or undefined if it is not one that is understood.
 */
export function frameOf(marker: number, segment: Uint8Array, height: number): Frame | undefined {
  const precision = segment[0];
  const count = segment[5] ?? 0;
  if (count < 1 || count > 4 || segment.length < 6 + 3 * count) return undefined;
  const { width } = frameSize(segment);
  if ((precision !== 8 && precision !== 12) || width === 0 || height === 0) return undefined;
  const sides: { id: number; horizontal: number; vertical: number; quantisation: number }[] = [];
  for (let index = 0; index < count; index++) {
    const at = 6 + 3 * index;
    const sampling = segment[at + 1]!;
    sides.push({ id: segment[at]!, horizontal: sampling >> 4, vertical: sampling & 15, quantisation: segment[at + 2]! });
  }
  if (sides.some(({ horizontal, vertical }) => horizontal < 1 || horizontal > 4 || vertical < 1 || vertical > 4)) return undefined;
  const widest = Math.max(...sides.map(({ horizontal }) => horizontal));
  const tallest = Math.max(...sides.map(({ vertical }) => vertical));
  const mcusAcross = Math.ceil(width / (8 * widest));
  const mcusDown = Math.ceil(height / (8 * tallest));
  const components = sides.map((side): Component => {
    const across = Math.ceil(Math.ceil((width * side.horizontal) / widest) / 8);
    const down = Math.ceil(Math.ceil((height * side.vertical) / tallest) / 8);
    if (count === 1) return { ...side, across, down, stride: across, rows: down };
    return { ...side, across, down, stride: mcusAcross * side.horizontal, rows: mcusDown * side.vertical };
  });
  const [progressive, arithmetic] = [marker === 0xc2 || marker === 0xca, marker > 0xc8];
  return { progressive, arithmetic, precision, width, height, components, mcusAcross, mcusDown };
}

/** The codes in force, by the number of their table. */
export interface CodesInForce {
  readonly dc: readonly (HuffmanCodes | undefined)[];
  readonly ac: readonly (HuffmanCodes | undefined)[];
  /** Conditioning of arithmetic coding as DAC segments give it: 16 bytes for DC, and 16 for AC. */
  readonly conditioning: Uint8Array;
  readonly restart: number;
}

/** @returns what a SOS segment says, or undefined if it fits no scan of this frame. `segment` is what follows the length. */
export function scanHeaderOf(frame: Frame, segment: Uint8Array, codes: CodesInForce): ScanHeader | undefined {
  const count = segment[0] ?? 0;
  if (count < 1 || count > frame.components.length || segment.length < 4 + 2 * count) return undefined;
  const components: ScanComponent[] = [];
  const conditions: Conditions[] = [];
  for (let at = 1; at <= 2 * count; at += 2) {
    const index = frame.components.findIndex(({ id }, place) => id === segment[at] && components.every((other) => other.index !== place));
    if (index < 0) return undefined;
    const tables = segment[at + 1]!;
    components.push({ index, dc: codes.dc[tables >> 4], ac: codes.ac[tables & 15] });
    conditions.push(conditionsOf(tables, codes.conditioning));
  }
  const [from, to, point] = segment.subarray(1 + 2 * count);
  return bandOf(frame, { components, conditions, from: from!, to: to!, high: point! >> 4, low: point! & 15, restart: codes.restart });
}

function conditionsOf(tables: number, conditioning: Uint8Array): Conditions {
  const [dc, ac] = [tables >> 4, tables & 15];
  const bounds = conditioning[dc]!;
  return { dc, ac, small: (1 << (bounds & 15)) >> 1, large: 1 << (bounds >> 4), lastLow: conditioning[16 + ac]! };
}

function bandOf(frame: Frame, header: ScanHeader): ScanHeader | undefined {
  if (!frame.progressive) return { ...header, from: 0, to: 63, high: 0, low: 0 };
  const { from, to, high, low } = header;
  if (from > to || to > 63 || low > 13 || (high !== 0 && high !== low + 1)) return undefined;
  if (from === 0 ? to !== 0 : header.components.length !== 1) return undefined;
  return header;
}
