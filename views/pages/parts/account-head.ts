/** What the account signed last, whether the server still has it, and accepting a loss. Part of the account page. */
import { DiceError } from '../../../client-sdk/browser/page.js';
import { byId, el, show } from './dom.js';
import { onSubmit } from './form.js';
import { moment, things } from './format.js';
import { messageOf } from './messages.js';
import { attempt, isSessionEnd, toast, type AppPage } from './shell.js';

const maxShown = 20;
/** What the person saw, and may accept. */
let digest = '';

/** Shows the newest signed state, and holds the server against it when it is asked to. */
export async function showHead(page: AppPage): Promise<void> {
  byId('head-check', HTMLButtonElement).addEventListener('click', () => { attempt(() => check(page)); });
  const dialog = byId('head-dialog', HTMLDialogElement);
  byId('head-accept', HTMLButtonElement).addEventListener('click', () => { dialog.showModal(); });
  byId('head-cancel', HTMLButtonElement).addEventListener('click', () => { dialog.close(); });
  onSubmit({ form: 'head-form', button: 'head-submit', error: 'head-form-error' }, () => accept(page, dialog));
  try {
    if (!(await state(page))) await compare(page, false);
  } catch (thrown) {
    // The rest of the page is for what is there still: the export above all.
    if (isSessionEnd(thrown)) throw thrown;
    say(messageOf(thrown), true);
  }
}

/** False where this browser has seen a newer state. */
async function state({ client }: AppPage): Promise<boolean> {
  try {
    const head = await client.call('head', undefined);
    say(head === undefined ? 'Nothing is signed yet: the first upload does it.' : `State ${String(head.counter)}, signed on ${moment(head.signedAt)}.`);
    return true;
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || thrown.code !== 'account-rolled-back') throw thrown;
    say(messageOf(thrown), true);
    return false;
  }
}

async function check(page: AppPage): Promise<void> {
  const button = byId('head-check', HTMLButtonElement);
  button.disabled = true;
  say('Comparing…');
  try {
    await compare(page, await state(page));
  } finally {
    button.disabled = false;
  }
}

async function compare({ client }: AppPage, isFollowed: boolean): Promise<void> {
  const seen = await client.call('missing', undefined);
  ({ digest } = seen);
  const wrong = seen.images.filter(({ kind }) => kind !== 'unsaid');
  byId('head-missing', HTMLElement).replaceChildren(...wrong.slice(0, maxShown).map(({ id, kind }) => el('li', { class: 'mono' }, `${id} (${kind})`)));
  const isRight = wrong.length === 0;
  if (!isRight) say(`The server differs in ${things(wrong.length, 'image')} from what you signed${wrong.length > maxShown ? `, among them` : ''}:`, true);
  else if (isFollowed) say('Everything that you signed is there.');
  show(byId('head-accept', HTMLButtonElement), !isRight || !isFollowed);
}

async function accept(page: AppPage, dialog: HTMLDialogElement): Promise<void> {
  let given: number;
  try {
    given = await page.client.call('acceptLoss', digest);
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || thrown.code !== 'revision-conflict') throw thrown;
    dialog.close();
    await check(page);
    toast(thrown.message);
    return;
  }
  dialog.close();
  byId('head-missing', HTMLElement).replaceChildren();
  show(byId('head-accept', HTMLButtonElement), false);
  toast(`Signed: ${things(given, 'image')} given up.`);
  await state(page);
}

function say(text: string, isBad = false): void {
  const place = byId('head-state', HTMLElement);
  place.textContent = text;
  place.className = isBad ? 'note is-bad' : '';
}
