/**
 * The contents of a stored image for a join: reads ahead in windows whose size follows the blocks, and fetches the
 * next while the present one is used. SPEC.md section 12.
 */
import type { ContentRef } from './core/block-list.js';
import type { ContentReader } from './core/image/splitter.js';
import { firstWindowBlocks, nextWindowBlocks } from './core/plan.js';
import { type BlockFetcher, type BlockOutcome, contentOf } from './block-fetcher.js';
import { DiceError, fault, ofContent } from './core/errors.js';
import { hexOf } from './protocol/bytes.js';
import type { ContentSource } from './tasks.js';

/** Contents from `start` on, `count` of them. */
interface Window {
  readonly start: number;
  readonly count: number;
  readonly outcomes: ReadonlyMap<string, BlockOutcome>;
}

/** Told of every outcome once, with the indices that it concerns at least in part. */
export type OnOutcome = (outcome: BlockOutcome, index: number) => void;

/** Reads contents by index, cheapest in ascending order. */
export class ContentWindow implements ContentReader, ContentSource {
  readonly count: number;
  #current: Window | undefined;
  #ahead: { readonly start: number; readonly window: Promise<Window> } | undefined;
  #taking: Promise<unknown> | undefined;
  #size = firstWindowBlocks;

  constructor(
    private readonly fetcher: Pick<BlockFetcher, 'fetch'>,
    private readonly refs: readonly ContentRef[],
    private readonly onOutcome?: OnOutcome,
  ) {
    this.count = refs.length;
  }

  async get(index: number): Promise<Uint8Array> {
    const ref = this.refs[index];
    if (ref === undefined) throw fault('recipe-invalid', 'A content is missing.');
    if (ref.kind === 'inline') return contentOf(ref, new Map());
    const window = await this.#windowOf(index);
    return located(ref, index, window.outcomes.has(hexOf(ref.tag)) ? window.outcomes : await this.#fetch([ref], index));
  }

  /** The contents of one window from `index` on, up to one that is missing or bad: they are not kept here any more. */
  take(index: number): Promise<readonly Uint8Array[]> {
    const taking = this.#take(index);
    this.#taking = taking;
    return taking;
  }

  /** Waits for what is under way; its failure is nobody's any more. */
  async close(): Promise<void> {
    await Promise.allSettled([this.#taking, this.#ahead?.window]);
  }

  async #take(index: number): Promise<readonly Uint8Array[]> {
    if (this.refs[index] === undefined) throw fault('recipe-invalid', 'A content is missing.');
    const { start, count, outcomes } = await this.#windowOf(index);
    const taken: Uint8Array[] = [];
    const given = new Set<string>();
    for (const ref of this.refs.slice(index, start + count)) {
      const content = atHand(ref, outcomes);
      if (content === undefined) break;
      taken.push(content);
      if (ref.kind === 'block') given.add(hexOf(ref.tag));
    }
    if (taken.length === 0) return [await this.get(index)];
    const next = index + taken.length;
    this.#current = next === start + count ? undefined : { start: next, count: start + count - next, outcomes: new Map([...outcomes].filter(([tag]) => !given.has(tag))) };
    return taken;
  }

  async #windowOf(index: number): Promise<Window> {
    const current = this.#current;
    if (current !== undefined && index >= current.start && index < current.start + current.count) return current;
    const ahead = this.#ahead?.start === index ? this.#ahead.window : undefined;
    this.#ahead = undefined;
    this.#current = undefined;
    const window = await (ahead ?? this.#load(index));
    this.#current = window;
    this.#readAhead(window.start + window.count);
    return window;
  }

  #readAhead(start: number): void {
    if (start >= this.count) return;
    const window = this.#load(start);
    // It may fail before anybody asks for it.
    window.catch(() => undefined);
    this.#ahead = { start, window };
  }

  async #load(start: number): Promise<Window> {
    const refs = this.refs.slice(start, start + this.#size);
    const outcomes = await this.#fetch(refs, start);
    const bytes = [...outcomes.values()].reduce((sum, { content }) => sum + (content?.length ?? 0), 0);
    if (outcomes.size > 0) this.#size = nextWindowBlocks(outcomes.size, bytes);
    return { start, count: refs.length, outcomes };
  }

  async #fetch(refs: readonly ContentRef[], start: number): Promise<ReadonlyMap<string, BlockOutcome>> {
    const blocks = refs.flatMap((ref) => (ref.kind === 'block' ? [ref] : []));
    const outcomes = blocks.length === 0 ? new Map<string, BlockOutcome>() : await this.fetcher.fetch(blocks);
    for (const [i, ref] of refs.entries()) {
      const outcome = ref.kind === 'block' ? outcomes.get(hexOf(ref.tag)) : undefined;
      if (outcome !== undefined) this.onOutcome?.(outcome, start + i);
    }
    return outcomes;
  }
}

/** The content, where nothing is wrong with it. */
function atHand(ref: ContentRef, outcomes: ReadonlyMap<string, BlockOutcome>): Uint8Array | undefined {
  try {
    return contentOf(ref, outcomes);
  } catch (thrown) {
    if (thrown instanceof DiceError) return undefined;
    throw thrown;
  }
}

/** A failure names the content, so that a person can be shown where it lies. */
function located(ref: ContentRef, index: number, outcomes: ReadonlyMap<string, BlockOutcome>): Uint8Array {
  try {
    return contentOf(ref, outcomes);
  } catch (thrown) {
    throw thrown instanceof DiceError ? ofContent(thrown, index) : thrown;
  }
}
