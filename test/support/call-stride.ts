/**
 * Which calls of an operation are made to fail: about as many as are asked for, from all over it, each before its effect and after it.
 */
import { expect } from '@jest/globals';
import type { ArmedCall } from './failing-system.js';

/** How many calls the operation makes when all goes well, and how many of them are to fail each way. */
export interface Stride {
  readonly calls: number;
  readonly most: number;
}

/** Fails them in turn until the operation runs through; `attempt` answers false where there was no such call. Answers how often one failed. */
export async function failInTurn({ calls, most }: Stride, attempt: (call: ArmedCall) => Promise<boolean>): Promise<number> {
  const stride = Math.max(1, calls / most);
  let injected = 0;
  for (const takesEffect of [false, true]) {
    for (let at = takesEffect ? 1 + stride / 2 : 1; await attempt({ at: Math.floor(at), takesEffect }); at += stride) injected++;
  }
  // As many as were asked for, each way, and one each way at least: sweeping nothing proves nothing.
  expect(injected).toBeGreaterThanOrEqual(Math.max(2, 2 * Math.min(calls, most) - 2));
  return injected;
}
