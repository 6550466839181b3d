/**
 * Walks one pack from its first byte to its last: intact records come out, everything else is named as damage. After
 * damage it looks for the next record that authenticates at its own offset, so no bytes of a client are taken for one.
 */
import type { Damage, ScannedRecord } from '../../ports/block-store.js';
import { decodePackHeader, packHeaderBytes, RecordFormat, recordHeaderBytes, type Mac } from './pack-format.js';

/** Bytes of one pack, wherever they lie. */
export interface PackBytes {
  /** Fills `into` from `position`; answers how many bytes there were. */
  read(into: Uint8Array, position: number): Promise<number>;
}

/** What a scan needs; `end` is where the pack's bytes end. */
export interface Scan {
  readonly file: PackBytes;
  readonly pack: number;
  readonly end: number;
  readonly mac: Mac;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  readonly onDamage: (damage: Damage) => void;
  /** Bytes that one read asks for; 1 MiB where nothing is said. */
  readonly windowBytes?: number;
}

/** Every intact record in order. Memory: a window, or of the longest record. */
export async function* scanRecords(scan: Scan): AsyncIterable<ScannedRecord> {
  const window = new Window(scan.file, scan.end, scan.windowBytes ?? usualWindowBytes);
  const format = new RecordFormat(scan.mac, scan.pack);
  const head = decodePackHeader(scan.mac, await window.bytes(0, packHeaderBytes), scan.pack);
  if (head.kind === 'unknown-version') {
    scan.onDamage({ pack: scan.pack, offset: 0, length: scan.end, what: 'a pack of an unknown version' });
    return;
  }
  let at = head.kind === 'head' ? packHeaderBytes : 0;
  let lostFrom: number | undefined;
  while (at < scan.end) {
    const record = await recordAt(scan, { window, format }, at);
    if (record === undefined) {
      lostFrom ??= at;
      at = await window.find(format, at + 1);
      continue;
    }
    if (lostFrom !== undefined) scan.onDamage({ pack: scan.pack, offset: lostFrom, length: at - lostFrom, what: 'no intact record' });
    lostFrom = undefined;
    yield record;
    at += recordHeaderBytes + record.place.length;
  }
  if (lostFrom !== undefined) scan.onDamage({ pack: scan.pack, offset: lostFrom, length: at - lostFrom, what: 'no intact record up to the end' });
}

interface Sight {
  readonly window: Window;
  readonly format: RecordFormat;
}

async function recordAt(scan: Scan, { window, format }: Sight, offset: number): Promise<ScannedRecord | undefined> {
  const head = format.decode(await window.bytes(offset, recordHeaderBytes));
  // Asked before reading: nothing is read and hashed for a length that cannot be.
  if (head === undefined || offset + recordHeaderBytes + head.length > scan.end) return undefined;
  const bytes = await window.bytes(offset, recordHeaderBytes + head.length);
  if (bytes.length < recordHeaderBytes + head.length) return undefined;
  const payload = new Uint8Array(bytes.subarray(recordHeaderBytes));
  const digest = scan.sha256(payload);
  if (!format.isAuthentic(offset, bytes, digest)) return undefined;
  return { place: { pack: scan.pack, offset, length: head.length }, type: head.type, payload, digest };
}

const usualWindowBytes = 1_048_576;

/** A stretch of the pack in memory that moves forward. */
class Window {
  private buffer: Buffer;
  private start = 0;
  private filled = 0;

  constructor(
    private readonly file: PackBytes,
    private readonly end: number,
    windowBytes: number,
  ) {
    this.buffer = Buffer.allocUnsafe(windowBytes);
  }

  /** The bytes at `offset`, fewer at the end of the pack. Valid until the next call. */
  async bytes(offset: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.end - offset));
    if (offset < this.start || offset + wanted > this.start + this.filled) await this.fill(offset, wanted);
    const from = offset - this.start;
    return this.buffer.subarray(from, Math.min(from + wanted, this.filled));
  }

  /** Where a record header may begin at or after `offset`, else the end. */
  async find(format: RecordFormat, offset: number): Promise<number> {
    for (let at = offset; at + recordHeaderBytes <= this.end; ) {
      // What is in memory already, however often this is asked; a whole window only where that holds no header.
      await this.bytes(at, recordHeaderBytes);
      const found = format.find(this.buffer.subarray(0, this.filled), at - this.start);
      if (found >= 0) return this.start + found;
      if (this.filled < recordHeaderBytes) break;
      at = this.start + this.filled - recordHeaderBytes + 1;
    }
    return this.end;
  }

  private async fill(offset: number, wanted: number): Promise<void> {
    if (wanted > this.buffer.length) this.buffer = Buffer.allocUnsafe(wanted);
    const length = Math.min(this.buffer.length, this.end - offset);
    this.filled = await this.file.read(this.buffer.subarray(0, length), offset);
    this.start = offset;
  }
}
