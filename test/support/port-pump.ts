/**
 * Stands in front of the ports of a store and decides when each call is made: one after the other in an order that a number gives, so that
 * operations that run side by side meet in many ways and in the same ones again. It can also cut all off at a call: then no call is made and
 * none is answered any more.
 */
import type { Stores } from '../../server/core/contract.js';

/** Where a crash is to be. */
export interface Cut {
  /** The call at which, counted from when it is armed. */
  readonly at: number;
  /** The call takes effect, and nobody is told. */
  readonly takesEffect: boolean;
}

export class PortPump {
  /** Calls that were made. */
  calls = 0;
  isDead = false;
  #cut: Cut | undefined;
  #order = 0;
  #waiting: (() => void)[] = [];
  #isRunning = false;
  #died: () => void = () => undefined;
  /** Resolves when all was cut off. */
  death: Promise<void> = Promise.resolve();

  constructor(private readonly onDeath: () => void) {}

  /** From now on calls that wait are let through by this order. */
  arm(order: number, cut: Cut | undefined): void {
    this.#order = order;
    this.#cut = cut;
    this.death = new Promise((resolve) => { this.#died = resolve; });
  }

  kill(): void {
    this.isDead = true;
    this.onDeath();
    this.#died();
  }

  inFrontOf({ blocks, tags, images, accounts, heads, state }: Stores): Stores {
    // A new life begins with new ports; the old ones stay cut off.
    const life = { isOver: () => this.isDead || life !== this.#life };
    this.isDead = false;
    this.#life = life;
    this.#cut = undefined;
    return {
      blocks: this.#port(blocks, life), tags: this.#port(tags, life), images: this.#port(images, life), accounts: this.#port(accounts, life), heads: this.#port(heads, life), state: this.#port(state, life),
    };
  }

  #life: object | undefined;

  #port<T extends object>(port: T, life: { readonly isOver: () => boolean }): T {
    return new Proxy(port, {
      get: (target, name) => {
        const own: unknown = Reflect.get(target, name);
        if (typeof own !== 'function' || name === 'scan') return own instanceof Function ? (own.bind(target) as unknown) : own; // bound: private state stays the port's
        return async (...given: readonly unknown[]): Promise<unknown> => {
          await this.#turn();
          if (life.isOver()) return never();
          this.calls++;
          const isLast = this.#isLast();
          if (isLast && this.#cut?.takesEffect === false) return this.#die();
          try {
            const result = (await own.apply(target, given)) as unknown; // whatever the port answers
            if (life.isOver()) return await never();
            return isLast ? await this.#die() : result;
          } catch (error) {
            if (life.isOver()) return never();
            throw error;
          }
        };
      },
    });
  }

  #isLast(): boolean {
    if (this.#cut === undefined) return false;
    this.#cut = { ...this.#cut, at: this.#cut.at - 1 };
    return this.#cut.at === 0;
  }

  #die(): Promise<never> {
    this.kill();
    return never();
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#run();
    });
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    setImmediate(() => {
      this.#isRunning = false;
      // One or two of those that wait.
      for (let count = 1 + (this.#next() % 2); count > 0 && this.#waiting.length > 0; count--) this.#waiting.splice(this.#next() % this.#waiting.length, 1)[0]?.();
      if (this.#waiting.length > 0) this.#run();
    });
  }

  /** A linear congruence: numbers that look alike to nobody who tests with them. */
  #next(): number {
    this.#order = (Math.imul(this.#order, 1_664_525) + 1_013_904_223) >>> 0;
    return this.#order >>> 16;
  }
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
