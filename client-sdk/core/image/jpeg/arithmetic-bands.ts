/**
 * Arithmetic-coded AC coefficients, of whole blocks and of scans of a band: decisions to coefficients and back.
 * ITU-T T.81 sections F.1.4.2, F.2.4.2 and G.1.3.3; SPEC.md section 6.8.
 */
import type { ArithmeticReader } from './arithmetic-reader.js';
import type { ArithmeticWriter } from './arithmetic-writer.js';
import { naturalOrder, type Coefficients } from './coefficients.js';
import { mcusOf, type Frame, type ScanHeader } from './jpeg-frame.js';

/** Which coefficients are coded, and with which bins. */
export interface Band {
  readonly values: Int16Array;
  /** The first of the bins of AC coefficients. */
  readonly bins: number;
  /** The last coefficient that counts as low. */
  readonly lastLow: number;
  /** First and last coefficient, in zigzag order, and the bits of them that are left out. */
  readonly from: number;
  readonly to: number;
  readonly low: number;
}

/** Bins of magnitudes above 2, of low coefficients and of the others; before them are three bins for each coefficient. */
const lowMagnitudeBin = 189;
const highMagnitudeBin = 217;

/** @returns the first of the bins of DC coefficients, by the number of their statistics: 64 for each of 16. */
export function dcBinsOf(table: number): number {
  return 64 * table;
}

/** @returns the first of the bins of AC coefficients: 256 for each of 16. */
export function acBinsOf(table: number): number {
  return 1_024 + 256 * table;
}

/** Reads the coefficients of a band that is all zero, in the block at `at`. @returns whether they make sense. */
export function readBand(reader: ArithmeticReader, { values, bins, lastLow, from, to, low }: Band, at: number): boolean {
  for (let index = from; index <= to; index++) {
    let bin = bins + 3 * index - 3;
    if (reader.read(bin) === 1) return true;
    while (reader.read(bin + 1) === 0) {
      bin += 3;
      if (++index > to) return false;
    }
    const value = readValue(reader, bin + 2, bins + (index <= lastLow ? lowMagnitudeBin : highMagnitudeBin));
    if (value === 0) return false;
    values[at + naturalOrder[index]!] = value << low;
  }
  return true;
}

/** @returns a value that is not zero, or zero if it has more than 15 bits. */
function readValue(reader: ArithmeticReader, bin: number, further: number): number {
  const sign = -reader.readEven();
  let size = 1;
  if (reader.read(bin) === 1) size = reader.read(bin) === 0 ? 2 : reader.readMagnitude(further, 2);
  return (size ^ sign) - sign;
}

/** Writes what `readBand` reads. */
export function writeBand(writer: ArithmeticWriter, band: Band, at: number): void {
  const { values, bins, from, to, low } = band;
  const order = naturalOrder;
  const last = lastOf(band, at, low);
  for (let index = from; index <= last; index++) {
    let bin = bins + 3 * index - 3;
    writer.write(bin, 0);
    let full = values[at + order[index]!]!;
    while (Math.abs(full) >> low === 0) {
      writer.write(bin + 1, 0);
      bin += 3;
      full = values[at + order[++index]!]!;
    }
    writer.write(bin + 1, 1);
    writer.writeEven(full < 0 ? 1 : 0);
    writeValue(writer, bin + 2, { value: Math.abs(full) >> low, further: bins + (index <= band.lastLow ? lowMagnitudeBin : highMagnitudeBin) });
  }
  if (last < to) writer.write(bins + 3 * Math.max(last + 1, from) - 3, 1);
}

function writeValue(writer: ArithmeticWriter, bin: number, { value, further }: { readonly value: number; readonly further: number }): void {
  if (value === 1) {
    writer.write(bin, 0);
    return;
  }
  writer.write(bin, 1);
  if (value === 2) {
    writer.write(bin, 0);
    return;
  }
  writer.write(bin, 1);
  writer.writeMagnitude(further, 2, value);
}

