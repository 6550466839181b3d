/**
 * AC coefficients of progressive scans: bits to coefficients and back. Runs of ended bands are written as libjpeg writes
 * them: as long as they can be, or until the correction bits that wait fill its buffer. ITU-T T.81 sections G.1.2.2 and
 * G.1.2.3; SPEC.md section 6.
 */
import { naturalOrder, type Coefficients } from './coefficients.js';
import { longEntry } from './huffman-codes.js';
import { mcusOf, type Frame, type ScanHeader } from './jpeg-frame.js';
import type { ScanReader } from './scan-reader.js';
import type { ScanWriter } from './scan-writer.js';
import type { RowReader, RowWriter } from './sequential-scan.js';

const none = new Int32Array(0);
/** Blocks of the longest run of ended bands. */
const maxRun = 0x7fff;
/** Correction bits beyond which a run is written: the next block may have 63 more, and the buffer has room for 1000. */
const maxCorrections = 937;

/** The bits of a band in the two words of a block's places. */
function bandBits({ from, to }: ScanHeader): [first: number, second: number] {
  let first = 0;
  let second = 0;
  for (let index = from; index <= to; index++) {
    if (index < 32) first |= 0x80000000 >>> index;
    else second |= 0x80000000 >>> index;
  }
  return [first, second];
}

/** Reads the first or a further scan of a band. */
export class BandReader implements RowReader {
  private readonly values: Int16Array;
  private readonly places: Int32Array;
  private readonly firstBand: number;
  private readonly secondBand: number;
  private readonly stride: number;
  private readonly across: number;
  private readonly ac: Int32Array;
  private left: number;
  private run = 0;
  /** Of the block's coefficients that were other than zero before this scan, those that are to come. */
  private first = 0;
  private second = 0;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly reader: ScanReader,
  ) {
    const { index, ac } = header.components[0]!;
    const plane = planes[index]!;
    this.values = plane.values;
    this.places = plane.places;
    [this.firstBand, this.secondBand] = bandBits(header);
    this.stride = plane.stride;
    this.across = mcusOf(frame, header).across;
    this.ac = ac?.look ?? none;
    this.left = header.restart;
  }

  readRow(row: number): boolean {
    const { reader, header } = this;
    let at = 64 * row * this.stride;
    for (let column = 0; column < this.across; column++, at += 64) {
      if (header.restart > 0 && this.left-- === 0) {
        if (this.run > 0 || !reader.passRestart()) return false;
        this.left = header.restart - 1;
      }
      const good = header.high === 0 ? this.readFirst(at) : this.readFurther(at);
      if (!good || reader.position > reader.limit) return false;
    }
    return true;
  }

  private bits(count: number): number {
    if (count === 0) return 0;
    const { reader } = this;
    const { position } = reader;
    reader.position = position + count;
    return (reader.view.getInt32(position >>> 3) << (position & 7)) >>> (32 - count);
  }

  /** An entry without a value: those of a run take no more than the code. */
  private entry(): number {
    const { reader, ac } = this;
    const word = reader.view.getInt32(reader.position >>> 3) << (reader.position & 7);
    return ac[word >>> 22]! || longEntry(ac, word);
  }

  private readFirst(at: number): boolean {
    if (this.run > 0) {
      this.run--;
      return true;
    }
    const { reader, header } = this;
    const { to, low } = header;
    for (let index = header.from; index <= to; index++) {
      const entry = this.entry();
      if (entry === 0) return false;
      reader.position += entry & 255;
      const run = (entry >>> 12) & 15;
      const size = (entry >>> 8) & 15;
      index += run;
      if (size === 0) {
        if (run === 15) continue;
        this.run = (1 << run) + this.bits(run) - 1;
        return true;
      }
      let value = entry >> 16;
      if (value === 0) {
        const bits = this.bits(size);
        value = bits < 1 << (size - 1) ? bits - (1 << size) + 1 : bits;
      }
      if (index > to) return false;
      this.set(at, index, value * (1 << low));
    }
    return true;
  }

  private set(at: number, index: number, value: number): void {
    this.values[at + naturalOrder[index]!] = value;
    const word = (at >> 5) + (index >> 5);
    this.places[word] = this.places[word]! | (0x80000000 >>> (index & 31));
  }

  private readFurther(at: number): boolean {
    const { header, places } = this;
    const { to } = header;
    this.first = places[at >> 5]! & this.firstBand;
    this.second = places[(at >> 5) + 1]! & this.secondBand;
    let index = header.from;
    while (this.run === 0 && index <= to) {
      const entry = this.entry();
      if (entry === 0) return false;
      const zeros = (entry >>> 12) & 15;
      const size = (entry >>> 8) & 15;
      let value = 0;
      this.reader.position += entry & 255;
      if (size > 0) {
        // The size is one, and its bit may have been read with the code.
        if (size > 1) return false;
        value = entry >> 16 || (this.bits(1) === 1 ? 1 : -1);
      } else if (zeros < 15) {
        this.run = (1 << zeros) + this.bits(zeros);
        break;
      }
      index = this.pass(at, index, zeros);
      if (value !== 0) {
        if (index > to) return false;
        this.set(at, index, value * (1 << header.low));
      }
      index++;
    }
    if (this.run === 0) return true;
    this.run--;
    this.pass(at, index, 64);
    return true;
  }

  /** Passes as many zeros, correcting what is between them. @returns the index of the zero behind them, or 64 beyond the band. */
  private pass(at: number, from: number, zeros: number): number {
    const { reader, values } = this;
    const { view } = reader;
    const bit = 1 << this.header.low;
    const order = naturalOrder;
    let { first, second } = this;
    let { position } = reader;
    let index = from;
    let left = zeros;
    for (;;) {
      const next = first !== 0 ? Math.clz32(first) : 32 + Math.clz32(second);
      if (left < next - index || next === 64) {
        index = next === 64 && left >= next - index ? 64 : index + left;
        break;
      }
      left -= next - index;
      index = next + 1;
      if (next < 32) first &= ~(0x80000000 >>> next);
      else second &= ~(0x80000000 >>> next);
      const isSet = (view.getUint8(position >>> 3) << (position & 7)) & 128;
      position++;
      if (isSet === 0) continue;
      const place = at + order[next]!;
      const value = values[place]!;
      if ((Math.abs(value) & bit) === 0) values[place] = value < 0 ? value - bit : value + bit;
    }
    this.first = first;
    this.second = second;
    reader.position = position;
    return index;
  }
}

