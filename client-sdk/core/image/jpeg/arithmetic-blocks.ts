/**
 * Arithmetic-coded scans of whole blocks or of DC coefficients: decisions to coefficients and back. One reader and one
 * writer per scan, row of MCUs by row. ITU-T T.81 sections F.1.4, F.2.4 and G.1.3; SPEC.md section 6.8.
 */
import { acBinsOf, dcBinsOf, readBand, writeBand, type Band } from './arithmetic-bands.js';
import type { ArithmeticReader } from './arithmetic-reader.js';
import type { ArithmeticWriter } from './arithmetic-writer.js';
import type { Coefficients } from './coefficients.js';
import { mcusOf, type Frame, type ScanHeader } from './jpeg-frame.js';

/** One component of a scan: where its blocks of an MCU are, its bins, and the DC before. */
interface Part extends Band {
  readonly stride: number;
  readonly wide: number;
  readonly high: number;
  readonly dcBins: number;
  readonly small: number;
  readonly large: number;
  before: number;
  /** The bins of the next difference, by the one before: 0 for none, 4 or 8 for a small one, 12 or 16 for a large one. */
  context: number;
}

/** Which of a block a scan codes: all of it, or of the DC coefficient the first bits or one more. */
type Kind = 'whole' | 'dc' | 'dc bit';

/** Bins of the magnitudes of DC differences above 1. */
const magnitudeBin = 20;

function partsOf(frame: Frame, header: ScanHeader, planes: readonly Coefficients[]): Part[] {
  const single = header.components.length === 1;
  return header.components.map(({ index }, place) => {
    const { horizontal, vertical } = frame.components[index]!;
    const { values, stride } = planes[index]!;
    const { dc, ac, small, large, lastLow } = header.conditions[place]!;
    const band = { values, bins: acBinsOf(ac), lastLow, from: 1, to: 63, low: 0 };
    const sides = { stride, wide: single ? 1 : horizontal, high: single ? 1 : vertical };
    return { ...band, ...sides, dcBins: dcBinsOf(dc), small, large, before: 0, context: 0 };
  });
}

function kindOf(frame: Frame, header: ScanHeader): Kind {
  if (!frame.progressive) return 'whole';
  return header.high === 0 ? 'dc' : 'dc bit';
}

function begin(parts: readonly Part[]): void {
  for (const part of parts) {
    part.before = 0;
    part.context = 0;
  }
}

/** @returns the context that a difference makes. */
function contextOf({ small, large }: Part, difference: number): number {
  const size = Math.abs(difference);
  if (size <= small) return 0;
  return (size > large ? 12 : 4) + (difference < 0 ? 4 : 0);
}

/** Reads scans of whole blocks or of DC coefficients. */
export class ArithmeticBlocksReader {
  private readonly parts: readonly Part[];
  private readonly kind: Kind;
  private readonly across: number;
  private left: number;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly reader: ArithmeticReader,
  ) {
    this.parts = partsOf(frame, header, planes);
    this.kind = kindOf(frame, header);
    this.across = mcusOf(frame, header).across;
    this.left = header.restart;
  }

  /** @returns whether the row could be read. */
  readRow(row: number): boolean {
    const { reader, header, parts } = this;
    for (let column = 0; column < this.across; column++) {
      if (header.restart > 0 && this.left-- === 0) {
        if (!reader.passRestart()) return false;
        begin(parts);
        this.left = header.restart - 1;
      }
      for (const part of parts) if (!this.readMcu(part, row, column)) return false;
    }
    return true;
  }

  private readMcu(part: Part, row: number, column: number): boolean {
    const { reader, kind } = this;
    const { low } = this.header;
    for (let y = 0; y < part.high; y++) {
      let at = 64 * ((row * part.high + y) * part.stride + column * part.wide);
      for (let x = 0; x < part.wide; x++, at += 64) {
        if (kind === 'dc bit') part.values[at] = part.values[at]! | (reader.readEven() << low);
        else if (!readDc(reader, part, at, low) || (kind === 'whole' && !readBand(reader, part, at))) return false;
        if (reader.isBeyond) return false;
      }
    }
    return true;
  }
}

function readDc(reader: ArithmeticReader, part: Part, at: number, low: number): boolean {
  const bin = part.dcBins + part.context;
  let difference = 0;
  if (reader.read(bin) === 1) {
    const isNegative = reader.read(bin + 1);
    difference = reader.read(bin + 2 + isNegative) === 0 ? 1 : reader.readMagnitude(part.dcBins + magnitudeBin, 1);
    if (difference === 0) return false;
    if (isNegative === 1) difference = -difference;
  }
  part.context = difference === 0 ? 0 : contextOf(part, difference);
  part.before += difference;
  part.values[at] = part.before << low;
  return true;
}

/** Writes scans of whole blocks or of DC coefficients. */
export class ArithmeticBlocksWriter {
  private readonly parts: readonly Part[];
  private readonly kind: Kind;
  private readonly across: number;
  private left: number;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly writer: ArithmeticWriter,
  ) {
    this.parts = partsOf(frame, header, planes);
    this.kind = kindOf(frame, header);
    this.across = mcusOf(frame, header).across;
    this.left = header.restart;
  }

  writeRow(row: number): void {
    const { writer, header, parts } = this;
    for (let column = 0; column < this.across; column++) {
      if (header.restart > 0 && this.left-- === 0) {
        writer.restart();
        begin(parts);
        this.left = header.restart - 1;
      }
      for (const part of parts) this.writeMcu(part, row, column);
    }
  }

  private writeMcu(part: Part, row: number, column: number): void {
    const { writer, kind } = this;
    const { low } = this.header;
    for (let y = 0; y < part.high; y++) {
      let at = 64 * ((row * part.high + y) * part.stride + column * part.wide);
      for (let x = 0; x < part.wide; x++, at += 64) {
        writer.room();
        if (kind === 'dc bit') {
          writer.writeEven((part.values[at]! >> low) & 1);
          continue;
        }
        writeDc(writer, part, part.values[at]! >> low);
        if (kind === 'whole') writeBand(writer, part, at);
      }
    }
  }
}

function writeDc(writer: ArithmeticWriter, part: Part, value: number): void {
  const bin = part.dcBins + part.context;
  const difference = value - part.before;
  part.before = value;
  part.context = contextOf(part, difference);
  writer.write(bin, difference === 0 ? 0 : 1);
  if (difference === 0) return;
  const isNegative = difference < 0 ? 1 : 0;
  writer.write(bin + 1, isNegative);
  const size = Math.abs(difference);
  writer.write(bin + 2 + isNegative, size === 1 ? 0 : 1);
  if (size > 1) writer.writeMagnitude(part.dcBins + magnitudeBin, 1, size);
}
