/**
 * The panel of an upload as it looks: headline, bar, sentences, filters, rows, which buttons there are. Draws the queue a few times a second
 * at most, and speaks to a screen reader now and then. It decides nothing.
 */
import { byId, el, show } from './dom.js';
import { count, things } from './format.js';
import type { QueueFilter, UploadItem, UploadQueue } from './upload-queue.js';
import { UploadRate, workOf, type Amount } from './upload-rate.js';
import { UploadRows, type RowActs } from './upload-rows.js';
import type { RunState } from './upload-runner.js';
import { failureOf, headline, outcomeOf, phasesOf, progressOf, reasonOf } from './upload-wording.js';

const drawMs = 400;
const speakMs = 15_000;
const filters: readonly (readonly [QueueFilter, string, (queue: UploadQueue) => number])[] = [
  ['all', 'All', (queue) => queue.totals.files],
  ['under-way', 'Under way', (queue) => queue.totals.underWay],
  ['failed', 'Failed', (queue) => queue.totals.failed],
];

/** What is drawn. */
export interface Drawn {
  readonly queue: UploadQueue;
  readonly state: () => RunState;
  /** Files are being looked through, and the list is about to grow. */
  readonly isGathering: () => boolean;
}

/** The panel of one page. */
export class UploadView {
  readonly #drawn: Drawn;
  readonly #rows: UploadRows;
  readonly #rate = new UploadRate();
  #filter: QueueFilter = 'all';
  #drawnAt = 0;
  #spokenAt = 0;
  #isDue = false;
  #shownHeadline = '';

