/**
 * The recovery words: shown once, then some of them asked for, before the first upload. Used after registration and for new
 * words. That they were not yet confirmed is remembered in this browser alone (a gate of the page, not of the server).
 */
import { byId, el, show } from './dom.js';
import { FieldError, FieldErrors, onSubmit } from './form.js';
import { toast } from './shell.js';

const asked = 4;

/** Notes that the account's words were shown and not yet entered again. */
export function markUnconfirmed(accountId: string): void {
  localStorage.setItem(keyOf(accountId), 'yes');
}

/** The words of this account were shown in this browser and never entered again. */
export function isUnconfirmed(accountId: string): boolean {
  return localStorage.getItem(keyOf(accountId)) !== null;
}

/** Shows the words and asks for some of them; `onConfirmed` runs once they were right. */
export function keepWords(recoveryWords: string, accountId: string, onConfirmed: () => Promise<void>): void {
  const words = recoveryWords.split(' ');
  byId('words', HTMLOListElement).replaceChildren(...words.map((word, i) => el('li', {}, el('span', { 'aria-hidden': 'true' }, String(i + 1)), word)));
  const shown = byId('words-step', HTMLElement);
  const confirm = byId('confirm-step', HTMLElement);
  const turn = (isConfirm: boolean): void => {
    show(shown, !isConfirm);
    show(confirm, isConfirm);
    (isConfirm ? confirm : shown).focus();
  };
  const positions = somePositions(words.length);
  byId('asked', HTMLElement).replaceChildren(...positions.map(askedField));
  byId('words-print', HTMLButtonElement).onclick = () => { print(); };
  byId('words-copy', HTMLButtonElement).onclick = () => { copy(recoveryWords); };
  byId('words-kept', HTMLButtonElement).onclick = () => { turn(true); };
  byId('words-again', HTMLButtonElement).onclick = () => { turn(false); };
  onSubmit({ form: 'confirm-form', button: 'confirm-submit', error: 'confirm-error' }, async () => {
    checkWords(words, positions);
    markConfirmed(accountId);
    byId('words', HTMLOListElement).replaceChildren();
    await onConfirmed();
  });
  turn(false);
}

/** Nothing is left to confirm for this account. */
export function markConfirmed(accountId: string): void {
  localStorage.removeItem(keyOf(accountId));
}

/** The recovery words typed into a field. Throws FieldError where it is empty. */
export function phraseOf(id: string): string {
  const words = byId(id, HTMLTextAreaElement).value.trim().toLowerCase().split(/\s+/).join(' ');
  if (words === '') throw new FieldError(id, 'Enter your 24 recovery words.');
  return words;
}

function keyOf(accountId: string): string {
  return `dice.words-unconfirmed.${accountId}`;
}

function checkWords(words: readonly string[], positions: readonly number[]): void {
  const wrong = positions.filter((position) => byId(`word-${String(position)}`, HTMLInputElement).value.trim().toLowerCase() !== words[position]);
  if (wrong.length > 0) throw new FieldErrors(wrong.map((position) => new FieldError(`word-${String(position)}`, `This is not word ${String(position + 1)}.`)));
}

function askedField(position: number): HTMLElement {
  const id = `word-${String(position)}`;
  return el('div', { class: 'field' },
    el('label', { for: id }, `Word ${String(position + 1)}`),
    el('input', { id, autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', required: true, 'aria-describedby': `${id}-error` }),
    el('p', { class: 'error', id: `${id}-error` }));
}

/** Different positions, in order. */
function somePositions(length: number): readonly number[] {
  const left = Array.from({ length }, (_, i) => i);
  const chosen: number[] = [];
  while (chosen.length < asked && left.length > 0) {
    const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    chosen.push(...left.splice(random % left.length, 1));
  }
  return chosen.sort((a, b) => a - b);
}

/** Plain http gives a page no clipboard. */
function copy(text: string): void {
  if (!isSecureContext) {
    toast('This page came over plain http, where a browser gives no clipboard. Write the words down.');
    return;
  }
  navigator.clipboard.writeText(text).then(
    () => { toast('Copied. Do not leave them in the clipboard.'); },
    () => { toast('The browser did not let the page copy. Write the words down.'); },
  );
}
