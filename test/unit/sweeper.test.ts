/**
 * The periodic collector: it goes on after a failure, one run at a time, and a stop ends the run under way.
 */
import { Writable } from 'node:stream';
import { describe, expect, it, jest } from '@jest/globals';
import pino from 'pino';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { SweepOrder, SweepService } from '../../server/core/contract.js';
import { startSweeper } from '../../server/sweeper.js';

const nothingDone = { expiredUploads: 0, purgedImages: 0, collectedBlocks: 0, mergedCopies: 0, compactedPacks: 0, freedBytes: 0, pendingBlocks: 0 };

function logInto(lines: string[]): pino.Logger {
  return pino(new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  }));
}

function sweepService(sweep: (order: SweepOrder) => Promise<typeof nothingDone>): SweepService {
  return { sweep, forecast: () => { throw new Error('nobody asks'); } };
}

describe('the sweeper', () => {
  it('tries again after a failure, which it logs, and after a refusal, which it does not', async () => {
    const lines: string[] = [];
    let calls = 0;
    let sweeper: ReturnType<typeof startSweeper> | undefined;
    await new Promise<void>((resolve) => {
      sweeper = startSweeper(sweepService(() => {
        calls++;
        if (calls === 1) return Promise.reject(new Error('the disk sulks'));
        if (calls === 2) return Promise.reject(new Refusal('unavailable'));
        resolve();
        return Promise.resolve(nothingDone);
      }), 1, logInto(lines));
    });
    await sweeper?.close();
    expect(lines.filter((line) => line.includes('sweep failed'))).toHaveLength(1);
    expect(lines.join('')).toContain('the disk sulks');
  });

  it('tells the run under way to stop, and waits for it', async () => {
    let order: SweepOrder | undefined;
    let end: () => void = () => undefined;
    let hasEnded = false;
    let sweeper: ReturnType<typeof startSweeper> | undefined;
    await new Promise<void>((begun) => {
      sweeper = startSweeper(sweepService(async (given) => {
        order = given;
        begun();
        await new Promise<void>((resolve) => { end = resolve; });
        hasEnded = true;
        return nothingDone;
      }), 1, logInto([]));
    });
    const closed = sweeper?.close();
    expect(order?.stop?.aborted).toBe(true);
    expect(hasEnded).toBe(false);
    end();
    await closed;
    expect(hasEnded).toBe(true);
  });

  it('never runs by itself with an interval of 0', async () => {
    jest.useFakeTimers();
    let calls = 0;
    const count = sweepService(() => Promise.resolve((calls++, nothingDone)));
    const never = startSweeper(count, 0, logInto([]));
    jest.advanceTimersByTime(86_400_000);
    expect(calls).toBe(0);
    const hourly = startSweeper(count, 3_600_000, logInto([]));
    jest.advanceTimersByTime(3_600_000);
    expect(calls).toBe(1);
    jest.useRealTimers();
    await Promise.all([never.close(), hourly.close()]);
  });
});
