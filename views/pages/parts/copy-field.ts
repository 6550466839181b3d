/** Copying what stands in a field. Plain http gives a page no clipboard: there the text is selected, for the person's own keys. */
import { toast } from './shell.js';

/** Copies the field's text, or selects it and says so. */
export function copyFrom(field: HTMLInputElement | HTMLTextAreaElement): void {
  field.select();
  if (!isSecureContext) {
    toast('It is selected: copy it with your keyboard. A page over plain http has no clipboard.');
    return;
  }
  navigator.clipboard.writeText(field.value).then(
    () => { toast('Copied.'); },
    () => { toast('The browser did not let the page copy. It is selected: copy it with your keyboard.'); },
  );
}
