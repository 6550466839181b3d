/**
 * Blocks of sequential scans, and DC coefficients of all scans: bits to coefficients and back. One reader and one writer
 * per scan, row of MCUs by row. ITU-T T.81 sections F.1.2, F.2.2 and G.1.2.1; SPEC.md section 6.
 */
import { naturalOrder, type Coefficients } from './coefficients.js';
import { longEntry } from './huffman-codes.js';
import { mcusOf, type Frame, type ScanHeader } from './jpeg-frame.js';
import type { ScanReader } from './scan-reader.js';
import type { ScanWriter } from './scan-writer.js';

/** What reads or writes one row of MCUs after the other. */
export interface RowReader {
  /** @returns whether the row could be read. */
  readRow(row: number): boolean;
}
export interface RowWriter {
  writeRow(row: number): void;
  /** Writes what waits behind the last row, but not the padding. */
  end(): void;
}

/** One component of a scan: where its blocks of an MCU are, its codes, and the DC before. */
interface Part {
  readonly values: Int16Array;
  readonly stride: number;
  readonly wide: number;
  readonly high: number;
  readonly dc: Int32Array;
  readonly ac: Int32Array;
  readonly places: Int32Array;
  before: number;
}

/** Which of a block a scan codes: all of it, or of the DC coefficient the first bits or one more. */
type Kind = 'whole' | 'dc' | 'dc bit';

const none = new Int32Array(0);

function partsOf(frame: Frame, header: ScanHeader, planes: readonly Coefficients[], tables: 'look' | 'codes'): Part[] {
  const single = header.components.length === 1;
  return header.components.map(({ index, dc, ac }) => {
    const { horizontal, vertical } = frame.components[index]!;
    const { values, places, stride } = planes[index]!;
    const wide = single ? 1 : horizontal;
    return { values, stride, wide, high: single ? 1 : vertical, dc: dc?.[tables] ?? none, ac: ac?.[tables] ?? none, places, before: 0 };
  });
}

function kindOf(frame: Frame, header: ScanHeader): Kind {
  if (!frame.progressive) return 'whole';
  return header.high === 0 ? 'dc' : 'dc bit';
}

/** Whether the codes that a scan needs are there. */
export function hasCodes(frame: Frame, header: ScanHeader): boolean {
  const needsDc = !frame.progressive || (header.from === 0 && header.high === 0);
  const needsAc = !frame.progressive || header.from > 0;
  return header.components.every(({ dc, ac }) => (dc !== undefined || !needsDc) && (ac !== undefined || !needsAc));
}

/** Reads scans of whole blocks or of DC coefficients. */
export class BlocksReader implements RowReader {
  private readonly parts: Part[];
  private readonly kind: Kind;
  private readonly across: number;
  private left: number;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly reader: ScanReader,
  ) {
    this.parts = partsOf(frame, header, planes, 'look');
    this.kind = kindOf(frame, header);
    this.across = mcusOf(frame, header).across;
    this.left = header.restart;
  }

  readRow(row: number): boolean {
    const { reader, header, parts } = this;
    for (let column = 0; column < this.across; column++) {
      if (header.restart > 0 && this.left-- === 0) {
        if (!reader.passRestart()) return false;
        for (const part of parts) part.before = 0;
        this.left = header.restart - 1;
      }
      for (const part of parts) if (!this.readMcu(part, row, column)) return false;
    }
    return true;
  }

  private readMcu(part: Part, row: number, column: number): boolean {
    const { reader, kind } = this;
    for (let y = 0; y < part.high; y++) {
      let at = 64 * ((row * part.high + y) * part.stride + column * part.wide);
      for (let x = 0; x < part.wide; x++, at += 64) {
        const good = kind === 'whole' ? readBlock(reader, part, at) : kind === 'dc' ? readDc(reader, part, at, this.header.low) : this.readBit(part, at);
        if (!good || reader.position > reader.limit) return false;
      }
    }
    return true;
  }

  private readBit({ values }: Part, at: number): boolean {
    const { reader } = this;
    const bit = (reader.view.getUint8(reader.position >>> 3) >>> (7 - (reader.position & 7))) & 1;
    reader.position++;
    values[at] = values[at]! | (bit << this.header.low);
    return true;
  }
}

function readDc(reader: ScanReader, part: Part, at: number, low: number): boolean {
  const { view } = reader;
  let position = reader.position;
  const word = view.getInt32(position >>> 3) << (position & 7);
  const entry = part.dc[word >>> 22]! || longEntry(part.dc, word);
  if (entry === 0) return false;
  position += entry & 255;
  let difference = entry >> 16;
  const size = (entry >>> 8) & 15;
  if (difference === 0 && size > 0) {
    const bits = (view.getInt32(position >>> 3) << (position & 7)) >>> (32 - size);
    difference = bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
    position += size;
  }
  reader.position = position;
  part.before += difference;
  part.values[at] = part.before << low;
  return true;
}

