/** How many bytes of bodies are held at once: shares, order, waiting and its bounds. DESIGN.md, Threats. */
import { describe, expect, it } from '@jest/globals';
import { BodyRoom, type Holder, usualRoomBytes } from '../../server/http/body-room.js';
import { refusalCode } from '../support/refusal.js';

const mebibyte = 1_048_576;
const ada: Holder = { kind: 'account', name: 'ada' };
const holder = (kind: Holder['kind'], name: number): Holder => ({ kind, name: String(name) });

interface Body {
  /** Whether it was let in by now. */
  readonly isIn: () => boolean;
  /** It was read and answered. */
  readonly finish: () => void;
  /** Its sender left. */
  readonly go: () => void;
  readonly over: Promise<string | undefined>;
}

/** Brings a body; it is held until it is finished. */
function bring(room: BodyRoom, bytes: number, holders: readonly Holder[]): Body {
  let [isIn, finish, go] = [false, (): void => undefined, (): void => undefined];
  const finished = new Promise<void>((resolve) => { finish = resolve; });
  const over = refusalCode(() => room.around({ bytes, holders, onGone: (listener) => { go = listener; } }, async () => {
    isIn = true;
    await finished;
  }));
  return { isIn: () => isIn, finish: () => { finish(); }, go: () => { go(); }, over };
}

const settled = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });
const insideOf = (bodies: readonly Body[]): readonly number[] => bodies.flatMap((body, i) => (body.isIn() ? [i] : []));

