/** The second factor: turned on with an authenticator app, and off. Part of the account page. */
import type { PageCalls } from '../../../client-sdk/browser/page-calls.js';
import { copyFrom } from './copy.js';
import { byId, show } from './dom.js';
import { codeOf, onSubmit, passwordOf, readAll, required } from './form.js';
import { toast, type AppPage } from './shell.js';

const codes = { 'second-factor-wrong': 'factor-code', 'credentials-wrong': 'factor-password' } as const;

/** Offers what is not: on, or off. */
export function offerFactor({ client }: AppPage): void {
  const password = byId('factor-password', HTMLInputElement);
  const refresh = (): void => {
    const { hasSecondFactor = false, backupCodesLeft = 0 } = client.account ?? {};
    byId('factor-state', HTMLElement).textContent = hasSecondFactor ? `It is on. Backup codes left: ${String(backupCodesLeft)}.` : 'It is off.';
    byId('factor-submit', HTMLElement).textContent = hasSecondFactor ? 'Turn it off' : 'Set it up';
    // Changes of password and words ask too.
    for (const id of ['factor-code', 'password-code', 'words-code']) show(byId(`${id}-field`, HTMLElement), hasSecondFactor);
    password.value = '';
  };
  refresh();
  onSubmit({ form: 'factor-form', button: 'factor-submit', error: 'factor-form-error', fields: codes, sentences: { 'credentials-wrong': 'This is not your password.' } }, async () => {
    const given = readAll({ password: () => passwordOf('factor-password', 'your password'), code: () => codeOf('factor-code') });
    if (given.code === undefined) {
      tell(await client.call('beginSecondFactor', given));
      show(byId('factor-confirm-form', HTMLElement), true);
      byId('factor-secret', HTMLElement).focus();
    } else {
      await client.call('endSecondFactor', { ...given, code: given.code });
      byId('factor-code', HTMLInputElement).value = '';
      show(byId('factor-made', HTMLElement), false);
      toast('The second factor is off.');
      refresh();
    }
  });
  onSubmit({ form: 'factor-confirm-form', button: 'factor-confirm-submit', error: 'factor-confirm-form-error', fields: { 'second-factor-wrong': 'factor-confirm-code' } }, async () => {
    const { backupCodes } = await client.call('confirmSecondFactor', required('factor-confirm-code', 'the code that the app shows'));
    tell({ secret: '', link: '', picture: '' });
    byId('factor-confirm-code', HTMLInputElement).value = '';
    show(byId('factor-confirm-form', HTMLElement), false);
    const text = byId('factor-codes', HTMLTextAreaElement);
    text.value = backupCodes.join('\n');
    byId('factor-copy', HTMLButtonElement).onclick = () => { copyFrom(text); };
    const made = byId('factor-made', HTMLElement);
    show(made, true);
    made.focus();
    refresh();
  });
}

/** The secret in each of its forms. */
function tell({ secret, link, picture }: PageCalls['beginSecondFactor']['answer']): void {
  byId('factor-secret', HTMLInputElement).value = secret;
  byId('factor-link', HTMLAnchorElement).href = link;
  byId('factor-picture', HTMLImageElement).src = picture;
}
