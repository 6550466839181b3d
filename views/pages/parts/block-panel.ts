/**
 * The panel of the chosen block: its facts, and its check alone, each step as it ends. One check runs at a time. The map marks what is
 * chosen; this only tells.
 */
import type { BlockStep } from '../../../client-sdk/browser/page.js';
import type { PlainBlockCheck } from '../../../client-sdk/browser/page-calls.js';
import { blockFacts, checkLines, runningLines } from './block-facts.js';
import type { BlockMap } from './block-map.js';
import { blockName, blockPlace, failedStep, failureSentence, outcomeOf, outcomeWords, stateWords } from './block-words.js';
import { byId, show } from './dom.js';
import { setBusy } from './form.js';
import { attempt, type AppPage } from './shell.js';

/** What the panel works on. */
export interface BlockPanelPlan {
  readonly page: AppPage;
  readonly imageId: string;
  readonly map: BlockMap;
  /** Runs when a block was checked. */
  readonly onOutcome: (tag: string) => void;
}

/** The panel, and all checks that were made so far. */
export class BlockPanel {
  readonly #plan: BlockPanelPlan;
  readonly #checks = new Map<string, PlainBlockCheck>();
  #running: { readonly tag: string; readonly done: Map<BlockStep['step'], boolean> } | undefined;

  constructor(plan: BlockPanelPlan) {
    this.#plan = plan;
    byId('check-one', HTMLButtonElement).addEventListener('click', () => { this.checkChosen(); });
  }

  /** Marks the block, brings it into view and tells of it, aloud too. */
  choose(block: number | undefined): void {
    const { map } = this.#plan;
    if (block === undefined || map.blocks[block] === undefined) return;
    map.choose(block);
    this.#show();
    const check = map.blocks[block].block === undefined ? '' : `, ${outcomeWords[map.outcomeOf(block)]}`;
    byId('block-live', HTMLElement).textContent = `${blockName(map, block)}, ${blockPlace(map, block)}: ${stateWords[map.stateOf(block)]}${check}.`;
  }

  /** Checks the chosen block, unless one is being checked. */
  checkChosen(): void {
    if (this.#running === undefined) attempt(() => this.#checkChosen());
  }

  /** Takes the check of a block, of whatever run. */
  note(check: PlainBlockCheck): void {
    const { map, onOutcome } = this.#plan;
    this.#checks.set(check.tag, check);
    const blocks = map.setOutcome(check.tag, outcomeOf(check));
    if (map.chosen !== undefined && blocks.includes(map.chosen)) this.#show();
    onOutcome(check.tag);
  }

  /** The outcomes of earlier checks count no more. */
  forget(): void {
    this.#checks.clear();
    this.#plan.map.clearOutcomes();
    this.#show();
  }

  #show(): void {
    const { map } = this.#plan;
    const content = map.chosen === undefined ? undefined : map.blocks[map.chosen];
    if (map.chosen === undefined || content === undefined) return;
    const check = content.block === undefined ? undefined : this.#checks.get(content.block.tag);
    show(byId('block-hint', HTMLElement), false);
    show(byId('block', HTMLElement), true);
    byId('block-title', HTMLElement).textContent = blockName(map, map.chosen);
    byId('block-facts', HTMLElement).replaceChildren(...blockFacts(content, { state: map.stateOf(map.chosen), place: blockPlace(map, map.chosen), check }));
    const isRunning = this.#running !== undefined && this.#running.tag === content.block?.tag;
    byId('block-checks', HTMLUListElement).replaceChildren(...(isRunning && this.#running !== undefined ? runningLines(this.#running.done) : checkLines(content, check)));
    show(byId('check-one', HTMLElement), content.block !== undefined);
  }

  async #checkChosen(): Promise<void> {
    const { map, page, imageId } = this.#plan;
    const { chosen } = map;
    const tag = chosen === undefined ? undefined : map.blocks[chosen]?.block?.tag;
    if (chosen === undefined || tag === undefined) return;
    const press = byId('check-one', HTMLButtonElement);
    this.#running = { tag, done: new Map() };
    setBusy(press, true);
    this.#show();
    try {
      await page.client.stream({ name: 'checkBlock', argument: { id: imageId, tag } }, (told) => { for (const one of told) this.#take(one, chosen); });
    } finally {
      this.#running = undefined;
      setBusy(press, false);
      this.#show();
    }
  }

  #take(told: BlockStep | PlainBlockCheck, block: number): void {
    if (told.kind === 'step') {
      this.#running?.done.set(told.step, told.isRight);
      this.#show();
      return;
    }
    this.#running = undefined;
    this.note(told);
    const { map } = this.#plan;
    byId('block-live', HTMLElement).textContent = outcomeOf(told) === 'good' ? `${blockName(map, block)} is right.` : failureSentence(map, block, failedStep(told));
  }
}
