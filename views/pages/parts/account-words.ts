/** Recovery words: whether one still has them, and new ones. Part of the account page. */
import { showSessions } from './account-sessions.js';
import { byId, show } from './dom.js';
import { codeOf, onSubmit, passwordOf, readAll } from './form.js';
import { keepSession, toast, type AppPage } from './shell.js';
import { keepWords, markConfirmed, markUnconfirmed, phraseOf } from './words.js';

/** Offers both. */
export function offerWords(page: AppPage): void {
  offerCheck(page);
  offerNew(page);
}

function offerCheck({ client, account }: AppPage): void {
  const outcome = byId('check-outcome', HTMLElement);
  const input = byId('check-phrase', HTMLTextAreaElement);
  input.addEventListener('input', () => { show(outcome, false); });
  onSubmit({ form: 'check-form', button: 'check-submit', error: 'check-form-error', fields: { 'recovery-words-invalid': 'check-phrase' } }, async () => {
    show(outcome, false);
    await client.call('checkRecoveryWords', phraseOf('check-phrase'));
    markConfirmed(account.accountId);
    input.value = '';
    show(outcome, true);
    outcome.textContent = 'These words open your account. Put them back where you keep them.';
  });
}

function offerNew({ client, account }: AppPage): void {
  const dialog = byId('words-dialog', HTMLDialogElement);
  onSubmit({
    form: 'words-form', button: 'words-submit', error: 'words-form-error', fields: { 'credentials-wrong': 'words-password', 'second-factor-wrong': 'words-code' },
    sentences: { 'credentials-wrong': 'This is not your password.' },
  }, async () => {
    const proof = readAll({ password: () => passwordOf('words-password', 'your password'), code: () => codeOf('words-code') });
    const { recoveryWords } = await client.call('changeRecoveryWords', proof);
    markUnconfirmed(account.accountId);
    await keepSession(client);
    for (const id of ['words-password', 'words-code']) byId(id, HTMLInputElement).value = '';
    dialog.showModal();
    keepWords(recoveryWords, account.accountId, async () => {
      dialog.close();
      toast('The new words are confirmed. The old ones no longer open anything.');
      await showSessions(client);
    });
  });
}
