/**
 * Copies text that is on the page. Plain http gives a page no clipboard: there the text is selected, for the keyboard to copy.
 */
import { toast } from './shell.js';

/** Copies the element's text and says `done`; where that cannot be, selects it and says how to go on. */
export function copyText(element: HTMLElement, done: string): void {
  if (!isSecureContext) {
    selectText(element);
    return;
  }
  navigator.clipboard.writeText(element.textContent).then(() => { toast(done); }, () => { selectText(element); });
}

function selectText(element: HTMLElement): void {
  getSelection()?.selectAllChildren(element);
  toast('It is selected. Copy it with the keyboard.');
}
