/**
 * Large files are understood one after the other in a thread, small ones together: what one takes in memory is then taken once.
 */
import { describe, expect, it } from '@jest/globals';
import { localTasks } from '../../client-sdk/local-tasks.js';
import { nodeTools } from '../../client-sdk/node/node-tools.js';
import type { Source } from '../../client-sdk/core/image/splitter.js';
import type { SplitSteps } from '../../client-sdk/tasks.js';
import { memorySource } from '../support/memory-source.js';

/** A source whose reads wait until it is opened, and which tells how many there were. */
class ClosedSource implements Source {
  reads = 0;
  open: () => void = () => undefined;
  readonly size: number;
  readonly #opened = new Promise<void>((resolve) => { this.open = resolve; });
  readonly #source: Source;

  constructor(bytes: Uint8Array) {
    this.#source = memorySource(bytes);
    this.size = bytes.length;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.reads++;
    await this.#opened;
    return this.#source.read(offset, length);
  }
}

async function planOf(steps: SplitSteps): Promise<void> {
  for await (const step of steps) if (step.kind === 'plan') return;
}

describe('two files in one thread', () => {
  const tasks = localTasks(nodeTools);
  const split = async (source: Source, signal?: AbortSignal): Promise<SplitSteps> => {
    const fileHash = await nodeTools.crypto.sha256(new Uint8Array(source.size));
    return tasks.split({ fileHash, splitter: 'auto', geometry: { kind: 'tile', tilePixels: 64 }, keepBytes: 0 }, source, signal);
  };
  const turnOfOthers = (): Promise<void> => new Promise((resolve) => { setImmediate(resolve); });

  it.each([[2_000_000, 0], [300_000, 1]])('of %d bytes: while one is understood the other was read %d times', async (bytes, reads) => {
    const [first, second] = [new ClosedSource(new Uint8Array(bytes)), new ClosedSource(new Uint8Array(bytes))];
    const plans = [planOf(await split(first)), planOf(await split(second))];
    await turnOfOthers();
    expect([first.reads, second.reads]).toEqual([1, reads]);
    first.open();
    await plans[0];
    second.open();
    await plans[1];
    expect(second.reads).toBeGreaterThan(0);
  });

  it('that fail or are cancelled let the next one in', async () => {
    const stopping = new AbortController();
    const [first, waiting, last] = [new ClosedSource(new Uint8Array(2_000_000)), new ClosedSource(new Uint8Array(2_000_000)), new ClosedSource(new Uint8Array(2_000_000))];
    first.read = () => Promise.reject(new RangeError('the disk is gone'));
    last.open();
    const failed = planOf(await split(first));
    const cancelled = planOf(await split(waiting, stopping.signal));
    const done = planOf(await split(last));
    stopping.abort();
    await expect(failed).rejects.toThrow('the disk is gone');
    await expect(cancelled).rejects.toMatchObject({ code: 'cancelled' });
    await done;
    expect(waiting.reads).toBe(0);
  });
});