/** @returns the last coefficient of the band that is not zero without its `low` bits; one before the band if all are. */
function lastOf({ values, from, to }: Band, at: number, low: number): number {
  let last = to;
  while (last >= from && Math.abs(values[at + naturalOrder[last]!]!) >> low === 0) last--;
  return last;
}

function bandOf({ components, conditions, from, to, low }: ScanHeader, planes: readonly Coefficients[]): Band {
  const { ac, lastLow } = conditions[0]!;
  return { values: planes[components[0]!.index]!.values, bins: acBinsOf(ac), lastLow, from, to, low };
}

/** Reads the first or a further scan of a band. */
export class ArithmeticBandReader {
  private readonly band: Band;
  private readonly stride: number;
  private readonly across: number;
  private left: number;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly reader: ArithmeticReader,
  ) {
    this.band = bandOf(header, planes);
    this.stride = planes[header.components[0]!.index]!.stride;
    this.across = mcusOf(frame, header).across;
    this.left = header.restart;
  }

  /** @returns whether the row could be read. */
  readRow(row: number): boolean {
    const { reader, header, band } = this;
    let at = 64 * row * this.stride;
    for (let column = 0; column < this.across; column++, at += 64) {
      if (header.restart > 0 && this.left-- === 0) {
        if (!reader.passRestart()) return false;
        this.left = header.restart - 1;
      }
      const isGood = header.high === 0 ? readBand(reader, band, at) : refineBand(reader, band, at);
      if (!isGood || reader.isBeyond) return false;
    }
    return true;
  }
}

/** Reads one more bit of each coefficient that is not zero, and which others begin here. @returns whether they make sense. */
function refineBand(reader: ArithmeticReader, band: Band, at: number): boolean {
  const { values, bins, from, to, low } = band;
  const bit = 1 << low;
  const before = lastOf(band, at, 0);
  for (let index = from; index <= to; index++) {
    let bin = bins + 3 * index - 3;
    if (index > before && reader.read(bin) === 1) return true;
    for (; ; bin += 3) {
      const place = at + naturalOrder[index]!;
      const value = values[place]!;
      if (value !== 0) {
        if (reader.read(bin + 2) === 1) values[place] = value < 0 ? value - bit : value + bit;
        break;
      }
      if (reader.read(bin + 1) === 1) {
        values[place] = reader.readEven() === 1 ? -bit : bit;
        break;
      }
      if (++index > to) return false;
    }
  }
  return true;
}

/** Writes the first or a further scan of a band. */
export class ArithmeticBandWriter {
  private readonly band: Band;
  private readonly stride: number;
  private readonly across: number;
  private left: number;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly writer: ArithmeticWriter,
  ) {
    this.band = bandOf(header, planes);
    this.stride = planes[header.components[0]!.index]!.stride;
    this.across = mcusOf(frame, header).across;
    this.left = header.restart;
  }

  writeRow(row: number): void {
    const { writer, header, band } = this;
    let at = 64 * row * this.stride;
    for (let column = 0; column < this.across; column++, at += 64) {
      if (header.restart > 0 && this.left-- === 0) {
        writer.restart();
        this.left = header.restart - 1;
      }
      writer.room();
      if (header.high === 0) writeBand(writer, band, at);
      else this.writeFurther(at);
    }
  }

  private writeFurther(at: number): void {
    const { writer, band, header } = this;
    const { values, bins, from, to, low } = band;
    const last = lastOf(band, at, low);
    const before = lastOf(band, at, header.high);
    for (let index = from; index <= last; index++) {
      let bin = bins + 3 * index - 3;
      if (index > before) writer.write(bin, 0);
      let full = values[at + naturalOrder[index]!]!;
      while (Math.abs(full) >> low === 0) {
        writer.write(bin + 1, 0);
        bin += 3;
        full = values[at + naturalOrder[++index]!]!;
      }
      const size = Math.abs(full) >> low;
      if (size > 1) {
        writer.write(bin + 2, size & 1);
      } else {
        writer.write(bin + 1, 1);
        writer.writeEven(full < 0 ? 1 : 0);
      }
    }
    if (last < to) writer.write(bins + 3 * Math.max(last + 1, from) - 3, 1);
  }
}
