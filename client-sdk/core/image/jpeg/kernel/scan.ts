/**
 * One scan, MCU by MCU, in steps that end where bytes, events or a budget of blocks end and that go on where they ended. The outside
 * puts down codes, parts and bytes, and takes away events and bytes. ITU-T T.81 section A.2.
 */
import { beginBand, readFirst, readFurther, run, skipRun, writeFirst, writeFurther, writeRun } from './bands';
import { beginBits, eventCount, isMarkerUnknown, limit, passEnd, passRestart, position, ready, refill } from './bits-in';
import { beginOut, byteAt, clearOut, eventEnd, eventFrom, flush, writePadding } from './bits-out';
import { readBit, readBlock, readDc, writeBit, writeBlock, writeDc } from './blocks';
import { fillSmall } from './codes';
import { maxEvents, maxRowEnds, outAt, outBytes, rowEndsAt } from './memory';
import { acOf, blockOf, highOf, keepBefore, partAt, placesFor, rowBytesOf, wideOf } from './parts';

/** What a scan codes of a block: all, the first bits of its DC coefficient or one more, the first bits of a band or one more. */
const enum Kind { Whole, Dc, DcBit, First, Further }

/** How a step ended: by its budget; for want of bytes, or of room for events or, in writing, of events; or for good. */
const enum Ended { Budget, Bytes, Events, Whole, Broken, BrokenAtMarker }

let kind: Kind = Kind.Whole;
let count: i32 = 0;
let across: i32 = 0;
let down: i32 = 0;
let restart: i32 = 0;
let low: i32 = 0;
let blocksOfMcu: i32 = 0;
/** MCUs left of the restart interval; and where the next one is. */
let left: i32 = 0;
let row: i32 = 0;
let column: i32 = 0;
/** Rows that ended in this step. */
let rowEnds: i32 = 0;

/** Takes the shape of the next scan, which was checked outside. */
export function beginScan(scanKind: i32, parts: i32, mcusAcross: i32, mcusDown: i32, interval: i32, lowBits: i32): void {
  kind = scanKind;
  count = parts;
  across = mcusAcross;
  down = mcusDown;
  restart = left = interval;
  low = lowBits;
  row = column = rowEnds = blocksOfMcu = 0;
  for (let index = 0; index < parts; index++) blocksOfMcu += wideOf(partAt(index)) * highOf(partAt(index));
}

/** Begins to read it. `from` and `to` are of a band; `markers` as in bits-in.ts. */
export function beginReading(from: i32, to: i32, markers: i32): void {
  beginBits(markers);
  beginBand(from, to, low, acOf(partAt(0)));
}

/** Begins to write it. */
export function beginWriting(from: i32, to: i32): void {
  if (kind == Kind.Whole || kind == Kind.First) for (let index = 0; index < count; index++) fillSmall(acOf(partAt(index)));
  beginOut();
  beginBand(from, to, low, acOf(partAt(0)));
}

/** Rows that are read, and those whose last byte is in the last step. */
export function rowsRead(): i32 {
  return row;
}

export function rowsEnded(): i32 {
  return rowEnds;
}

/** Bytes of the last step. */
export function bytesWritten(): i32 {
  return <i32>(byteAt - outAt);
}

export function eventsRead(): i32 {
  return eventCount;
}

/** Of the events that were put down, those that were used. */
export function eventsUsed(): i32 {
  return eventFrom;
}

/** Reads on, about `budget` blocks. @returns how it ended. */
export function read(budget: i32): Ended {
  for (let blocks = budget; row < down; row++, column = 0) {
    while (column < across) {
      if (blocks <= 0) return Ended.Budget;
      if (position >= ready && !refill()) return Ended.Bytes;
      if (restart > 0 && left == 0) {
        if (eventCount == maxEvents) return Ended.Events;
        if (run > 0) return Ended.Broken;
        if (!passRestart()) return isMarkerUnknown ? Ended.BrokenAtMarker : Ended.Broken;
        beginInterval();
      }
      const most = min(across - column, restart > 0 ? left : across), mcus = kind < Kind.First ? readMcu() : readBand(min(most, blocks));
      if (mcus == 0) return Ended.Broken;
      column += mcus;
      left -= mcus;
      blocks -= mcus * blocksOfMcu;
    }
  }
  if (eventCount == maxEvents) return Ended.Events;
  passEnd();
  return Ended.Whole;
}

