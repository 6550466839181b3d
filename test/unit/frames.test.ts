/**
 * The stream of blocks: it comes back however it is cut into pieces; deviations are refused before they cost memory.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { bytesOfHex, concat, u32 } from '../../client-sdk/protocol/bytes.js';
import { encodeEnd, encodeHead, encodeStart, encodeStream, type Frame, frameOverheadBytes, FrameReader, streamOverheadBytes } from '../../client-sdk/protocol/frames.js';
import { asRehash } from '../../client-sdk/protocol/ids.js';
import { maxCipherBytes, maxFramesPerBatch, minCipherBytes } from '../../client-sdk/protocol/limits.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';

const refusal = expect.objectContaining({ code: 'frame-invalid' });
const rehash = asRehash(new Uint8Array(32).fill(5));
const block = (cipher: Uint8Array, code = 7): Frame => ({ kind: 'block', rehash, code, cipher });
const anyFrame = fc.oneof(
  fc.tuple(fc.uint8Array({ minLength: minCipherBytes, maxLength: 200 }), fc.integer({ min: 0, max: 1_023 })).map(([cipher, code]) => block(cipher, code)),
  fc.constant<Frame>({ kind: 'absent', rehash }),
);

function readIn(pieces: readonly Uint8Array[], maxFrames?: number): Frame[] {
  const reader = new FrameReader(maxFrames);
  const frames = pieces.flatMap((piece) => reader.push(piece));
  reader.finish();
  return frames;
}

describe('a stream of frames', () => {
  it('costs no more than its bytes where these come one by one', () => {
    const whole = concat(...encodeStream([block(new Uint8Array(maxCipherBytes))]));
    const reader = new FrameReader();
    const before = process.memoryUsage().heapUsed;
    let [most, frames] = [0, 0];
    for (let at = 0; at < whole.length; at++) {
      frames += reader.push(whole.slice(at, at + 1)).length;
      if (at % 262_144 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before);
    }
    reader.finish();
    expect(frames).toBe(1);
    expect(most).toBeLessThan(50_000_000);
  });

  it('comes back from pieces of any size', () => {
    fc.assert(fc.property(fc.array(anyFrame, { maxLength: 6 }), fc.integer({ min: 1, max: 60 }), (frames, size) => {
      const whole = concat(...encodeStream(frames));
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, at) => whole.subarray(at * size, (at + 1) * size));
      expect(readIn(pieces)).toEqual(frames);
      expect(readIn([new Uint8Array(), whole, new Uint8Array()])).toEqual(frames);
    }), { numRuns: 60 });
  });

  it('holds of a block that came in many pieces nothing but it, and of what follows no more than its piece', () => {
    const whole = concat(...encodeStream([block(new Uint8Array(100_000)), block(new Uint8Array(50)), block(new Uint8Array(50))]));
    const pieces = Array.from({ length: Math.ceil(whole.length / 30_000) }, (_, at) => whole.slice(at * 30_000, (at + 1) * 30_000));
    const held = readIn(pieces).map((frame) => (frame.kind === 'block' ? frame.cipher.buffer.byteLength : 0));
    expect(held).toEqual([100_000, pieces.at(-1)?.length, pieces.at(-1)?.length]);
  });

  it('is refused when it is cut anywhere', () => {
    const whole = concat(...encodeStream([block(new Uint8Array(minCipherBytes)), { kind: 'absent', rehash }]));
    for (let length = 0; length < whole.length; length++) expect(() => readIn([whole.subarray(0, length)])).toThrow(refusal);
  });

  it('is read from any bytes after its magic as frames, or refused', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      const whole = concat(encodeStart(), bytes);
      try {
        expect(concat(...encodeStream(readIn([whole])))).toEqual(whole);
      } catch (error) {
        if (!(error instanceof Refusal) || error.code !== 'frame-invalid') throw error;
      }
    }), { numRuns: 500 });
  });

  it('has the overhead that is announced', () => {
    expect(concat(...encodeStream([])).length).toBe(streamOverheadBytes);
    expect(encodeHead(block(new Uint8Array(50))).length).toBe(frameOverheadBytes);
  });

  it.each([
    [0, false], [minCipherBytes - 1, false], [minCipherBytes, true], [minCipherBytes + 1, true], [maxCipherBytes - 1, true], [maxCipherBytes, true], [maxCipherBytes + 1, false],
  ])('with a cipher of %d bytes is taken: %p', (length, isTaken) => {
    const read = () => readIn(encodeStream([block(new Uint8Array(length))]));
    if (isTaken) expect(read()).toHaveLength(1);
    else expect(read).toThrow(refusal);
  });

  it.each([[0, true], [1, true], [maxFramesPerBatch - 1, true], [maxFramesPerBatch, true], [maxFramesPerBatch + 1, false]])('of %d frames is taken: %p', (count, isTaken) => {
    const pieces = encodeStream(Array.from({ length: count }, (): Frame => ({ kind: 'absent', rehash })));
    if (isTaken) expect(readIn(pieces)).toHaveLength(count);
    else expect(() => readIn(pieces)).toThrow(refusal);
  });

  it('is refused at the head of a frame with a lying length, before the bytes come', () => {
    const head = encodeHead(block(new Uint8Array(minCipherBytes)));
    for (const length of [maxCipherBytes + 1, 0x7fffffff, 0xffffffff]) {
      const lying = concat(head.subarray(0, head.length - 4), u32(length));
      expect(() => new FrameReader().push(concat(encodeStart(), lying))).toThrow(refusal);
    }
  });

  it('is refused with another count at its end, and with bytes after it', () => {
    for (const count of [0, 2, 0xffffffff]) expect(() => readIn([encodeStart(), encodeHead({ kind: 'absent', rehash }), encodeEnd(count)])).toThrow(refusal);
    expect(() => readIn([encodeStart(), encodeEnd(0), bytesOfHex('00') ?? rehash])).toThrow(refusal);
  });

  it('is refused with a check code of more than ten bits', () => {
    expect(readIn(encodeStream([block(new Uint8Array(20), 1_023)]))).toHaveLength(1);
    expect(() => readIn(encodeStream([block(new Uint8Array(20), 1_024)]))).toThrow(refusal);
  });
});
