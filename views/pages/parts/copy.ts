/**
 * Copies text that is on the page. Plain http gives a page no clipboard: there the text is selected, for the person's own keys.
 */
import { toast } from './shell.js';

/** Copies the field's text, or selects it and says so. */
export function copyFrom(field: HTMLInputElement | HTMLTextAreaElement): void {
  copy(field.value, { done: 'Copied.', select: () => { field.select(); } });
}

/** Copies the element's text and says `done`; where that cannot be, selects it and says how to go on. */
export function copyText(element: HTMLElement, done: string): void {
  copy(element.textContent, { done, select: () => { getSelection()?.selectAllChildren(element); } });
}

function copy(text: string, { done, select }: { readonly done: string; readonly select: () => void }): void {
  const leaveSelected = (why: string): void => {
    select();
    toast(`It is selected: copy it with your keyboard. ${why}`);
  };
  if (isSecureContext) navigator.clipboard.writeText(text).then(() => { toast(done); }, () => { leaveSelected('The browser did not let the page copy.'); });
  else leaveSelected('A page over plain http has no clipboard.');
}
