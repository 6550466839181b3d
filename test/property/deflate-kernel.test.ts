/**
 * The deflate kernel: streams of all kinds are read as zlib reads them, in whatever pieces, and what is damaged is refused where zlib refuses it;
 * what it writes are the tokens of SPEC.md section 5.2, taken here from its words.
 */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import pako from 'pako';
import { dynamicBlock } from '../../client-sdk/core/image/deflate-block.js';
import { distanceSlot, endSymbol, lengthSlot } from '../../client-sdk/core/image/deflate-code.js';
import { deflateIfShorter } from '../../client-sdk/core/image/deflate-content.js';
import { DeflateWriter } from '../../client-sdk/core/image/deflate-writer.js';
import { usualCode } from '../../client-sdk/core/image/dynamic-code.js';
import { InflateStream } from '../../client-sdk/core/image/inflate-stream.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { belowOf, painters, type Below } from '../support/byte-painters.js';

interface Read {
  readonly isEnded: boolean;
  readonly isDamaged: boolean;
  /** Of the stream's bytes; undefined where it is damaged. */
  readonly used: number | undefined;
  readonly plain: Uint8Array | undefined;
}

function ownRead(stream: Uint8Array, pieceBytes: () => number): Read {
  const plain: Uint8Array[] = [];
  const reader = new InflateStream((bytes) => { plain.push(bytes); });
  let used = 0;
  for (let at = 0, size = 0; at < stream.length && !reader.isEnded && !reader.isDamaged; at += size) {
    size = pieceBytes();
    used += reader.push(stream.subarray(at, at + size));
  }
  const { isEnded, isDamaged } = reader;
  reader.close();
  return isDamaged ? { isEnded, isDamaged, used: undefined, plain: undefined } : { isEnded, isDamaged, used, plain: new Uint8Array(Buffer.concat(plain)) };
}

function pakoRead(stream: Uint8Array): Read {
  const plain: Uint8Array[] = [];
  const reader = new pako.Inflate({ raw: true, windowBits: 15 });
  const ended = { status: 0, is: false };
  reader.onData = (bytes) => { plain.push(bytes as Uint8Array); }; // without the option `to` it gives bytes
  reader.onEnd = (status) => { Object.assign(ended, { status, is: true }); };
  reader.push(stream, pako.constants.Z_SYNC_FLUSH);
  const isDamaged = ended.status !== 0;
  const { strm } = reader as unknown as { readonly strm: { readonly avail_in: number } }; // its types leave out what waits
  return isDamaged
    ? { isEnded: false, isDamaged, used: undefined, plain: undefined }
    : { isEnded: ended.is, isDamaged, used: stream.length - (ended.is ? strm.avail_in : 0), plain: new Uint8Array(Buffer.concat(plain)) };
}

function someStream(plain: Uint8Array, below: Below): Uint8Array {
  const stream = deflateRawSync(plain, { level: below(10), strategy: below(5), memLevel: 1 + below(9), windowBits: 9 + below(7) });
  return concat(stream, Uint8Array.from({ length: below(3) === 0 ? below(40) : 0 }, () => below(256)));
}

/** A few bits turned, more often near the begin, where the headers are; or the end cut off. */
function damaged(stream: Uint8Array, below: Below): Uint8Array {
  const bytes = Uint8Array.from(stream);
  for (let k = below(3); k >= 0; k--) {
    const at = below(below(2) === 0 ? bytes.length : Math.min(bytes.length, 80));
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(8));
  }
  return below(4) === 0 ? bytes.subarray(0, below(bytes.length)) : bytes;
}

function pieces(below: Below): () => number {
  const most = [1, 7, 300, 5_000, 1 << 20][below(5)] ?? 1;
  return () => 1 + below(most);
}

describe.each(Object.keys(painters))('streams of %s', (name) => {
  const paint = painters[name] ?? (() => new Uint8Array(0));

  it('are read in pieces as pako reads them whole', () => {
    const below = belowOf(71);
    for (const length of [0, 1, 5, 300, 5_000, 40_000, 150_000]) {
      for (let turn = 0; turn < 3; turn++) {
        const stream = someStream(paint(length, below), below);
        const read = ownRead(stream, pieces(below));
        expect(read).toEqual(pakoRead(stream));
        expect(read.isEnded).toBe(true);
      }
    }
  });

  it('are refused where they are damaged as pako refuses them', () => {
    const below = belowOf(72);
    let refused = 0;
    for (let turn = 0; turn < 100; turn++) {
      const stream = damaged(someStream(paint(1 + below(3_000), below), below), below);
      const read = ownRead(stream, pieces(below));
      expect(read).toEqual(pakoRead(stream));
      if (read.isDamaged) refused++;
    }
    expect(refused).toBeGreaterThan(4);
  });
});

