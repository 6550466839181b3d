/** How many bytes of work are in threads at once, and what crosses to them. SPEC.md section 12. */
import { describe, expect, it } from '@jest/globals';
import { ByteGate } from '../../client-sdk/byte-gate.js';
import { DiceError, fault, integrityFault } from '../../client-sdk/core/errors.js';
import { crossing, crossingError, errorOf } from '../../client-sdk/crossing.js';
import { codeOf } from '../support/sdk-client.js';

/** Whether a promise has come to its end by now. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  const waiting = {};
  return (await Promise.race([promise.catch(() => undefined), Promise.resolve(waiting)])) !== waiting;
}

describe('a gate of bytes', () => {
  it('lets in what has room, the rest in order, and what is too large alone', async () => {
    const gate = new ByteGate(100);
    await gate.enter(60, undefined);
    await gate.enter(40, undefined);
    const [large, small] = [gate.enter(500, undefined), gate.enter(1, undefined)];
    gate.leave(60);
    expect([await isDone(large), await isDone(small)]).toEqual([false, false]);
    gate.leave(40);
    await large;
    expect(await isDone(small)).toBe(false);
    gate.leave(500);
    await small;
  });

  it('forgets who is cancelled while waiting, and lets the next one in', async () => {
    const gate = new ByteGate(10);
    await gate.enter(9, undefined);
    const stopping = new AbortController();
    const [first, second] = [gate.enter(5, stopping.signal), gate.enter(1, undefined)];
    stopping.abort();
    expect(await codeOf(first)).toBe('cancelled');
    await second;
    expect(await codeOf(gate.enter(1, stopping.signal))).toBe('cancelled');
  });
});

describe('what crosses between threads', () => {
  it('moves whole arrays, copies views and small ones, and leaves other values as they are', () => {
    const whole = new Uint8Array(5_000).fill(1);
    const view = new Uint8Array(9_000).fill(2).subarray(1_000, 4_000);
    const small = Uint8Array.of(1, 2, 3);
    const { value, transfer } = crossing({ list: [whole, view, small, whole], text: 'a', none: undefined, number: 3n });
    expect(transfer).toEqual([whole.buffer]);
    expect(value.list[0]).toBe(whole);
    expect(value.list[1]?.buffer.byteLength).toBe(3_000);
    expect(value.list[2]).not.toBe(small);
    expect(value).toMatchObject({ text: 'a', none: undefined, number: 3n });
  });

  it('keeps class, code, message and step of errors, and drops their causes', () => {
    const refused = new DiceError('blocks-missing', 'Some are.', { missing: ['ab'], retryAfterSeconds: 3, cause: new Error('secret') });
    for (const error of [refused, fault('cancelled'), integrityFault('iv', 'No.'), new RangeError('out'), new Error('other')]) {
      const back = errorOf(structuredClone(crossingError(error)));
      expect([back.name, back.message, back.cause]).toEqual([error.name, error.message, undefined]);
      if (error instanceof DiceError) expect(back).toMatchObject({ code: error.code });
    }
    expect(errorOf(crossingError(refused))).toMatchObject({ extra: { missing: ['ab'], retryAfterSeconds: 3 } });
    expect(errorOf(crossingError(integrityFault('iv', 'No.')))).toMatchObject({ extra: { step: 'iv' } });
    expect(errorOf(crossingError('a text'))).toBeInstanceOf(Error);
  });
});
