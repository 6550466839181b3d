/**
 * Makes one request of what several callers ask at the same time: while one is under way, what comes gathers for the next. Knows
 * neither images nor the wire.
 */

/** How much goes into one request, and what it was refused for that may be the doing of one item alone. */
export interface GatheringRules<Item> {
  /** Of `sizeOf` together. One item goes however large it is. */
  readonly maxSize: number;
  readonly maxItems: number;
  readonly sizeOf: (item: Item) => number;
  /** Then each is sent alone, so that no caller fails for a neighbour. */
  readonly isOfOne: (thrown: unknown) => boolean;
}

interface Waiting<Item, Answer> {
  readonly item: Item;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (reason: unknown) => void;
}

/** Requests of one kind, one at a time. */
export class Gathering<Item, Answer> {
  readonly #waiting: Waiting<Item, Answer>[] = [];
  #isRunning = false;

  /** `send` answers one for each item, in order. */
  constructor(
    private readonly rules: GatheringRules<Item>,
    private readonly send: (items: readonly Item[]) => Promise<readonly Answer[]>,
  ) {}

  /** Rejects with what the request was refused with. */
  add(item: Item): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#waiting.length > 0) await this.#request(this.#next());
    } finally {
      this.#isRunning = false;
    }
  }

  /** As many as fit, one at least. */
  #next(): readonly Waiting<Item, Answer>[] {
    const { maxItems, maxSize, sizeOf } = this.rules;
    let size = 0;
    let end = 0;
    for (const { item } of this.#waiting.slice(0, maxItems)) {
      size += sizeOf(item);
      if (end > 0 && size > maxSize) break;
      end++;
    }
    return this.#waiting.splice(0, end);
  }

  async #request(batch: readonly Waiting<Item, Answer>[]): Promise<void> {
    try {
      const answers = await this.send(batch.map(({ item }) => item));
      if (answers.length !== batch.length) throw new RangeError('a request answers each of its items');
      for (const [i, answer] of answers.entries()) batch[i]?.resolve(answer);
    } catch (thrown) {
      if (batch.length > 1 && this.rules.isOfOne(thrown)) for (const waiting of batch) await this.#request([waiting]);
      else for (const { reject } of batch) reject(thrown);
    }
  }
}