describe('a room of 64 MiB', () => {
  const open = (waitMs = 60_000): BodyRoom => new BodyRoom({ maxBytes: 64 * mebibyte, waitMs });

  it('holds a quarter for one account, and others meanwhile', async () => {
    const room = open();
    const own = Array.from({ length: 4 }, () => bring(room, 8 * mebibyte, [ada]));
    const others = Array.from({ length: 4 }, (_, i) => bring(room, 8 * mebibyte, [holder('account', i)]));
    await settled();
    expect([insideOf(own), insideOf(others)]).toEqual([[0, 1], [0, 1, 2, 3]]);
    own[1]?.finish();
    await settled();
    expect(insideOf(own)).toEqual([0, 1, 2]);
    for (const body of [...own, ...others]) body.finish();
    expect(new Set(await Promise.all([...own, ...others].map(({ over }) => over)))).toEqual(new Set([undefined]));
  });

  it('holds half for one network, whoever comes from it', async () => {
    const room = open();
    const near = Array.from({ length: 5 }, (_, i) => bring(room, 8 * mebibyte, [holder('account', i), holder('network', 1)]));
    const far = bring(room, 8 * mebibyte, [holder('account', 0), holder('network', 2)]);
    await settled();
    expect([insideOf(near), far.isIn()]).toEqual([[0, 1, 2, 3], true]);
    for (const body of [...near, far]) body.finish();
    await Promise.all([...near, far].map(({ over }) => over));
  });

  it('lets in by order where all of it is taken, and a small body does not overtake a large one', async () => {
    const room = open();
    const first = Array.from({ length: 4 }, (_, i) => bring(room, 15 * mebibyte, [holder('account', i)]));
    const [large, small] = [bring(room, 16 * mebibyte, [holder('account', 8)]), bring(room, mebibyte, [holder('account', 9)])];
    await settled();
    expect([insideOf(first), large.isIn(), small.isIn()]).toEqual([[0, 1, 2, 3], false, false]);
    first[0]?.finish();
    await settled();
    expect([large.isIn(), small.isIn()]).toEqual([true, true]);
    for (const body of [...first, large, small]) body.finish();
    await Promise.all([...first, large, small].map(({ over }) => over));
  });

  it('takes 128 KiB and less at any time, and what is larger than a share alone', async () => {
    const room = open();
    const whole = bring(room, 20 * mebibyte, [ada]);
    const [second, tiny] = [bring(room, mebibyte, [ada]), bring(room, 131_072, [ada])];
    await settled();
    expect([whole.isIn(), second.isIn(), tiny.isIn()]).toEqual([true, false, true]);
    for (const body of [whole, second, tiny]) body.finish();
    await Promise.all([whole, second, tiny].map(({ over }) => over));
  });

  it('refuses who has waited for its time, and lets in who stood behind', async () => {
    const room = open(20);
    const all = Array.from({ length: 4 }, (_, i) => bring(room, 12 * mebibyte, [holder('account', i)]));
    const [large, small] = [bring(room, 32 * mebibyte, [holder('account', 8)]), bring(room, 16 * mebibyte, [holder('account', 9)])];
    expect(await large.over).toBe('unavailable');
    await settled();
    expect(small.isIn()).toBe(true);
    for (const body of [...all, small]) body.finish();
    await Promise.all([...all, small].map(({ over }) => over));
  });

  it('lets 32 of one account wait, 128 of all, and who left not at all', async () => {
    let refused = 0;
    const room = new BodyRoom({ maxBytes: 64 * mebibyte, waitMs: 60_000, onRefused: () => { refused++; } });
    const full = Array.from({ length: 4 }, (_, i) => bring(room, 16 * mebibyte, [holder('account', i)]));
    const own = Array.from({ length: 40 }, () => bring(room, mebibyte, [ada]));
    const others = Array.from({ length: 100 }, (_, i) => bring(room, mebibyte, [holder('account', 10 + i)]));
    const codes = async (bodies: readonly Body[]): Promise<readonly unknown[]> => Promise.all(bodies.map(({ over }) => over));
    expect([await codes(own.slice(32)), await codes(others.slice(96))]).toEqual([Array(8).fill('unavailable'), Array(4).fill('unavailable')]);
    expect(refused).toBe(12);
    own[3]?.go();
    expect(await own[3]?.over).toBe('request-invalid');
    const next = bring(room, mebibyte, [ada]);
    for (const body of [...full, ...own, ...others, next]) body.finish();
    expect([await next.over, ...await codes(full)]).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('gives back what is not kept, never takes more, and gives all back in the end', async () => {
    const room = open();
    let tell: (bytes: number) => void = () => undefined;
    let end = (): void => undefined;
    const over = room.around({ bytes: 16 * mebibyte, holders: [ada], onGone: () => undefined }, async (keep) => {
      tell = keep;
      await new Promise<void>((resolve) => { end = resolve; });
    });
    await settled();
    const next = bring(room, 4 * mebibyte, [ada]);
    for (const [kept, isIn] of [[16, false], [20, false], [13, false], [12, true]] as const) {
      tell(kept * mebibyte);
      await settled();
      expect(next.isIn()).toBe(isIn);
    }
    const last = bring(room, 16 * mebibyte - 4 * mebibyte, [ada]);
    tell(131_072);
    await settled();
    expect(last.isIn()).toBe(true);
    end();
    for (const body of [next, last]) body.finish();
    await Promise.all([over, next.over, last.over]);
    const whole = bring(room, 64 * mebibyte, [holder('account', 1)]);
    await settled();
    expect(whole.isIn()).toBe(true);
    whole.finish();
    await whole.over;
  });

  it('gives room back after work that failed', async () => {
    const room = open();
    const failing = (): Promise<void> => room.around({ bytes: 16 * mebibyte, holders: [ada], onGone: () => undefined }, () => Promise.reject(new Error('it failed')));
    for (let i = 0; i < 5; i++) await expect(failing()).rejects.toThrow('it failed');
  });
});

it('is an eighth of the memory within bounds, and never more than half', () => {
  expect([2 ** 28, 2 ** 29, 2 ** 30, 2 ** 32, 2 ** 40].map(usualRoomBytes)).toEqual([2 ** 27, 2 ** 28, 2 ** 28, 2 ** 29, 2 ** 30]);
});
