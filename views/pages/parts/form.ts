/**
 * Forms: a submit that waits, errors beside their fields, the first bad one in focus. Forms send nothing by themselves
 * (method=dialog), and password fields have no name.
 */
import { DiceError, passwordFlaw } from '../../../client-sdk/browser/page.js';
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

/** Mistakes in several fields, in the order of the form. */
export class FieldErrors extends Error {
  override readonly name = 'FieldErrors';

  constructor(readonly errors: readonly FieldError[]) {
    super(errors.map((error) => error.message).join(' '));
  }
}

/** Reads all fields, so that every mistake is told at once. Throws FieldErrors. */
export function readAll<T extends object>(readers: { readonly [Name in keyof T]: () => T[Name] }): T {
  const errors: FieldError[] = [];
  // Every name of `readers` is one of T, and those that failed are thrown below.
  const values: Partial<T> = {};
  for (const name of Object.keys(readers) as (keyof T)[]) {
    try {
      values[name] = readers[name]();
    } catch (thrown) {
      if (!(thrown instanceof FieldError)) throw thrown;
      errors.push(thrown);
    }
  }
  if (errors.length > 0) throw new FieldErrors(errors);
  // No reader failed: nothing is missing.
  return values as T;
}

/** The form's parts: `button` waits, `error` tells what concerns no single field. */
export interface FormParts {
  readonly form: string;
  readonly button: string;
  readonly error: string;
  /** Fields that codes of the SDK belong to. */
  readonly fields?: Readonly<Partial<Record<DiceError['code'], string>>>;
  /** What codes mean in this form, where the general sentence would mislead. */
  readonly sentences?: Readonly<Partial<Record<DiceError['code'], string>>>;
}

/** Runs `submit` once per press; shows what it throws. */
export function onSubmit(parts: FormParts, submit: () => Promise<void>): void {
  const form = byId(parts.form, HTMLFormElement);
  const press = byId(parts.button, HTMLButtonElement);
  form.addEventListener('input', (event) => { clearError(event.target); });
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

/** The code of a second factor, where the page asks for one. Throws FieldError where it is empty. */
export function codeOf(id: string): string | undefined {
  return byId(`${id}-field`, HTMLElement).hidden ? undefined : required(id, 'the code');
}

/** A password as typed; spaces count. Throws FieldError where it is empty. */
export function passwordOf(id: string, what = 'the password'): string {
  const { value } = byId(id, HTMLInputElement);
  if (value === '') throw new FieldError(id, `Enter ${what}.`);
  return value;
}

/** A new password. Throws FieldError where the SDK would refuse it for this user name. */
export function newPassword(username: string): string {
  const password = passwordOf('password', 'a password');
  const flaw = passwordFlaw(password, username);
  if (flaw !== undefined) throw new FieldError('password', flaw);
  return password;
}

/** The new password again. Throws FieldError where the two differ. */
export function sameAgain(): string {
  const again = byId('again', HTMLInputElement).value;
  if (again === '') throw new FieldError('again', 'Enter the password once more.');
  if (again !== byId('password', HTMLInputElement).value) throw new FieldError('again', 'The two passwords differ.');
  return again;
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

/** A mistake that is being mended is not shown any longer. */
function clearError(field: EventTarget | null): void {
  if (!(field instanceof HTMLElement) || !field.hasAttribute('aria-invalid')) return;
  field.removeAttribute('aria-invalid');
  byId(`${field.id}-error`, HTMLElement).textContent = '';
}

function clearErrors(form: HTMLFormElement, parts: FormParts): void {
  for (const input of form.querySelectorAll('[aria-invalid]')) input.removeAttribute('aria-invalid');
  for (const place of form.querySelectorAll('.error')) place.textContent = '';
  show(byId(parts.error, HTMLElement), false);
}

function showFailure(parts: FormParts, thrown: unknown): void {
  const errors = errorsOf(parts, thrown).filter((error) => maybeById(`${error.field}-error`, HTMLElement) !== undefined);
  for (const error of errors) {
    byId(`${error.field}-error`, HTMLElement).textContent = error.message;
    byId(error.field, HTMLElement).setAttribute('aria-invalid', 'true');
  }
  const [first] = errors;
  if (first !== undefined) {
    byId(first.field, HTMLElement).focus();
    return;
  }
  const general = byId(parts.error, HTMLElement);
  general.textContent = sentenceOf(parts, thrown);
  show(general, true);
}

function sentenceOf(parts: FormParts, thrown: unknown): string {
  return (thrown instanceof DiceError ? parts.sentences?.[thrown.code] : undefined) ?? messageOf(thrown);
}

function errorsOf(parts: FormParts, thrown: unknown): readonly FieldError[] {
  if (thrown instanceof FieldErrors) return thrown.errors;
  if (thrown instanceof FieldError) return [thrown];
  const field = thrown instanceof DiceError ? parts.fields?.[thrown.code] : undefined;
  return field === undefined ? [] : [new FieldError(field, sentenceOf(parts, thrown))];
}
