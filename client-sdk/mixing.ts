/**
 * Blocks of one file on their way to the server: what chunks were coded to waits until there is much of it, and then travels in one
 * order that nobody can foresee, so that the order in which a server files blocks tells little of where they lie. Holds one chunk, ciphers
 * up to a bound, and contents that other files bring up to another. SPEC.md section 12.
 */
import { type BlockSender, heldForOthers, type Prepared, type SendingFile } from './block-sender.js';
import { mixBlocks, mixBytes } from './core/plan.js';
import type { SplitContent } from './tasks.js';

/** For each chunk `gather`, then `begin`; `end` at last, or `abandon` where anything failed. Until all of its own is delivered it waits for no other file. */
export class Mixing {
  #gathered: Prepared[] = [];
  /** Chunks with contents that other files bring, and that are kept as long as these may fail. */
  #held: Prepared[] = [];
  #coding: Promise<Prepared> | undefined;
  #delivering: Promise<void> = Promise.resolve();

  constructor(
    private readonly sender: BlockSender,
    private readonly file: SendingFile,
  ) {}

  /** Waits until the chunk before is coded, and sets out to deliver what there is, if it is much. */
  async gather(): Promise<void> {
    if (this.#coding === undefined) return;
    const coded = await this.#coding;
    this.#gathered.push(coded);
    this.#held.push(coded);
    this.#coding = undefined;
    const sumOf = (countOf: (prepared: Prepared) => number): number => this.#gathered.reduce((sum, prepared) => sum + countOf(prepared), 0);
    if (sumOf(({ bytes }) => bytes) >= mixBytes || sumOf(({ blocks }) => blocks) >= mixBlocks) await this.#deliver();
    await this.#letGo();
  }

  /** Begins to code a chunk, whose contents are given up; meanwhile the next one may be read. */
  begin(items: readonly SplitContent[]): Promise<Prepared> {
    this.#coding = this.sender.prepare(items, this.file);
    this.#coding.catch(() => undefined);
    return this.#coding;
  }

  /** Delivers the rest. */
  async end(): Promise<void> {
    await this.gather();
    await this.#deliver();
    await this.#delivering;
  }

  /** Others that wait for these contents bring them themselves. */
  async abandon(reason: unknown): Promise<void> {
    await this.#delivering.catch(() => undefined);
    const coded = await this.#coding?.catch(() => undefined);
    this.sender.abandon([...this.#gathered, ...(coded === undefined ? [] : [coded])], reason);
  }

  /** Waits for other files where too much is kept for them: after all of its own is delivered, so that two files never wait for each other. */
  async #letGo(): Promise<void> {
    this.#held = this.#held.filter(({ foreign }) => foreign.size > 0);
    if (this.#held.reduce((sum, prepared) => sum + heldForOthers(prepared), 0) < mixBytes) return;
    await this.#deliver();
    await this.#delivering;
    await Promise.allSettled(this.#held.flatMap(({ placements, foreign }) => placements.filter((_, i) => foreign.has(i))));
  }

  /** One delivery at a time. */
  async #deliver(): Promise<void> {
    await this.#delivering;
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#delivering = this.sender.deliver(gathered, this.file);
    this.#delivering.catch(() => undefined);
  }
}