function beginInterval(): void {
  left = restart;
  for (let index = 0; index < count; index++) keepBefore(partAt(index), 0);
}

/** Reads an MCU. @returns 1, or 0 if it makes no sense or does not lie within its restart interval. */
function readMcu(): i32 {
  const shift: usize = kind == Kind.Whole ? 7 : 1;
  for (let index = 0; index < count; index++) {
    const part = partAt(index), wide = wideOf(part);
    let at = blockOf(part, row, column, shift);
    for (let y = highOf(part); y > 0; y--, at += rowBytesOf(part)) {
      for (let x = 0; x < wide; x++) {
        if (!readOne(part, at + (<usize>x << shift)) || position > limit) return 0;
      }
    }
  }
  return 1;
}

@inline function readOne(part: usize, at: usize): bool {
  if (kind == Kind.Whole) return readBlock(part, at);
  if (kind == Kind.Dc) return readDc(part, at, low);
  readBit(at, low);
  return true;
}

/** Reads one block or more of a band, at most `most`. @returns how many, or 0 if one makes no sense or lies not within its interval. */
function readBand(most: i32): i32 {
  let at = blockOf(partAt(0), row, column, 7), places = placesFor(partAt(0), at), mcus = 0;
  const isFirst = kind == Kind.First;
  do {
    let passed = 1;
    if (isFirst && run > 0) passed = skipRun(most - mcus);
    else if (!(isFirst ? readFirst(at, places) : readFurther(at, places)) || position > limit) return 0;
    mcus += passed;
    at += <usize>passed << 7;
    places += <usize>passed << 3;
  } while (mcus < most && position < ready);
  return mcus;
}

/** Writes on, up to row `rows` and about `budget` blocks. @returns how it ended. */
export function write(rows: i32, budget: i32): Ended {
  clearOut();
  rowEnds = 0;
  for (let blocks = budget; row < rows; ) {
    while (column < across) {
      const isFull = blocks <= 0 || byteAt >= outAt + outBytes, isRestart = restart > 0 && left == 0;
      if (isFull || (isRestart && eventFrom == eventEnd)) {
        flush();
        return isFull ? Ended.Budget : Ended.Events;
      }
      if (isRestart) {
        writeRun();
        writePadding(true);
        beginInterval();
      }
      const mcus = kind < Kind.First ? writeMcu() : writeBand(min(across - column, restart > 0 ? left : across));
      column += mcus;
      left -= mcus;
      blocks -= mcus * blocksOfMcu;
    }
    flush();
    row++;
    column = 0;
    if (endRow()) return Ended.Budget;
  }
  return Ended.Whole;
}

/** Writes what waits behind the last row, and the padding. It needs an event. */
export function writeEnd(): void {
  clearOut();
  rowEnds = 0;
  writeRun();
  writePadding(false);
  endRow();
}

/** Notes the end of a row. @returns whether no further one can be noted. */
function endRow(): bool {
  store<i32>(rowEndsAt + 4 * <usize>rowEnds, bytesWritten());
  return ++rowEnds == maxRowEnds;
}

/** Writes an MCU. @returns 1. */
function writeMcu(): i32 {
  const shift: usize = kind == Kind.Whole ? 7 : 1;
  for (let index = 0; index < count; index++) {
    const part = partAt(index), wide = wideOf(part);
    let at = blockOf(part, row, column, shift);
    for (let y = highOf(part); y > 0; y--, at += rowBytesOf(part)) {
      for (let x = 0; x < wide; x++) writeOne(part, at + (<usize>x << shift));
    }
  }
  return 1;
}

/** Writes one block or more of a band, at most `most`. @returns how many. */
function writeBand(most: i32): i32 {
  let at = blockOf(partAt(0), row, column, 7), places = placesFor(partAt(0), at), mcus = 0;
  const isFirst = kind == Kind.First;
  do {
    if (isFirst) writeFirst(at, places);
    else writeFurther(at, places);
    mcus++;
    at += 128;
    places += 8;
  } while (mcus < most && byteAt < outAt + outBytes);
  return mcus;
}

@inline function writeOne(part: usize, at: usize): void {
  if (kind == Kind.Whole) writeBlock(part, at);
  else if (kind == Kind.Dc) writeDc(part, at, low);
  else writeBit(at, low);
}