function readBlock(reader: ScanReader, part: Part, at: number): boolean {
  if (!readDc(reader, part, at, 0)) return false;
  const { view } = reader;
  const { ac, values, places } = part;
  const order = naturalOrder;
  let first = places[at >> 5]!;
  let second = places[(at >> 5) + 1]!;
  let position = reader.position;
  for (let index = 1; index < 64; index++) {
    const word = view.getInt32(position >>> 3) << (position & 7);
    let entry = ac[word >>> 22]!;
    if (entry === 0) {
      entry = longEntry(ac, word);
      if (entry === 0) return false;
    }
    position += entry & 255;
    let value = entry >> 16;
    index += (entry >>> 12) & 15;
    if (value === 0) {
      const size = (entry >>> 8) & 15;
      if (size === 0) {
        if ((entry & 0xf000) === 0xf000) continue;
        break;
      }
      const bits = (view.getInt32(position >>> 3) << (position & 7)) >>> (32 - size);
      value = bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
      position += size;
    }
    if (index > 63) return false;
    values[at + order[index]!] = value;
    if (index < 32) first |= 0x80000000 >>> index;
    else second |= 0x80000000 >>> index;
  }
  places[at >> 5] = first;
  places[(at >> 5) + 1] = second;
  reader.position = position;
  return true;
}

/** Writes scans of whole blocks or of DC coefficients. */
export class BlocksWriter implements RowWriter {
  private readonly parts: Part[];
  private readonly kind: Kind;
  private readonly across: number;
  private left: number;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly writer: ScanWriter,
  ) {
    this.parts = partsOf(frame, header, planes, 'codes');
    this.kind = kindOf(frame, header);
    this.across = mcusOf(frame, header).across;
    this.left = header.restart;
  }

  writeRow(row: number): void {
    const { writer, header, parts } = this;
    for (let column = 0; column < this.across; column++) {
      if (header.restart > 0 && this.left-- === 0) {
        writer.restart();
        for (const part of parts) part.before = 0;
        this.left = header.restart - 1;
      }
      for (const part of parts) this.writeMcu(part, row, column);
    }
  }

  end(): void {
    // Nothing waits: a block is written at once.
  }

  private writeMcu(part: Part, row: number, column: number): void {
    const { writer, kind } = this;
    const { low } = this.header;
    for (let y = 0; y < part.high; y++) {
      let at = 64 * ((row * part.high + y) * part.stride + column * part.wide);
      for (let x = 0; x < part.wide; x++, at += 64) {
        writer.room();
        if (kind === 'dc bit') {
          writer.put((part.values[at]! >> low) & 1, 1);
          continue;
        }
        writeDc(writer, part, at, low);
        if (kind === 'whole') writeAc(writer, part, at);
      }
    }
  }
}

function writeDc(writer: ScanWriter, part: Part, at: number, low: number): void {
  const value = part.values[at]! >> low;
  const difference = value - part.before;
  part.before = value;
  const size = 32 - Math.clz32(Math.abs(difference));
  // Coefficients of 16 bits can lie 17 bits apart; no code has more than 15, and the rewriting is compared.
  if (size > 15) return;
  const code = part.dc[size]!;
  writer.put(((code >>> 5) << size) | ((difference + (difference >> 31)) & ((1 << size) - 1)), (code & 31) + size);
}

/** Writes the AC coefficients of a block, from the one that is not zero to the next. */
function writeAc(writer: ScanWriter, { values, ac, places }: Part, at: number): void {
  const order = naturalOrder;
  let word = writer.word;
  let waiting = writer.waiting;
  let last = 0;
  let found = places[at >> 5]! & 0x7fffffff;
  for (let half = 0; half < 64; half += 32, found = places[(at >> 5) + 1]!) {
    while (found !== 0) {
      const leading = Math.clz32(found);
      found &= ~(0x80000000 >>> leading);
      const index = half + leading;
      let run = index - last - 1;
      last = index;
      if (run > 15) {
        writer.word = word;
        writer.waiting = waiting;
        for (; run > 15; run -= 16) writer.put(ac[0xf0]! >>> 5, ac[0xf0]! & 31);
        word = writer.word;
        waiting = writer.waiting;
      }
      const value = values[at + order[index]!]!;
      const size = 32 - Math.clz32(Math.abs(value));
      // No code is of values of 16 bits.
      const code = size > 15 ? 0 : ac[(run << 4) | size]!;
      const count = (code & 31) + (size & 15);
      const bits = ((code >>> 5) << size) | ((value + (value >> 31)) & ((1 << (size & 15)) - 1));
      waiting += count;
      if (waiting < 32) {
        word = (word << count) | bits;
        continue;
      }
      waiting -= 32;
      writer.four((word << (count - waiting)) | (bits >>> waiting));
      word = bits & ((1 << waiting) - 1);
    }
  }
  writer.word = word;
  writer.waiting = waiting;
  if (last < 63) writer.put(ac[0]! >>> 5, ac[0]! & 31);
}