it('gives a stream the bytes that came before it', () => {
  const dictionary = painters['noise']?.(40_000, belowOf(5)) ?? new Uint8Array(0);
  const plain = concat(dictionary.subarray(10_000, 12_000), dictionary.subarray(39_000));
  const stream = deflateRawSync(plain, { dictionary });
  expect(stream.length).toBeLessThan(200);
  const read: Uint8Array[] = [];
  const reader = new InflateStream((bytes) => { read.push(bytes); }, dictionary);
  expect(reader.push(stream)).toBe(stream.length);
  expect(Buffer.compare(concat(...read), plain)).toBe(0);
});

/** The tokens of each block as SPEC.md section 5.2 has them. */
function tokensOf(raw: Uint8Array): readonly number[][] {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.length);
  const heads = new Map<number, number>();
  const links = new Map<number, number>();
  const keyAt = (place: number): number => (Math.imul(view.getUint32(place, true), 0x9e3779b1) >>> 0) >>> 17;
  const insert = (place: number): void => {
    if (raw.length - place < 4) return;
    links.set(place, heads.get(keyAt(place)) ?? -1);
    heads.set(keyAt(place), place);
  };
  const search = (place: number, more: number): { readonly length: number; readonly distance: number } | undefined => {
    const most = Math.min(258, raw.length - place);
    if (most < 4) return undefined;
    let candidate = heads.get(keyAt(place)) ?? -1;
    insert(place);
    let found: { length: number; distance: number } | undefined;
    let best = more;
    for (let left = 8; left > 0 && candidate >= 0 && place - candidate < 32_768 && best < most; left--) {
      let length = 0;
      while (length < most && raw[candidate + length] === raw[place + length]) length++;
      if (length >= 4 && length > best) {
        best = length;
        found = { length, distance: place - candidate };
        if (length >= 128 || length === most) break;
      }
      candidate = links.get(candidate) ?? -1;
    }
    return found;
  };
  const blocks: number[][] = [];
  let block: number[] = [];
  let [at, misses] = [0, 0];
  while (at < raw.length) {
    if (block.length >= 65_020) {
      blocks.push(block);
      block = [];
    }
    let match = search(at, 3);
    if (match === undefined) {
      const bytes = Math.min(raw.length - at, 1 + Math.min(16, misses++ >> 5));
      block.push(...raw.subarray(at, at + bytes));
      at += bytes;
      continue;
    }
    misses = 0;
    let searched = at + 1;
    while (match.length < 32 && block.length < 65_278) {
      const longer = search(at + 1, match.length);
      searched = at + 2;
      if (longer === undefined) break;
      block.push(raw[at++] ?? 0);
      match = longer;
    }
    block.push((match.length << 16) | match.distance);
    at += match.length;
    for (; searched < at; searched++) insert(searched);
  }
  return [...blocks, block];
}

function writtenTokens(blocks: readonly number[][]): Uint8Array {
  const stream: Uint8Array[] = [];
  const writer = new DeflateWriter((bytes) => { stream.push(bytes); });
  for (const [index, tokens] of blocks.entries()) {
    const [literals, distances] = [new Uint32Array(286), new Uint32Array(30)];
    const count = (counts: Uint32Array, symbol: number): void => { counts[symbol] = (counts[symbol] ?? 0) + 1; };
    for (const token of tokens) {
      if (token < 256) count(literals, token);
      else {
        count(literals, endSymbol + 1 + (lengthSlot[token >>> 16] ?? 0));
        count(distances, distanceSlot(token & 0xffff));
      }
    }
    count(literals, endSymbol);
    writer.begin(dynamicBlock, index === blocks.length - 1, usualCode(literals, distances));
    writer.tokens(Int32Array.from(tokens), tokens.length);
    writer.endBlock();
  }
  writer.finish(0);
  return concat(...stream);
}

describe.each(Object.keys(painters))('long contents of %s', (name) => {
  const paint = painters[name] ?? (() => new Uint8Array(0));

  it.each([16_385, 200_001])('are deflated as the specification says, %d bytes', (length) => {
    const raw = paint(length, belowOf(length));
    const stream = deflateIfShorter(raw);
    // What repeats nothing within 8 KiB does not pass the trial.
    if (name === 'noise' || name.startsWith('copies from')) {
      expect(stream).toBeUndefined();
      return;
    }
    expect(Buffer.compare(stream ?? raw, writtenTokens(tokensOf(raw)))).toBe(0);
    expect(Buffer.compare(inflateRawSync(stream ?? raw), raw)).toBe(0);
  });
});

it('keeps nothing of contents whose middle hardly shrinks', () => {
  const noise = painters['noise']?.(200_000, belowOf(3)) ?? new Uint8Array(0);
  noise.fill(7, 0, 60_000);
  expect(deflateIfShorter(noise)).toBeUndefined();
  noise.fill(7, 95_000, 105_000);
  expect(deflateIfShorter(noise)?.length).toBeLessThan(140_000);
});
