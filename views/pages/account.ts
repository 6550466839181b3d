/** The account: who you are, password, recovery words, domain, sessions and tokens, invitations. DESIGN.md section 4. */
import type { PageClient } from '../../client-sdk/browser/page-client.js';
import { showDomains } from './parts/account-domain.js';
import { showInvitations } from './parts/account-invitations.js';
import { showSessions } from './parts/account-sessions.js';
import { byId, el } from './parts/dom.js';
import { emailOf, newPassword, onSubmit, passwordOf, watchStrength } from './parts/form.js';
import { bytes, count, day } from './parts/format.js';
import { fact } from './parts/block-facts.js';
import { keepSession, startApp, toast, type AppPage } from './parts/shell.js';
import { keepWords, markUnconfirmed } from './parts/words.js';

startApp(async (page) => {
  offerEmail(page);
  offerPassword(page.client);
  offerWords(page);
  showDomains(page);
  watchStrength();
  byId('password-username', HTMLInputElement).value = page.account.username;
  await Promise.all([showYou(page), showSessions(page.client), showInvitations(page.client)]);
  // The browser jumped before the lists were there.
  if (location.hash === '#words') byId('words-card', HTMLElement).scrollIntoView();
});

async function showYou({ client, account }: AppPage): Promise<void> {
  byId('you', HTMLElement).replaceChildren(
    ...fact('User name', account.username),
    ...fact('Since', day(account.createdAt)),
    ...fact('Account id', account.accountId, 'mono'),
  );
  byId('email', HTMLInputElement).value = account.email ?? '';
  const usage = await client.call('usage', undefined);
  const sentence = usage.quotaBytes === undefined
    ? `${bytes(usage.usedBytes)} used, no quota. ${count(usage.images)} images, ${count(usage.trashedImages)} in the trash.`
    : `${bytes(usage.usedBytes)} of ${bytes(usage.quotaBytes)} used. ${count(usage.images)} images, ${count(usage.trashedImages)} in the trash.`;
  const meter = usage.quotaBytes === undefined ? undefined
    : el('progress', { max: Math.max(1, usage.quotaBytes), value: usage.usedBytes, 'aria-label': 'Used share of the quota' });
  byId('quota', HTMLElement).replaceChildren(el('p', {}, sentence), ...(meter === undefined ? [] : [meter]));
}

function offerEmail({ client }: AppPage): void {
  onSubmit({ form: 'email-form', button: 'email-submit', error: 'email-form-error' }, async () => {
    await client.call('changeEmail', emailOf('email'));
    toast('Saved.');
  });
}

function offerPassword(client: PageClient): void {
  onSubmit({
    form: 'password-form', button: 'password-submit', error: 'password-form-error', fields: { 'credentials-wrong': 'current', 'password-weak': 'password' },
  }, async () => {
    const current = passwordOf('current', 'your password');
    const next = newPassword();
    await client.call('changePassword', { current, next });
    await keepSession(client);
    for (const id of ['current', 'password', 'again']) byId(id, HTMLInputElement).value = '';
    toast('The password is changed. All other sessions have ended.');
    await showSessions(client);
  });
}

function offerWords({ client, account }: AppPage): void {
  const dialog = byId('words-dialog', HTMLDialogElement);
  onSubmit({ form: 'words-form', button: 'words-submit', error: 'words-form-error', fields: { 'credentials-wrong': 'words-password' } }, async () => {
    const input = byId('words-password', HTMLInputElement);
    const { recoveryWords } = await client.call('changeRecoveryWords', { password: passwordOf('words-password', 'your password') });
    markUnconfirmed(account.accountId);
    await keepSession(client);
    input.value = '';
    dialog.showModal();
    keepWords(recoveryWords, account.accountId, async () => {
      dialog.close();
      toast('The new words are confirmed. The old ones no longer open anything.');
      await showSessions(client);
    });
  });
}
