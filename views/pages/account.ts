/** The account: who you are, storage, what is signed, password, recovery words, second factor, domain, sessions and tokens, invitations, export, closing. DESIGN.md section 4. */
import { offerClosing } from './parts/account-closing.js';
import { showDomains } from './parts/account-domain.js';
import { offerExport } from './parts/account-export.js';
import { offerFactor } from './parts/account-factor.js';
import { showHead } from './parts/account-head.js';
import { showInvitations } from './parts/account-invitations.js';
import { offerPassword } from './parts/account-password.js';
import { showSessions } from './parts/account-sessions.js';
import { showStorage } from './parts/account-storage.js';
import { offerWords } from './parts/account-words.js';
import { fact } from './parts/block-facts.js';
import { byId } from './parts/dom.js';
import { emailOf, onSubmit } from './parts/form.js';
import { day } from './parts/format.js';
import { helpPasswordFields } from './parts/password-fields.js';
import { startApp, toast, type AppPage } from './parts/shell.js';

startApp(async (page) => {
  helpPasswordFields();
  for (const input of document.querySelectorAll<HTMLInputElement>('input.account-name')) input.value = page.account.username;
  showYou(page);
  offerPassword(page);
  offerWords(page);
  offerFactor(page);
  showDomains(page);
  offerClosing(page);
  const [usage] = await Promise.all([showStorage(page.client), showSessions(page.client), showInvitations(page.client), showHead(page)]);
  offerExport(page, usage);
  jump();
});

function showYou({ client, account }: AppPage): void {
  byId('you', HTMLElement).replaceChildren(
    ...fact('User name', account.username),
    ...fact('Since', day(account.createdAt)),
    ...fact('Account id', account.accountId, 'mono'),
  );
  byId('email', HTMLInputElement).value = account.email ?? '';
  onSubmit({ form: 'email-form', button: 'email-submit', error: 'email-form-error' }, async () => {
    await client.call('changeEmail', emailOf('email'));
    toast('Saved.');
  });
}

/** The browser jumped before the lists were there. `#words` is what the gallery's gate leads to. */
function jump(): void {
  const id = location.hash === '#words' ? 'words-card' : location.hash.slice(1);
  const section = document.getElementById(id);
  if (section?.matches('section') === true) section.scrollIntoView();
}
