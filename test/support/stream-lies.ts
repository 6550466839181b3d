/**
 * Lies about a stream of blocks (SPEC.md section 7): every header field, the order, the end, what is in a frame, and where it stops.
 * Frames that lie only where they must not be believed (`code`) are among them.
 */
import { concat, u32 } from '../../client-sdk/protocol/bytes.js';
import { encodeStream, type BlockFrame, type Frame, frameOverheadBytes, FrameReader } from '../../client-sdk/protocol/frames.js';
import { asRehash } from '../../client-sdk/protocol/ids.js';
import { bodyLie, type Lie } from './lie.js';
import { withFlip } from './sealed-lies.js';

type Change = (frames: readonly Frame[]) => readonly Frame[];

const zeros = (length: number): Uint8Array => new Uint8Array(length);

/** Lies about an answer of `honest` bytes. `foreign`: a block of another image. */
export function streamLies(honest: Uint8Array, foreign: BlockFrame): readonly Lie[] {
  const frames = framesOf(honest);
  return [...orderLies(), ...frameLies(foreign), ...byteLies(), ...cutLies(frames)];
}

/** All frames of a whole stream. */
export function framesOf(stream: Uint8Array): readonly Frame[] {
  return new FrameReader().push(stream);
}

function changed(kind: string, change: Change): Lie {
  return bodyLie(kind, '', (body) => {
    const frames = framesOf(body);
    return frames.length === 0 ? body : concat(...encodeStream(change(frames)));
  });
}

function orderLies(): readonly Lie[] {
  return [
    changed('frames reversed', (frames) => [...frames].reverse()),
    changed('frames rotated', (frames) => [...frames.slice(1), ...frames.slice(0, 1)]),
    changed('frame dropped', (frames) => frames.slice(1)),
    changed('frame dropped', (frames) => frames.slice(0, -1)),
    changed('all frames dropped', () => []),
    changed('frame repeated', (frames) => [...frames.slice(0, 1), ...frames]),
    changed('frame repeated', (frames) => frames.map(() => frames[0] ?? absentOf(zeros(32)))),
    changed('all frames repeated', (frames) => [...frames, ...frames]),
    changed('more frames than may be', (frames) => Array.from({ length: 1_025 }, () => frames[0] ?? absentOf(zeros(32)))),
    changed('absent', (frames) => frames.map(({ rehash }) => absentOf(rehash))),
    changed('absent', (frames) => frames.map((frame, i) => (i === 0 ? absentOf(frame.rehash) : frame))),
    changed('absent of another', (frames) => frames.map(() => absentOf(zeros(32)))),
  ];
}

function frameLies(foreign: BlockFrame): readonly Lie[] {
  const first = (kind: string, change: (frame: BlockFrame) => Frame): Lie => changed(kind, (frames) => frames.map((frame, i) => (i === 0 && frame.kind === 'block' ? change(frame) : frame)));
  const every = (kind: string, change: (frame: BlockFrame) => Frame): Lie => changed(kind, (frames) => frames.map((frame) => (frame.kind === 'block' ? change(frame) : frame)));
  const ciphers: readonly (readonly [string, (cipher: Uint8Array) => Uint8Array])[] = [
    ['iv flipped', (cipher) => withFlip(cipher, 0)],
    ['cipher flipped', (cipher) => withFlip(cipher, 16)],
    ['cipher flipped', (cipher) => withFlip(cipher, cipher.length - 1, 0x80)],
    ['another cipher of this length', (cipher) => zeros(cipher.length)],
    ['cipher too short', (cipher) => cipher.subarray(0, -1)],
    ['cipher too short', (cipher) => cipher.subarray(0, 18)],
    ['cipher too long', (cipher) => concat(cipher, zeros(1))],
    ['cipher as long as may be', () => zeros(1_048_596)],
  ];
  return [
    ...ciphers.flatMap(([kind, change]) => [first(kind, (frame) => ({ ...frame, cipher: change(frame.cipher) })), every(kind, (frame) => ({ ...frame, cipher: change(frame.cipher) }))]),
    first('rehash flipped', (frame) => ({ ...frame, rehash: asRehash(withFlip(frame.rehash, 31)) })),
    first('check code changed', (frame) => ({ ...frame, code: frame.code ^ 1 })),
    every('check code changed', (frame) => ({ ...frame, code: frame.code ^ 0x3ff })),
    first('block of another image', () => foreign),
    first('cipher of another image', (frame) => ({ ...frame, cipher: foreign.cipher })),
    every('rehash of another image', (frame) => ({ ...frame, rehash: foreign.rehash })),
    changed('ciphers swapped', (frames) => {
      const blocks = frames.filter((frame) => frame.kind === 'block');
      return frames.map((frame, i) => (frame.kind === 'block' ? { ...frame, cipher: blocks[(i + 1) % blocks.length]?.cipher ?? frame.cipher } : frame));
    }),
  ];
}

/** Of bytes that `encodeStream` would not write. */
function byteLies(): readonly Lie[] {
  const bytes = (kind: string, change: (body: Uint8Array) => Uint8Array): Lie => bodyLie(kind, '', change);
  const at = (kind: string, ...offsets: readonly number[]): readonly Lie[] => offsets.flatMap((offset) => [bytes(kind, (body) => withFlip(body, offset, 0x80)), bytes(kind, (body) => withFlip(body, offset, 0x03))]);
  return [
    ...at('magic changed', 0, 3),
    ...at('kind changed', 4),
    ...at('code out of range', 37),
    ...at('length changed', 39, 40, 41, 42),
    bytes('length huge', (body) => concat(body.subarray(0, 39), u32(0xffffffff), body.subarray(43))),
    bytes('length zero', (body) => concat(body.subarray(0, 39), u32(0), body.subarray(43))),
    bytes('count changed', (body) => withFlip(body, body.length - 1)),
    bytes('count changed', (body) => withFlip(body, body.length - 4, 0x80)),
    bytes('end missing', (body) => body.subarray(0, -5)),
    bytes('end twice', (body) => concat(body, body.subarray(-5))),
    bytes('bytes after the end', (body) => concat(body, zeros(1))),
    bytes('stream twice', (body) => concat(body, body)),
    bytes('no stream', () => Buffer.from('{"error":"no"}')),
    bytes('no stream', () => zeros(0)),
    bytes('no stream', () => zeros(500)),
  ];
}

/** After each frame, and within. */
function cutLies(frames: readonly Frame[]): readonly Lie[] {
  let end = 4;
  const ends = frames.map((frame) => (end += frameOverheadBytes + (frame.kind === 'block' ? frame.cipher.length : 0)));
  const places = [0, 3, 4, 5, 20, 42, 43, ...ends.slice(0, 12).flatMap((at) => [at - 1, at, at + 1])];
  return places.map((at) => bodyLie('cut', '', (body) => body.subarray(0, at)));
}

function absentOf(rehash: Uint8Array): Frame {
  return { kind: 'absent', rehash: asRehash(rehash) };
}
