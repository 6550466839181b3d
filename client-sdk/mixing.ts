/**
 * Blocks of one file on their way to the server: what chunks were coded to waits until there is much of it, and then travels in one
 * order that nobody can foresee, so that the order in which a server files blocks tells little of where they lie. SPEC.md section 12.
 */
import type { BlockSender, Prepared, SendingFile } from './block-sender.js';
import { mixBlocks, mixBytes } from './core/plan.js';
import type { SplitContent } from './tasks.js';

/** For each chunk `gather`, then `begin`; `end` at last, or `abandon` where anything failed. It waits for no other file. */
export class Mixing {
  #gathered: Prepared[] = [];
  #coding: Promise<Prepared> | undefined;
  #delivering: Promise<void> = Promise.resolve();

  constructor(
    private readonly sender: BlockSender,
    private readonly file: SendingFile,
  ) {}

  /** Waits until the chunk before is coded, and sets out to deliver what there is, if it is much. */
  async gather(): Promise<void> {
    if (this.#coding === undefined) return;
    this.#gathered.push(await this.#coding);
    this.#coding = undefined;
    const sumOf = (countOf: (prepared: Prepared) => number): number => this.#gathered.reduce((sum, prepared) => sum + countOf(prepared), 0);
    if (sumOf(({ bytes }) => bytes) >= mixBytes || sumOf(({ blocks }) => blocks) >= mixBlocks) await this.#deliver();
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

  /** One delivery at a time. */
  async #deliver(): Promise<void> {
    await this.#delivering;
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#delivering = this.sender.deliver(gathered, this.file);
    this.#delivering.catch(() => undefined);
  }
}
