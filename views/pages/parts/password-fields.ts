/**
 * What helps at password fields: show and hide, a word when Caps Lock is on, and how strong a new one is by the SDK's own rule.
 * Nothing here reads a password but to judge it.
 */
import { passwordFlaw } from '../../../client-sdk/browser/page.js';
import { byId, el, show } from './dom.js';

const strengthWords = ['Too easy to guess.', 'Too easy to guess.', 'Accepted. Longer is better.', 'Good.', 'Very good.'];

/** Gives every password field of the page its button and its hint. */
export function helpPasswordFields(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[type="password"]')) helpField(input);
}

/** Shows how strong the password in #password is for this user name. Two and more of four: the SDK takes it. */
export function watchStrength(username: () => string): void {
  const meter = byId('strength', HTMLMeterElement);
  const input = byId('password', HTMLInputElement);
  const hint = byId('password-hint', HTMLElement);
  const first = hint.textContent;
  const judge = (): void => {
    const flaw = input.value === '' ? undefined : passwordFlaw(input.value, username());
    const level = input.value === '' ? 0 : strength(input.value, flaw);
    const text = strengthWords[level] ?? '';
    meter.value = level;
    meter.textContent = text;
    hint.textContent = input.value === '' ? first : (flaw ?? text);
  };
  input.addEventListener('input', judge);
}

/** 1 where the SDK refuses it, else 2 to 4 by length and variety. */
function strength(password: string, flaw: string | undefined): number {
  if (flaw !== undefined) return 1;
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  const score = Math.min(password.length, new Set(password).size * 2) + 2 * (kinds - 1);
  return 2 + [16, 22].filter((floor) => score >= floor).length;
}

function helpField(input: HTMLInputElement): void {
  const toggle = el('button', { type: 'button', class: 'reveal', 'aria-pressed': 'false', 'aria-controls': input.id, 'aria-label': nameOf(input) }, 'Show');
  toggle.addEventListener('click', () => { reveal(input, toggle, input.type === 'password'); });
  const frame = el('div', { class: 'secret' });
  input.replaceWith(frame);
  frame.append(input, toggle);
  input.form?.addEventListener('submit', () => { reveal(input, toggle, false); });
  watchCapsLock(input, frame);
}

function nameOf(input: HTMLInputElement): string {
  return `Show: ${input.labels?.[0]?.textContent ?? 'password'}`;
}

function reveal(input: HTMLInputElement, toggle: HTMLButtonElement, isShown: boolean): void {
  input.type = isShown ? 'text' : 'password';
  toggle.setAttribute('aria-pressed', String(isShown));
  toggle.textContent = isShown ? 'Hide' : 'Show';
}

function watchCapsLock(input: HTMLInputElement, frame: HTMLElement): void {
  const word = el('p', { class: 'hint', role: 'status', hidden: true }, 'Caps Lock is on.');
  frame.after(word);
  const look = (event: KeyboardEvent): void => { show(word, event.getModifierState('CapsLock')); };
  input.addEventListener('keydown', look);
  input.addEventListener('keyup', look);
  input.addEventListener('blur', () => { show(word, false); });
}
