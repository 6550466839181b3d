/**
 * Forms: a submit that waits, errors beside their fields, a strength hint for passwords. Forms send nothing by themselves
 * (method=dialog), and password fields have no name.
 */
import { DiceError } from '../../../client-sdk/browser/page.js';
import { byId, maybeById, show } from './dom.js';
import { messageOf } from './messages.js';

/** A mistake in one field. */
export class FieldError extends Error {
  override readonly name = 'FieldError';

  constructor(
    readonly field: string,
    message: string,
  ) {
    super(message);
  }
}

/** The form's parts: `button` waits, `error` tells what concerns no single field. */
export interface FormParts {
  readonly form: string;
  readonly button: string;
  readonly error: string;
  /** Fields that codes of the SDK belong to. */
  readonly fields?: Readonly<Partial<Record<DiceError['code'], string>>>;
}

/** Runs `submit` once per press; shows what it throws. */
export function onSubmit(parts: FormParts, submit: () => Promise<void>): void {
  const form = byId(parts.form, HTMLFormElement);
  const press = byId(parts.button, HTMLButtonElement);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    if (press.disabled) return;
    clearErrors(form, parts);
    setBusy(press, true);
    submit()
      .catch((thrown: unknown) => { showFailure(parts, thrown); })
      .finally(() => { setBusy(press, false); });
  });
}

/** A waiting button says so. */
export function setBusy(press: HTMLButtonElement, isBusy: boolean): void {
  press.disabled = isBusy;
  press.setAttribute('aria-busy', String(isBusy));
}

/** The field's text, trimmed. Throws FieldError where it is empty. */
export function required(id: string, what: string): string {
  const value = byId(id, HTMLInputElement).value.trim();
  if (value === '') throw new FieldError(id, `Enter ${what}.`);
  return value;
}

/** A password as typed; spaces count. Throws FieldError where it is empty. */
export function passwordOf(id: string, what = 'the password'): string {
  const { value } = byId(id, HTMLInputElement);
  if (value === '') throw new FieldError(id, `Enter ${what}.`);
  return value;
}

/** A new password typed twice. Throws FieldError where the two differ. */
export function newPassword(): string {
  const password = passwordOf('password', 'a password');
  if (byId('again', HTMLInputElement).value !== password) throw new FieldError('again', 'The two passwords differ.');
  return password;
}

/** An optional e-mail address. Throws FieldError where it has no such form. */
export function emailOf(id: string): string | undefined {
  const value = byId(id, HTMLInputElement).value.trim();
  if (value === '') return undefined;
  if (!/^[^\s@]+@[^\s@]+$/.test(value) || value.length > 254) throw new FieldError(id, 'This is not an e-mail address.');
  return value;
}

/** A whole number in its bounds. Throws FieldError. */
export function numberOf(id: string): number {
  const input = byId(id, HTMLInputElement);
  const value = Number(input.value);
  const [min, max] = [Number(input.min), Number(input.max)];
  if (!Number.isInteger(value) || value < min || value > max) throw new FieldError(id, `Enter a number from ${String(min)} to ${String(max)}.`);
  return value;
}

/** Shows how strong the password in #password looks. A hint alone: the SDK has the last word. */
export function watchStrength(): void {
  const meter = byId('strength', HTMLMeterElement);
  const input = byId('password', HTMLInputElement);
  const hint = byId('password-hint', HTMLElement);
  const first = hint.textContent;
  input.addEventListener('input', () => {
    const level = strength(input.value);
    meter.value = level;
    hint.textContent = input.value === '' ? first : (strengthWords[level] ?? first);
  });
}

const strengthWords = ['Very easy to guess.', 'Easy to guess.', 'Fair. Longer is better.', 'Good.', 'Very good.'];

/** 0 to 4 by length, variety and repetition. */
function strength(password: string): number {
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/].filter((kind) => kind.test(password)).length;
  const distinct = new Set(password).size;
  const score = Math.min(password.length, distinct * 2) + 2 * (kinds - 1);
  return [10, 14, 18, 24].filter((floor) => password.length >= 10 && score >= floor).length;
}

function clearErrors(form: HTMLFormElement, parts: FormParts): void {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  for (const place of form.querySelectorAll('.error')) place.textContent = '';
  show(byId(parts.error, HTMLElement), false);
}

function showFailure(parts: FormParts, thrown: unknown): void {
  const field = fieldOf(parts, thrown);
  const input = field === undefined ? undefined : maybeById(field, HTMLElement);
  const place = field === undefined ? undefined : maybeById(`${field}-error`, HTMLElement);
  if (input === undefined || place === undefined) {
    const general = byId(parts.error, HTMLElement);
    general.textContent = messageOf(thrown);
    show(general, true);
    return;
  }
  place.textContent = thrown instanceof FieldError ? thrown.message : messageOf(thrown);
  input.setAttribute('aria-invalid', 'true');
  input.focus();
}

function fieldOf(parts: FormParts, thrown: unknown): string | undefined {
  if (thrown instanceof FieldError) return thrown.field;
  return thrown instanceof DiceError ? parts.fields?.[thrown.code] : undefined;
}
