/** Closing the account: what is lost, the user name typed, the password once more. Part of the account page. */
import { byId, show } from './dom.js';
import { FieldError, onSubmit, passwordOf, readAll, required } from './form.js';
import { things } from './format.js';
import { attempt, leaveDevice, type AppPage } from './shell.js';
import { markConfirmed } from './words.js';

/** Offers it, but not to the operator, whose account the server needs. */
export function offerClosing(page: AppPage): void {
  show(byId('close-operator', HTMLElement), page.account.isOperator);
  const open = byId('close-open', HTMLButtonElement);
  show(open, !page.account.isOperator);
  const dialog = byId('close-dialog', HTMLDialogElement);
  open.addEventListener('click', () => { attempt(() => ask(page, dialog)); });
  byId('close-cancel', HTMLButtonElement).addEventListener('click', () => { dialog.close(); });
  onSubmit({
    form: 'close-form', button: 'close-submit', error: 'close-form-error', fields: { 'credentials-wrong': 'close-password' },
    sentences: { 'credentials-wrong': 'This is not your password.' },
  }, () => close(page));
}

async function ask({ client }: AppPage, dialog: HTMLDialogElement): Promise<void> {
  const { images, trashedImages } = await client.call('usage', undefined);
  byId('close-images', HTMLElement).textContent = `${things(images, 'image')} will be gone, ${String(trashedImages)} of them in the trash. Nobody can bring them back.`;
  dialog.showModal();
}

async function close({ client, account }: AppPage): Promise<void> {
  const request = readAll({ username: () => ownName(account.username), password: () => passwordOf('close-password', 'your password') });
  await client.call('closeAccount', request);
  markConfirmed(account.accountId);
  await leaveDevice('Your account is closed, and what it stored is gone.');
}

function ownName(username: string): string {
  const typed = required('close-username', 'your user name');
  if (typed.toLowerCase() !== username) throw new FieldError('close-username', `Type ${username} to confirm.`);
  return typed;
}
