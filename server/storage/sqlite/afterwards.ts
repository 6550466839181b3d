/**
 * What follows a transaction: memory that mirrors tables changes when they have changed for good, and not where a step was taken
 * back. Steps are told in the order in which they were added.
 */

/** Told whether what was written when it was added is committed, or gone. It must not throw. */
export type Afterwards = (isCommitted: boolean) => void;

export class AfterwardsList {
  #waiting: Afterwards[] = [];

  add(afterwards: Afterwards): void {
    this.#waiting.push(afterwards);
  }

  /** How many wait: names this moment for `settle`. */
  get mark(): number {
    return this.#waiting.length;
  }

  /** Tells all that were added since `mark`, by default all. */
  settle(isCommitted: boolean, mark = 0): void {
    const settled = this.#waiting.splice(mark);
    for (const afterwards of settled) afterwards(isCommitted);
  }
}
