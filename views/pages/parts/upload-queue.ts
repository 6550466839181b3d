/**
 * The list of an upload: one row for each file with its phase and progress, one line for all. It is told what happens and
 * draws it; it sends nothing. Rows beyond the first few hundred are counted, not drawn.
 */
import type { UploadEvent } from '../../../client-sdk/browser/page.js';
import type { PlainUploadedFile, UploadUpdate } from '../../../client-sdk/browser/page-calls.js';
import { byId, el, show } from './dom.js';
import { baseName, bytes, count, things } from './format.js';

const maxRows = 300;
const phaseNames: Readonly<Record<Extract<UploadEvent, { kind: 'phase' }>['phase'], string>> = {
  reading: 'Reading', splitting: 'Splitting', sealing: 'Encrypting', sending: 'Sending', committing: 'Storing',
};

interface QueueRow {
  readonly item: HTMLLIElement;
  readonly state: HTMLElement;
  readonly bar: HTMLProgressElement;
  readonly outcome: HTMLElement;
}

interface Totals {
  done: number;
  failed: number;
  known: number;
  logicalBytes: number;
  sentBytes: number;
  blocks: number;
  blocksSent: number;
}

/** One upload's list. */
export class UploadQueue {
  readonly #rows = new Map<string, QueueRow>();
  readonly #files: number;
  readonly #totals: Totals = { done: 0, failed: 0, known: 0, logicalBytes: 0, sentBytes: 0, blocks: 0, blocksSent: 0 };

  constructor(files: readonly { readonly name: string; readonly size: number }[]) {
    this.#files = files.length;
    const list = byId('queue-list', HTMLUListElement);
    list.replaceChildren();
    for (const { name, size } of files.slice(0, maxRows)) {
      const row = newRow(name, size);
      this.#rows.set(name, row);
      list.append(row.item);
    }
    if (files.length > maxRows) list.append(el('li', {}, `… and ${count(files.length - maxRows)} more`));
    byId('queue-title', HTMLElement).textContent = 'Uploading';
    show(byId('cancel', HTMLElement), true);
    show(byId('queue', HTMLElement), true);
    this.#drawTotals();
  }

  take(update: UploadUpdate): void {
    if (update.kind === 'done') this.#finish(update.file);
    else if (update.event.kind === 'phase') this.#advance(update.event);
  }

  /** Says how it ended. */
  end(isCancelled: boolean): void {
    const { failed } = this.#totals;
    byId('queue-title', HTMLElement).textContent = isCancelled ? 'Cancelled' : failed > 0 ? `Done, ${things(failed, 'file')} failed` : 'Done';
    show(byId('cancel', HTMLElement), false);
    byId('overall', HTMLProgressElement).value = 1;
    byId('overall-text', HTMLElement).textContent = this.#sentence();
  }

  #advance(event: Extract<UploadEvent, { kind: 'phase' }>): void {
    const row = this.#rows.get(event.file);
    if (row === undefined) return;
    row.state.textContent = `${phaseNames[event.phase]}…`;
    row.bar.value = event.totalBytes === 0 ? 1 : Math.min(1, event.bytes / event.totalBytes);
  }

  #finish(file: PlainUploadedFile): void {
    const totals = this.#totals;
    totals.done++;
    if (file.status === 'failed') totals.failed++;
    if (file.status === 'known') totals.known++;
    if (file.status !== 'failed') {
      totals.logicalBytes += file.logicalBytes;
      totals.sentBytes += file.sentBytes;
      totals.blocks += file.blocks;
      totals.blocksSent += file.blocksSent;
    }
    const row = this.#rows.get(file.name);
    if (row !== undefined) finishRow(row, file);
    this.#drawTotals();
  }

  #drawTotals(): void {
    byId('overall', HTMLProgressElement).value = this.#files === 0 ? 1 : this.#totals.done / this.#files;
    byId('overall-text', HTMLElement).textContent = `${count(this.#totals.done)} of ${things(this.#files, 'file')}`;
  }

  #sentence(): string {
    const { done, failed, known, blocks, blocksSent, sentBytes, logicalBytes } = this.#totals;
    if (done === failed) return 'Nothing was stored.';
    if (done - failed === known) return `${things(known, 'file')} ${known === 1 ? 'was' : 'were'} here already: nothing was sent.`;
    return savingSentence({ blocks, blocksSent, sentBytes, logicalBytes });
  }
}

/** `5 of 510 blocks were new: 41 kB sent instead of 1.2 MB.` */
export function savingSentence(sums: { readonly blocks: number; readonly blocksSent: number; readonly sentBytes: number; readonly logicalBytes: number }): string {
  const verb = sums.blocksSent === 1 ? 'was' : 'were';
  return `${count(sums.blocksSent)} of ${things(sums.blocks, 'block')} ${verb} new: ${bytes(sums.sentBytes)} sent instead of ${bytes(sums.logicalBytes)}.`;
}

function newRow(name: string, size: number): QueueRow {
  const state = el('span', { class: 'state' }, `Waiting · ${bytes(size)}`);
  const bar = el('progress', { max: 1, value: 0, 'aria-label': `Progress of ${baseName(name)}` });
  const outcome = el('span', { class: 'outcome' });
  return { item: el('li', {}, el('span', { class: 'name', title: name }, baseName(name)), state, bar, outcome), state, bar, outcome };
}

function finishRow(row: QueueRow, file: PlainUploadedFile): void {
  row.bar.remove();
  row.item.classList.add(file.status === 'failed' ? 'is-failed' : 'is-done');
  row.state.textContent = { stored: 'Stored', known: 'Here already', failed: 'Failed' }[file.status];
  if (file.status === 'failed') row.outcome.textContent = file.error?.message ?? '';
  if (file.status === 'stored') row.outcome.textContent = savingSentence(file);
}
