/**
 * The pure rules of the server: judging rows, choosing packs, comparing generations, slowing down guesses.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { asRehash, asTag } from '../../client-sdk/protocol/ids.js';
import { rehashOf, tagOf } from '../../client-sdk/protocol/tag.js';
import { isEqualSecret } from '../../server/core/constant-time.js';
import { createGate } from '../../server/core/gate.js';
import { compareGenerations } from '../../server/core/generation.js';
import { createQueue } from '../../server/core/queue.js';
import { judgeByCipher, judgeRow } from '../../server/core/row-scrub.js';
import { choosePacks, packUses } from '../../server/core/sweep-plan.js';
import { createThrottle, delayMsAfter } from '../../server/core/throttle.js';
import { refusalCode } from '../support/refusal.js';
import type { FiledBlock } from '../../server/ports/tag-store.js';

const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const cipher = new Uint8Array(200).fill(5);
const tag = tagOf(sha256, cipher);
const row: FiledBlock = { tag, rehash: rehashOf(sha256, tag), code: hammingOf(tag), place: { pack: 1, offset: 56, length: 200 } };

function flipped(bytes: Uint8Array, ...bits: readonly number[]): Uint8Array {
  const copy = bytes.slice();
  for (const bit of bits) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (128 >> (bit & 7));
  return copy;
}

describe('judging a row', () => {
  it('finds a sound row sound', () => {
    expect(judgeRow(sha256, row)).toEqual({ kind: 'sound' });
  });

  it('puts each single flip of T right without reading the cipher', () => {
    for (let bit = 0; bit < 256; bit++) {
      expect(judgeRow(sha256, { ...row, tag: asTag(flipped(tag, bit)) })).toEqual({ kind: 'repair', rot: 'tag', row });
    }
  });

  it('puts any wrong code right, for T1 is the stronger witness', () => {
    for (let code = 0; code < 1_024; code++) {
      if (code === row.code) continue;
      expect(judgeRow(sha256, { ...row, code })).toEqual({ kind: 'repair', rot: 'code', row });
    }
  });

  it('never accepts a correction that T1 does not confirm', () => {
    for (let bit = 2; bit < 256; bit++) {
      expect(judgeRow(sha256, { ...row, tag: asTag(flipped(tag, 0, 1, bit)) })).toEqual({ kind: 'needs-cipher' });
    }
  });

  it('asks the cipher where T1 rotted, and rewrites T1', () => {
    const rotten = { ...row, rehash: asRehash(flipped(row.rehash, 9)) };
    expect(judgeRow(sha256, rotten)).toEqual({ kind: 'needs-cipher' });
    expect(judgeByCipher(sha256, rotten, cipher)).toEqual({ rot: 'rehash', row });
  });

  it('restores a T with many flips from a cipher that T1 confirms, and nothing from one that fits neither', () => {
    const rotten = { ...row, tag: asTag(flipped(tag, 1, 2, 3, 4)) };
    expect(judgeByCipher(sha256, rotten, cipher)).toEqual({ rot: 'tag', row });
    expect(judgeByCipher(sha256, rotten, flipped(cipher, 0))).toBeUndefined();
  });
});

describe('choosing packs', () => {
  const sizes = { headerBytes: 56, overheadBytes: 48 };
  const packs = [{ pack: 1, bytes: 1_000, isSealed: true }, { pack: 2, bytes: 1_000, isSealed: true }, { pack: 3, bytes: 56, isSealed: false }];

  it('takes packs with enough dead bytes, the emptiest first, and leaves full and empty ones', () => {
    const live = [new Map([[1, { records: 1, payloadBytes: 400 }]]), new Map([[1, { records: 1, payloadBytes: 100 }]])];
    const uses = packUses(packs, live, sizes);
    expect(uses.map((use) => use.liveBytes)).toEqual([56 + 500 + 96, 56, 56]);
    expect(choosePacks(uses, 0.25).map((use) => use.pack)).toEqual([2, 1]);
    expect(choosePacks(uses, 0.5).map((use) => use.pack)).toEqual([2]);
  });

  it('leaves a pack that is all live', () => {
    const uses = packUses([{ pack: 1, bytes: 56 + 48 + 10, isSealed: true }], [new Map([[1, { records: 1, payloadBytes: 10 }]])], sizes);
    expect(choosePacks(uses, 0)).toEqual([]);
  });
});

describe('generations', () => {
  it.each([
    [4, 4, 'fits'],
    [5, 4, 'fits'],
    [6, 4, 'packs-older'],
    [3, 4, 'database-older'],
  ] as const)('database %i and packs %i: %s', (database, packs, fit) => {
    expect(compareGenerations(database, packs)).toBe(fit);
  });
});

describe('the limiter of failed logins', () => {
  it('lets five failures pass, then delays the pair, and the owner elsewhere not at all', async () => {
    let now = 0;
    const throttle = createThrottle({ now: () => now });
    for (let i = 0; i < 5; i++) {
      throttle.check('ada', '10.0.0.1');
      throttle.failed('ada', '10.0.0.1');
    }
    expect(await refusalCode(() => { throttle.check('ada', '10.0.0.1'); })).toBe('rate-limited');
    throttle.check('ada', '10.0.0.2');
    now = 1_000;
    throttle.check('ada', '10.0.0.1');
    throttle.failed('ada', '10.0.0.1');
    now = 2_000;
    expect(await refusalCode(() => { throttle.check('ada', '10.0.0.1'); })).toBe('rate-limited');
    throttle.succeeded('ada', '10.0.0.1');
    throttle.check('ada', '10.0.0.1');
  });

  it('never waits longer than 15 minutes', () => {
    expect([0, 4, 5, 6, 7, 1_000].map(delayMsAfter)).toEqual([0, 0, 1_000, 2_000, 4_000, 900_000]);
  });
});

describe('small tools', () => {
  it('secrets are equal only where every byte is', () => {
    expect(isEqualSecret(tag, tag.slice())).toBe(true);
    expect(isEqualSecret(tag, flipped(tag, 255))).toBe(false);
    expect(isEqualSecret(tag, tag.subarray(1))).toBe(false);
    expect(isEqualSecret(new Uint8Array(), Uint8Array.of(0))).toBe(false);
  });

  it('a gate waits for writes that run, not for later ones', async () => {
    const gate = createGate();
    const events: string[] = [];
    let finish = (): void => undefined;
    const first = gate.run(() => new Promise<void>((resolve) => { finish = resolve; })).then(() => events.push('first'));
    const settled = gate.settle().then(() => events.push('settled'));
    const second = gate.run(() => new Promise<void>(() => undefined));
    finish();
    await Promise.all([first, settled]);
    expect(events).toEqual(['first', 'settled']);
    expect(second).toBeInstanceOf(Promise);
  });

  it('a gate lets one of a name work alone, and others of that name take turns', async () => {
    const gate = createGate();
    const events: string[] = [];
    let finish = (): void => undefined;
    const first = gate.alone('sweep', () => new Promise<string>((resolve) => { finish = () => { resolve('swept'); }; }));
    expect(await gate.alone('sweep', () => Promise.resolve('second'))).toBeUndefined();
    expect(await gate.alone('other', () => Promise.resolve('other'))).toBe('other');
    finish();
    expect(await first).toBe('swept');
    await expect(gate.alone('sweep', () => Promise.reject(new Error('it fails')))).rejects.toThrow('it fails');
    expect(await gate.alone('sweep', () => Promise.resolve('again'))).toBe('again');
    const slow = gate.inTurn('generation', async () => { await Promise.resolve(); events.push('first'); });
    const fast = gate.inTurn('generation', () => { events.push('second'); return Promise.resolve(); });
    await Promise.all([slow, fast]);
    expect(events).toEqual(['first', 'second']);
  });

  it('a queue runs steps of one key in order and goes on after a failure', async () => {
    const queue = createQueue();
    const events: string[] = [];
    const failing = queue.run('a', async () => { await Promise.resolve(); events.push('a1'); throw new Error('a1 fails'); });
    const after = queue.run('a', () => { events.push('a2'); return Promise.resolve(); });
    await expect(failing).rejects.toThrow('a1 fails');
    await after;
    expect(events).toEqual(['a1', 'a2']);
  });
});
