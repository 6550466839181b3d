/**
 * One listener on a signal serves any number of steps.
 */
import { getEventListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { onAbortOf } from '../../client-sdk/abort-fan.js';

describe('steps that listen to one signal', () => {
  it('share one listener, and each is called once', () => {
    const controller = new AbortController();
    const called: number[] = [];
    for (let i = 0; i < 50; i++) onAbortOf(controller.signal, () => called.push(i));
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort();
    controller.abort();
    expect(called).toEqual(Array.from({ length: 50 }, (_, i) => i));
  });

  it('are not called after they were taken back, and at once where it is too late', () => {
    const controller = new AbortController();
    let calls = 0;
    onAbortOf(controller.signal, () => calls++)();
    controller.abort();
    expect(calls).toBe(0);
    onAbortOf(controller.signal, () => calls++);
    expect(calls).toBe(1);
  });
});