  constructor(drawn: Drawn, acts: RowActs) {
    this.#drawn = drawn;
    this.#rows = new UploadRows({ scroller: byId('queue-scroller', HTMLElement), list: byId('queue-list', HTMLElement) }, acts);
    for (const [filter] of filters) {
      byId(`show-${filter}`, HTMLButtonElement).addEventListener('click', () => {
        this.#filter = filter;
        byId('queue-scroller', HTMLElement).scrollTop = 0;
        this.now();
      });
    }
    const collapse = byId('collapse', HTMLButtonElement);
    collapse.addEventListener('click', () => { this.#setOpen(!this.isOpen); });
    addEventListener('resize', () => { this.soon(); });
  }

  get isOpen(): boolean {
    return byId('collapse', HTMLButtonElement).getAttribute('aria-expanded') === 'true';
  }

  /** Draws within half a second. */
  soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setTimeout(() => {
      requestAnimationFrame(() => { if (this.#isDue) this.now(); });
    }, Math.max(0, this.#drawnAt + drawMs - performance.now()));
  }

  /** Draws at once. */
  now(): void {
    this.#isDue = false;
    this.#drawnAt = performance.now();
    const { queue } = this.#drawn;
    const state = this.#drawn.state();
    const focused = document.activeElement;
    show(byId('queue', HTMLElement), queue.totals.files > 0 || this.#drawn.isGathering() || state.isCancelled);
    this.#drawHead(state);
    this.#drawButtons(state);
    if (this.isOpen) this.#drawBody();
    // A button that went away must not take the keyboard with it.
    if (focused !== null && focused !== document.body && focused.closest('[hidden]') !== null) byId('queue-title', HTMLElement).focus();
    this.#speak();
  }

  #drawHead(state: RunState): void {
    const { queue } = this.#drawn;
    const { totals } = queue;
    const isGathering = this.#drawn.isGathering() && state.phase === 'rest';
    setText('queue-title', isGathering ? 'Gathering files' : headline(state, totals));
    byId('queue', HTMLElement).classList.toggle('is-stuck', state.phase === 'away' || state.phase === 'signed-out' || state.phase === 'stopped');
    const done = { bytes: queue.movedBytes, files: totals.files - totals.waiting - totals.underWay };
    byId('overall', HTMLProgressElement).value = isGathering ? 0 : state.phase === 'rest' ? 1 : Math.min(1, workOf(done) / workOf(totals));
    setText('overall-text', isGathering ? '' : state.phase === 'rest' ? outcomeOf(totals) : this.#progress(state, done));
    setText('phases', reasonOf(state, Date.now()) ?? phasesOf(queue.underWay));
    if (state.phase === 'away') this.soon();
  }

  #progress(state: RunState, done: Amount): string {
    const { totals } = this.#drawn.queue;
    const isMoving = state.phase === 'running';
    if (isMoving) this.#rate.note(performance.now(), done);
    else this.#rate.clear();
    const left = { bytes: Math.max(0, totals.bytes - done.bytes), files: totals.files - done.files };
    return progressOf(totals, {
      movedBytes: done.bytes,
      bytesPerSecond: isMoving ? this.#rate.bytesPerSecond() : undefined,
      secondsLeft: isMoving ? this.#rate.secondsFor(left) : undefined,
    });
  }

  #drawButtons({ phase }: RunState): void {
    const { totals } = this.#drawn.queue;
    const pause = byId('pause', HTMLButtonElement);
    const mayGoOn = phase === 'paused' || phase === 'pausing' || phase === 'stopped';
    setText('pause', mayGoOn ? 'Go on' : 'Pause');
    show(pause, mayGoOn || phase === 'running');
    show(byId('try-now', HTMLElement), phase === 'away');
    show(byId('log-in', HTMLElement), phase === 'signed-out');
    show(byId('retry-all', HTMLElement), totals.failed > 0);
    show(byId('cancel', HTMLElement), phase !== 'rest');
    show(byId('dismiss', HTMLElement), phase === 'rest' && !this.#drawn.isGathering());
  }

  #drawBody(): void {
    const { queue } = this.#drawn;
    for (const [filter, name, counted] of filters) {
      const button = byId(`show-${filter}`, HTMLButtonElement);
      setText(button.id, `${name} ${count(counted(queue))}`);
      button.setAttribute('aria-pressed', String(filter === this.#filter));
    }
    drawFailures(queue.items('failed'));
    const items = queue.items(this.#filter);
    show(byId('nothing-shown', HTMLElement), items.length === 0);
    this.#rows.draw(items, queue.underWay[0]?.key);
  }

  #setOpen(isOpen: boolean): void {
    byId('collapse', HTMLButtonElement).setAttribute('aria-expanded', String(isOpen));
    show(byId('queue-body', HTMLElement), isOpen);
    byId('queue', HTMLElement).dispatchEvent(new Event('toggle'));
    this.now();
  }

  /** A change of the headline at once, progress now and then. */
  #speak(): void {
    const title = byId('queue-title', HTMLElement).textContent;
    const now = performance.now();
    if (title === this.#shownHeadline && now - this.#spokenAt < speakMs) return;
    this.#shownHeadline = title;
    this.#spokenAt = now;
    setText('queue-spoken', `${title}. ${byId('overall-text', HTMLElement).textContent}`);
  }
}

/** One line for each reason, with what can be done about it. */
function drawFailures(failed: readonly UploadItem[]): void {
  const byReason = new Map<string, { files: number; readonly advice: string }>();
  for (const item of failed) {
    const { reason, advice } = failureOf(item);
    const group = byReason.get(reason) ?? { files: 0, advice };
    group.files++;
    byReason.set(reason, group);
  }
  const lines = [...byReason].map(([reason, { files, advice }]) => `${things(files, 'file')} failed. ${reason} ${advice}`);
  const place = byId('failures', HTMLUListElement);
  if ([...place.children].map(({ textContent }) => textContent).join('\n') === lines.join('\n')) return;
  place.replaceChildren(...lines.map((line) => el('li', {}, line)));
}

function setText(id: string, text: string): void {
  const element = byId(id, HTMLElement);
  if (element.textContent !== text) element.textContent = text;
}
