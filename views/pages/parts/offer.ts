/**
 * A passing message with something that can be done about it: it stays while it is pointed at or has the focus, and Ctrl+Z does what
 * it offers where that is an undoing. Also a message that tells the progress of something, until it ends.
 */
import { byId, el, iconButton } from './dom.js';

/** At least ten seconds, as WCAG asks of what goes away by itself. */
const stayMs = 12_000;

/** What is offered. */
export interface Offer {
  readonly text: string;
  readonly action: string;
  readonly run: () => void;
  /** Ctrl+Z (Cmd+Z) means it too. */
  readonly isUndo?: boolean;
}

/** Shows the offer until it is taken, closed, or has been there long enough. */
export function offer({ text, action, run, isUndo }: Offer): void {
  const ending = new AbortController();
  const press = el('button', { type: 'button', class: 'slim' }, action);
  const element = el('div', { class: 'toast' }, el('span', {}, text), press);
  const end = (): void => {
    ending.abort();
    element.remove();
  };
  const take = (): void => {
    end();
    run();
  };
  element.append(iconButton('close', 'Close', end));
  press.addEventListener('click', take);
  if (isUndo === true) document.addEventListener('keydown', (event) => { if (isUndoing(event)) { event.preventDefault(); take(); } }, { signal: ending.signal });
  byId('toasts', HTMLElement).append(element);
  stay(element, end);
}

/** A message that changes until `end` is called. */
export function telling(text: string, cancel?: { readonly text: string; readonly run: () => void }): { readonly say: (text: string) => void; readonly end: () => void } {
  // What changes many times a second is not read out each time.
  const said = el('span', { 'aria-live': 'off' }, text);
  const element = el('div', { class: 'toast' }, said);
  if (cancel !== undefined) {
    const press = el('button', { type: 'button', class: 'slim' }, cancel.text);
    press.addEventListener('click', cancel.run);
    element.append(press);
  }
  byId('toasts', HTMLElement).append(element);
  return { say: (next) => { said.textContent = next; }, end: () => { element.remove(); } };
}

/** Ends it after a while in which nobody points at it and it has no focus. */
function stay(element: HTMLElement, end: () => void): void {
  let left = stayMs;
  let since = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const hold = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    timer = undefined;
    left = Math.max(1_000, left - (performance.now() - since));
  };
  const go = (): void => {
    if (timer !== undefined || element.matches(':hover') || element.contains(document.activeElement)) return;
    since = performance.now();
    timer = setTimeout(end, left);
  };
  element.addEventListener('pointerenter', hold);
  element.addEventListener('focusin', hold);
  element.addEventListener('pointerleave', go);
  element.addEventListener('focusout', () => { setTimeout(go); });
  go();
}

/** Fields have an undoing of their own. */
function isUndoing(event: KeyboardEvent): boolean {
  const isField = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox' || event.target instanceof HTMLTextAreaElement;
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'z' && !isField;
}
