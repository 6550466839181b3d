/**
 * The whole file of an image, fetched, opened and checked once for whatever needs it: saving it, showing it. A failure names the block
 * that is to blame, in the words of the check.
 */
import { DiceError } from '../../../client-sdk/browser/page.js';
import type { BlockMap } from './block-map.js';
import { failureSentence } from './block-words.js';
import { byId, show } from './dom.js';
import { setBusy } from './form.js';
import { attempt, type AppPage } from './shell.js';

/** One file; the browser may keep its bytes on its disk. */
export class WholeFile {
  #blob: Promise<Blob> | undefined;

  constructor(
    private readonly page: AppPage,
    private readonly imageId: string,
    private readonly map: BlockMap,
  ) {}

  /** Runs `step` with the file while the button waits. Failures are shown on the page. */
  use(press: HTMLButtonElement, step: (blob: Blob) => Promise<void>): void {
    const phase = byId('phase', HTMLElement);
    attempt(async () => {
      setBusy(press, true);
      show(byId('page-error', HTMLElement), false);
      phase.textContent = 'Fetching, opening and checking every block…';
      try {
        const blob = await this.#get();
        phase.textContent = '';
        await step(blob);
      } catch (thrown) {
        const sentence = this.#sentenceOf(thrown);
        if (sentence === undefined) throw thrown;
        showSentence(sentence);
      } finally {
        if (phase.textContent.startsWith('Fetching')) phase.textContent = '';
        setBusy(press, false);
      }
    });
  }

  async #get(): Promise<Blob> {
    this.#blob ??= this.page.client.call('download', this.imageId);
    try {
      return await this.#blob;
    } catch (thrown) {
      this.#blob = undefined;
      throw thrown;
    }
  }

  /** Says which block, where the failure knows it; the map shows it. */
  #sentenceOf(thrown: unknown): string | undefined {
    if (!(thrown instanceof DiceError) || thrown.code !== 'integrity-failed') return undefined;
    const { contentIndex, step } = thrown.extra;
    const tag = contentIndex === undefined ? undefined : this.map.blocks[contentIndex]?.block?.tag;
    if (contentIndex === undefined || tag === undefined) return undefined;
    this.map.setOutcome(tag, 'bad');
    return `${failureSentence(this.map, contentIndex, step)} Nothing was saved.`;
  }
}

function showSentence(sentence: string): void {
  const place = byId('page-error', HTMLElement);
  place.textContent = sentence;
  show(place, true);
}
