/** Changing the password. Part of the account page. */
import { showSessions } from './account-sessions.js';
import { byId } from './dom.js';
import { codeOf, newPassword, onSubmit, passwordOf, readAll, sameAgain } from './form.js';
import { watchStrength } from './password-fields.js';
import { keepSession, toast, type AppPage } from './shell.js';

/** Offers it. */
export function offerPassword({ client, account }: AppPage): void {
  watchStrength(() => account.username);
  onSubmit({
    form: 'password-form', button: 'password-submit', error: 'password-form-error', fields: { 'credentials-wrong': 'current', 'password-weak': 'password', 'second-factor-wrong': 'password-code' },
    sentences: { 'credentials-wrong': 'This is not your password.' },
  }, async () => {
    const { current, next, code } = readAll({ current: () => passwordOf('current', 'your password'), next: () => newPassword(account.username), again: sameAgain, code: () => codeOf('password-code') });
    await client.call('changePassword', { current, next, code });
    await keepSession(client);
    for (const id of ['current', 'password', 'again', 'password-code']) byId(id, HTMLInputElement).value = '';
    byId('password', HTMLInputElement).dispatchEvent(new Event('input'));
    toast('The password is changed. All other sessions have ended.');
    await showSessions(client);
  });
}
