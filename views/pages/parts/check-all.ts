/**
 * The check of every block of an image: outcomes appear on the map as they come, it can be cancelled, and at the end each failed block
 * is named in words with a button that leads to it.
 */
import { DiceError } from '../../../client-sdk/browser/page.js';
import type { PlainCheck, PlainFileCheck } from '../../../client-sdk/browser/page-calls.js';
import type { BlockMap } from './block-map.js';
import type { BlockPanel } from './block-panel.js';
import { failedStep, failureSentence, outcomeOf } from './block-words.js';
import { button, byId, el, show } from './dom.js';
import { count, things } from './format.js';
import { attempt, type AppPage } from './shell.js';

/** Failures that are named one by one; the table has all of them. */
const maxNamed = 20;

/** What is checked, and where it is told. */
export interface CheckAllPlan {
  readonly page: AppPage;
  readonly imageId: string;
  readonly map: BlockMap;
  readonly panel: BlockPanel;
}

/** Makes the button work. */
export function offerCheckAll(plan: CheckAllPlan): void {
  const press = byId('check-all', HTMLButtonElement);
  let controller: AbortController | undefined;
  press.disabled = false;
  press.addEventListener('click', () => {
    if (controller !== undefined) {
      controller.abort();
      return;
    }
    const { signal } = (controller = new AbortController());
    press.textContent = 'Cancel the check';
    attempt(async () => {
      try {
        await new CheckRun(plan).run(signal);
      } finally {
        controller = undefined;
        press.textContent = 'Check all blocks';
      }
    });
  });
}

/** One run. */
class CheckRun {
  readonly #plan: CheckAllPlan;
  readonly #total: number;
  readonly #failures: HTMLElement[] = [];
  #checked = 0;
  #failed = 0;

  constructor(plan: CheckAllPlan) {
    this.#plan = plan;
    this.#total = new Set(plan.map.blocks.flatMap(({ block }) => (block === undefined ? [] : [block.tag]))).size;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { page, imageId, panel } = this.#plan;
    panel.forget();
    byId('check-failures', HTMLUListElement).replaceChildren();
    const bar = byId('check-progress', HTMLProgressElement);
    bar.value = 0;
    show(bar, true);
    tell('', 'Checking…');
    try {
      await page.client.stream({ name: 'verify', argument: imageId }, (checks) => {
        for (const check of checks) this.#take(check);
        bar.value = this.#total === 0 ? 1 : Math.min(1, this.#checked / this.#total);
      }, signal);
    } catch (thrown) {
      if (!(thrown instanceof DiceError && thrown.code === 'cancelled')) {
        tell('', '');
        throw thrown;
      }
      tell('', `Cancelled after ${count(this.#checked)} of ${things(this.#total, 'block')}: ${this.#failed === 0 ? 'none of them failed' : `${things(this.#failed, 'block')} failed`}.`);
    } finally {
      show(bar, false);
    }
  }

  #take(check: PlainCheck): void {
    if (check.kind === 'file') {
      this.#end(check);
      return;
    }
    this.#checked++;
    this.#plan.panel.note(check);
    if (outcomeOf(check) !== 'bad') return;
    this.#failed++;
    const { map, panel } = this.#plan;
    const block = map.blocks.findIndex((other) => other.block?.tag === check.tag);
    if (this.#failures.length >= maxNamed || block < 0) return;
    const sentence = failureSentence(map, block, failedStep(check));
    this.#failures.push(el('li', {}, el('span', {}, sentence), button('Show it', () => {
      panel.choose(block);
      byId('blocks', HTMLElement).focus();
    }, 'slim')));
    byId('check-failures', HTMLUListElement).replaceChildren(...this.#failures);
  }

  #end(check: PlainFileCheck): void {
    if (check.failedBlocks === 0 && check.isFileHashRight) {
      tell('note is-good', check.blocks === 0 ? 'The file is bit for bit what was stored.' : `All ${things(check.blocks, 'block')} are right, and the file is bit for bit what was stored.`);
      return;
    }
    const rest = check.blocks - check.failedBlocks;
    const file = check.isFileHashRight ? 'The file is whole all the same.' : 'The file cannot be given back as it was stored.';
    const why = check.failedBlocks === 0 ? ` ${check.error?.message ?? ''}` : '';
    tell('note is-bad', `${things(check.failedBlocks, 'block')} failed, ${things(rest, 'other')} ${rest === 1 ? 'is' : 'are'} right. ${file}${why}`);
  }
}

function tell(className: string, text: string): void {
  const place = byId('check-outcome', HTMLElement);
  place.className = className;
  place.textContent = text;
}
