/**
 * Lets so many bytes through at once; who comes later waits in order. SPEC.md section 12.
 */
import { onAbortOf } from './abort-fan.js';
import { fault } from './core/errors.js';

interface Waiting {
  readonly bytes: number;
  readonly letIn: () => void;
}

/** A gate of `maxBytes`. What is larger enters alone. */
export class ByteGate {
  readonly #waiting: Waiting[] = [];
  #inside = 0;

  constructor(private readonly maxBytes: number) {}

  /** Waits for room. Throws `cancelled`. */
  async enter(bytes: number, signal: AbortSignal | undefined): Promise<void> {
    if (signal?.aborted === true) throw fault('cancelled');
    if (this.#waiting.length === 0 && this.#hasRoom(bytes)) {
      this.#inside += bytes;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = { bytes, letIn: () => { forget?.(); resolve(); } };
      this.#waiting.push(waiting);
      const forget = signal === undefined ? undefined : onAbortOf(signal, () => {
        const at = this.#waiting.indexOf(waiting);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(fault('cancelled'));
        this.#letIn();
      });
    });
  }

  /** Gives back what entered. */
  leave(bytes: number): void {
    this.#inside -= bytes;
    this.#letIn();
  }

  #hasRoom(bytes: number): boolean {
    return this.#inside === 0 || this.#inside + bytes <= this.maxBytes;
  }

  #letIn(): void {
    for (let next = this.#waiting[0]; next !== undefined && this.#hasRoom(next.bytes); next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#inside += next.bytes;
      next.letIn();
    }
  }
}