/** Writes the first or a further scan of a band. */
export class BandWriter implements RowWriter {
  private readonly values: Int16Array;
  private readonly places: Int32Array;
  private readonly firstBand: number;
  private readonly secondBand: number;
  private readonly stride: number;
  private readonly across: number;
  private readonly codes: Int32Array;
  private readonly corrections = new Uint8Array(1_064);
  private left: number;
  private run = 0;
  /** Correction bits of the blocks in the run. */
  private waiting = 0;

  constructor(
    frame: Frame,
    private readonly header: ScanHeader,
    planes: readonly Coefficients[],
    private readonly writer: ScanWriter,
  ) {
    const { index, ac } = header.components[0]!;
    const plane = planes[index]!;
    this.values = plane.values;
    this.places = plane.places;
    [this.firstBand, this.secondBand] = bandBits(header);
    this.stride = plane.stride;
    this.across = mcusOf(frame, header).across;
    this.codes = ac?.codes ?? none;
    this.left = header.restart;
  }

  writeRow(row: number): void {
    const { header, writer } = this;
    let at = 64 * row * this.stride;
    for (let column = 0; column < this.across; column++, at += 64) {
      writer.room();
      if (header.restart > 0 && this.left-- === 0) {
        this.writeRun();
        writer.restart();
        this.left = header.restart - 1;
      }
      if (header.high === 0) this.writeFirst(at);
      else this.writeFurther(at);
    }
  }

  end(): void {
    this.writer.room();
    this.writeRun();
  }

