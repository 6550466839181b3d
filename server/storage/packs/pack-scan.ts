/**
 * Walks one pack from its first byte to its last: intact records come out, everything else is named as damage. After
 * damage it looks for the next record that authenticates at its own offset, so no bytes of a client are taken for one.
 */
import type { Damage, ScannedRecord } from '../../ports/block-store.js';
import type { OpenFile } from './file-layer.js';
import {
  decodePackHeader, decodeRecordHeader, isAuthentic, packHeaderBytes, recordHeaderBytes, recordMagic, type Mac,
} from './pack-format.js';

/** What a scan needs; `end` is where the pack's bytes end. */
export interface Scan {
  readonly file: OpenFile;
  readonly pack: number;
  readonly end: number;
  readonly mac: Mac;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  readonly onDamage: (damage: Damage) => void;
}

/** Every intact record in order. Memory: a window of 1 MiB, or of the longest record. */
export async function* scanRecords(scan: Scan): AsyncIterable<ScannedRecord> {
  const window = new Window(scan.file, scan.end);
  const head = decodePackHeader(scan.mac, await window.bytes(0, packHeaderBytes), scan.pack);
  if (head.kind === 'unknown-version') {
    scan.onDamage({ pack: scan.pack, offset: 0, length: scan.end, what: 'a pack of an unknown version' });
    return;
  }
  let at = head.kind === 'head' ? packHeaderBytes : 0;
  let lostFrom: number | undefined;
  while (at < scan.end) {
    const record = await recordAt(scan, window, at);
    if (record === undefined) {
      lostFrom ??= at;
      at = await window.find(recordMagic, at + 1);
      continue;
    }
    if (lostFrom !== undefined) scan.onDamage({ pack: scan.pack, offset: lostFrom, length: at - lostFrom, what: 'no intact record' });
    lostFrom = undefined;
    yield record;
    at += recordHeaderBytes + record.place.length;
  }
  if (lostFrom !== undefined) scan.onDamage({ pack: scan.pack, offset: lostFrom, length: at - lostFrom, what: 'no intact record up to the end' });
}

async function recordAt(scan: Scan, window: Window, offset: number): Promise<ScannedRecord | undefined> {
  const start = { pack: scan.pack, offset };
  const head = decodeRecordHeader(scan.mac, start, await window.bytes(offset, recordHeaderBytes));
  if (head === undefined) return undefined;
  const bytes = await window.bytes(offset, recordHeaderBytes + head.length);
  if (bytes.length < recordHeaderBytes + head.length) return undefined;
  const payload = new Uint8Array(bytes.subarray(recordHeaderBytes));
  const digest = scan.sha256(payload);
  if (!isAuthentic(scan.mac, start, { header: bytes.subarray(0, recordHeaderBytes), digest })) return undefined;
  return { place: { ...start, length: head.length }, type: head.type, payload, digest };
}

const windowBytes = 1_048_576;

/** A stretch of the file in memory that moves forward. */
class Window {
  private buffer = Buffer.allocUnsafe(windowBytes);
  private start = 0;
  private filled = 0;

  constructor(
    private readonly file: OpenFile,
    private readonly end: number,
  ) {}

  /** The bytes at `offset`, fewer at the end of the pack. Valid until the next call. */
  async bytes(offset: number, length: number): Promise<Uint8Array> {
    const wanted = Math.max(0, Math.min(length, this.end - offset));
    if (offset < this.start || offset + wanted > this.start + this.filled) await this.fill(offset, wanted);
    const from = offset - this.start;
    return this.buffer.subarray(from, Math.min(from + wanted, this.filled));
  }

  /** Where `pattern` begins at or after `offset`, else the end. */
  async find(pattern: Uint8Array, offset: number): Promise<number> {
    for (let at = offset; at < this.end; ) {
      const from = await this.bytes(at, Math.min(windowBytes, this.end - at));
      const found = Buffer.from(from.buffer, from.byteOffset, from.length).indexOf(pattern);
      if (found >= 0) return at + found;
      if (from.length < pattern.length) break;
      at += from.length - pattern.length + 1;
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
