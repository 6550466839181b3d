/**
 * Lets others run in the middle of long work, so that pages stay alive and cancelling is heard. SPEC.md section 12.
 */
import { fault } from './core/errors.js';
import type { Platform } from './ports.js';

/** Milliseconds of work between two breaths. */
const breathMs = 25;

/** One row of steps in one thread. */
export class Breath {
  #last: number;

  constructor(
    private readonly clock: Pick<Platform, 'now' | 'sleep'>,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#last = clock.now();
  }

  /** The last breath is long ago. */
  get isDue(): boolean {
    return this.clock.now() - this.#last >= breathMs || this.signal?.aborted === true;
  }

  /** Throws `cancelled`. */
  async breathe(): Promise<void> {
    await this.clock.sleep(0, undefined);
    this.#last = this.clock.now();
    if (this.signal?.aborted === true) throw fault('cancelled');
  }

  /** Breathes where the last breath is long ago. */
  async breatheSometimes(): Promise<void> {
    if (this.isDue) await this.breathe();
  }
}
