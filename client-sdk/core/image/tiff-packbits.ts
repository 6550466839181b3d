/**
 * PackBits (TIFF 6.0 section 9), both ways, row by row. The format leaves the encoder free in how it groups
 * bytes; this one does as libtiff does. SPEC.md section 6.5.
 */
import { ByteWriter } from './varint.js';

const longestRun = 128;
const longestLiteral = 128;

/** Plain bytes of a strip, exactly `length`, and how many packed bytes they took; undefined where the bytes do not give them. */
export function decodePackBits(packed: Uint8Array, length: number): { readonly plain: Uint8Array; readonly used: number } | undefined {
  const plain = new Uint8Array(length);
  let at = 0;
  let from = 0;
  while (at < length) {
    const head = packed[from++];
    if (head === undefined) return undefined;
    if (head === 128) continue;
    const count = head < 128 ? head + 1 : 257 - head;
    const end = at + count;
    if (end > length || from + (head < 128 ? count : 1) > packed.length) return undefined;
    if (head < 128) {
      plain.set(packed.subarray(from, from + count), at);
      from += count;
    } else {
      plain.fill(packed[from++]!, at, end);
    }
    at = end;
  }
  return { plain, used: from };
}

/** The packed bytes of `plain`, rows of `rowBytes` each. */
export function encodePackBits(plain: Uint8Array, rowBytes: number): Uint8Array {
  const writer = new ByteWriter();
  for (let at = 0; at < plain.length; at += rowBytes) encodeRow(plain.subarray(at, at + rowBytes), writer);
  return writer.take();
}

/**
 * A run of two between literals joins them, unless the literal would pass its length; a literal that is full
 * ends. `literal` is what is open; `pair` says that a run of two follows it and may yet join it.
 */
function encodeRow(row: Uint8Array, writer: ByteWriter): void {
  let literal: number[] = [];
  let run: { readonly byte: number; readonly count: number } | undefined;
  const flush = (): void => {
    if (literal.length > 0) {
      writer.byte(literal.length - 1);
      writer.bytes(Uint8Array.from(literal));
    }
    if (run !== undefined) {
      writer.byte((257 - run.count) & 0xff);
      writer.byte(run.byte);
    }
    literal = [];
    run = undefined;
  };
  for (let at = 0; at < row.length; ) {
    const byte = row[at]!;
    let count = 1;
    while (at + count < row.length && row[at + count] === byte) count++;
    at += count;
    for (; count > longestRun; count -= longestRun) {
      if (run !== undefined) flush();
      run = { byte, count: longestRun };
    }
    if (count === 1) {
      const pair = run as { readonly byte: number; readonly count: number } | undefined;
      if (pair !== undefined && pair.count === 2 && literal.length > 0 && literal.length < longestLiteral - 1) {
        literal.push(pair.byte, pair.byte);
        run = undefined;
        if (literal.length === longestLiteral) flush();
      } else if (pair !== undefined) flush();
      literal.push(byte);
      if (literal.length === longestLiteral) flush();
    } else {
      if (run !== undefined) flush();
      run = { byte, count };
    }
  }
  flush();
}