  private symbol(symbol: number): void {
    const code = this.codes[symbol]!;
    this.writer.put(code >>> 5, code & 31);
  }

  private writeRun(): void {
    if (this.run === 0) return;
    const size = 31 - Math.clz32(this.run);
    this.symbol(size << 4);
    this.writer.put(this.run & ((1 << size) - 1), size);
    this.run = 0;
    this.writeCorrections(0, this.waiting);
    this.waiting = 0;
    this.writer.room();
  }

  private writeCorrections(from: number, to: number): void {
    const { corrections, writer } = this;
    for (let index = from; index < to; ) {
      let bits = 0;
      const start = index;
      for (const end = Math.min(to, index + 24); index < end; index++) bits = (bits << 1) | corrections[index]!;
      writer.put(bits, index - start);
    }
  }

  private writeFirst(at: number): void {
    const { values, codes, writer, places } = this;
    const { from, to, low } = this.header;
    const order = naturalOrder;
    let last = from - 1;
    let found = places[at >> 5]! & this.firstBand;
    for (let half = 0; half < 64; half += 32, found = places[(at >> 5) + 1]! & this.secondBand) {
      while (found !== 0) {
        const leading = Math.clz32(found);
        found &= ~(0x80000000 >>> leading);
        const index = half + leading;
        const full = values[at + order[index]!]!;
        const value = full < 0 ? -(-full >> low) : full >> low;
        if (value === 0) continue;
        let zeros = index - last - 1;
        last = index;
        if (this.run > 0) this.writeRun();
        for (; zeros > 15; zeros -= 16) this.symbol(0xf0);
        const size = 32 - Math.clz32(Math.abs(value));
        const code = codes[((zeros << 4) | size) & 255]!;
        if (size < 16) writer.put(((code >>> 5) << size) | ((value + (value >> 31)) & ((1 << size) - 1)), (code & 31) + size);
      }
    }
    if (last < to && ++this.run === maxRun) this.writeRun();
  }

  private writeFurther(at: number): void {
    const { values, corrections, writer, places } = this;
    const { from, to, low } = this.header;
    const order = naturalOrder;
    let last = from - 1;
    let zeros = 0;
    // Correction bits of this block wait behind those of the run, until a code is written before them.
    let start = this.waiting;
    let end = start;
    let found = places[at >> 5]! & this.firstBand;
    for (let half = 0; half < 64; half += 32, found = places[(at >> 5) + 1]! & this.secondBand) {
      while (found !== 0) {
        const leading = Math.clz32(found);
        const index = half + leading;
        const full = values[at + order[index]!]!;
        const size = Math.abs(full) >> low;
        if (size !== 0) {
          zeros += index - last - 1;
          last = index;
          if (zeros > 15 && this.isNewFrom(at, half, found)) {
            for (; zeros > 15; zeros -= 16) {
              this.writeRun();
              this.symbol(0xf0);
              this.writeCorrections(start, end);
              start = end = 0;
            }
          }
          if (size > 1) {
            corrections[end++] = size & 1;
          } else {
            this.writeRun();
            this.symbol((zeros << 4) | 1);
            writer.put(full < 0 ? 0 : 1, 1);
            this.writeCorrections(start, end);
            start = end = zeros = 0;
          }
        }
        found &= ~(0x80000000 >>> leading);
      }
    }
    if (zeros === 0 && last === to && end === start) return;
    this.run++;
    this.waiting = end;
    if (this.run === maxRun || this.waiting > maxCorrections) this.writeRun();
  }

  /** Whether this scan makes any of the coefficients `found` in this half of the block, or of the next half, other than zero. */
  private isNewFrom(at: number, half: number, found: number): boolean {
    const { values, places } = this;
    const { low } = this.header;
    let left = found;
    for (let from = half; from < 64; from += 32, left = places[(at >> 5) + 1]! & this.secondBand) {
      while (left !== 0) {
        const leading = Math.clz32(left);
        left &= ~(0x80000000 >>> leading);
        if (Math.abs(values[at + naturalOrder[from + leading]!]!) >> low === 1) return true;
      }
    }
    return false;
  }
}
