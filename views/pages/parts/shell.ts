/**
 * What every page of the application begins with: the worker, the session of this tab, the name at the top, log out, passing
 * messages. Pages before log in use openClient alone. DESIGN.md section 4 (Sessions).
 */
import { DiceError, type AccountSummary, type SavedSession } from '../../../client-sdk/browser/page.js';
import { PageClient } from '../../../client-sdk/browser/page-client.js';
import { byId, el, maybeById, show } from './dom.js';
import { forgetKept, isKept, keepOnDevice } from './kept.js';
import { messageOf } from './messages.js';
import { dropSession, findSession, shareSession, storeSession } from './tabs.js';

const nextKey = 'dice.next';
const whyKey = 'dice.why';
const appPaths = /^\/(gallery|trash|report|account|operator|images\/[0-9a-f]{32})$/;

/** A page with its account. */
export interface AppPage {
  readonly client: PageClient;
  readonly account: AccountSummary;
}

/** The worker of this page. */
export function openClient(): PageClient {
  return new PageClient(document.body.dataset['worker'] ?? '/assets/worker.js');
}

/** Keeps the session, sealed, in this tab (`onDevice`: on this device too) and goes on to the page that the person wanted. */
export async function enter(client: PageClient, onDevice = false): Promise<void> {
  await keepSession(client, onDevice);
  location.assign(takeNext());
}

/** Keeps the session, sealed under the key that the server gives only while the session lives. What was kept on this device before goes. */
export async function keepSession(client: PageClient, onDevice = isKept()): Promise<void> {
  const session = await client.call('saveSession', undefined);
  if (session.kind !== 'page') throw new DiceError('argument-invalid', 'This session is not one of a page.');
  storeSession(session);
  if (onDevice) await keepOnDevice(session);
  else await forgetKept();
}

/** Runs the page for the account of this tab; without one, goes to the log in. */
export function startApp(run: (page: AppPage) => Promise<void>): void {
  void begin(run);
}

async function begin(run: (page: AppPage) => Promise<void>): Promise<void> {
  const client = openClient();
  try {
    const session = await findSession();
    if (session === undefined) {
      toLogin();
      return;
    }
    await resume(client, session);
    const { account } = client;
    if (account === undefined) throw new DiceError('not-logged-in', 'Log in first.');
    showAccount(client, account);
    shareSession(() => { toLogin('You logged out in another tab.'); });
    const running = run({ client, account });
    // By now the page listens to its buttons; before, a press would have been lost.
    wake();
    await running;
  } catch (thrown) {
    wake();
    if (isSessionEnd(thrown)) toLogin('Your session has ended. Log in again.');
    else showPageError(thrown);
  }
}

/** A session sealed under another key (the password changed in another tab) is as good as none. */
async function resume(client: PageClient, session: SavedSession): Promise<void> {
  try {
    await client.call('resumeSession', session);
  } catch (thrown) {
    const isOther = thrown instanceof DiceError && (thrown.code === 'sealed-invalid' || thrown.code === 'argument-invalid');
    throw isOther ? new DiceError('not-logged-in', 'Log in first.') : thrown;
  }
}

function wake(): void {
  byId('main', HTMLElement).inert = false;
}

/** The session is over, whatever was asked. */
export function isSessionEnd(thrown: unknown): boolean {
  return thrown instanceof DiceError && (thrown.code === 'unauthenticated' || thrown.code === 'not-logged-in' || thrown.code === 'wrong-account');
}

/** Says on the page what went wrong; the session's end leads to the log in. */
export function showPageError(thrown: unknown): void {
  if (isSessionEnd(thrown)) {
    toLogin('Your session has ended. Log in again.');
    return;
  }
  const place = maybeById('page-error', HTMLElement);
  if (place === undefined) return;
  place.textContent = messageOf(thrown);
  show(place, true);
}

/** Runs a step that a click began; a failure is shown on the page. */
export function attempt(step: () => Promise<void>): void {
  step().catch(showPageError);
}

/** A passing message, with one thing that can be done about it. */
export function toast(text: string, action?: { readonly text: string; readonly run: () => void }): void {
  const element = el('div', { class: 'toast' }, el('span', {}, text));
  const remove = (): void => { element.remove(); };
  if (action !== undefined) {
    const act = el('button', { type: 'button', class: 'slim' }, action.text);
    act.addEventListener('click', () => {
      remove();
      action.run();
    });
    element.append(act);
  }
  byId('toasts', HTMLElement).append(element);
  setTimeout(remove, 8_000);
}

/** Why the log in page was shown, once. */
export function takeWhy(): string | undefined {
  const why = sessionStorage.getItem(whyKey) ?? undefined;
  sessionStorage.removeItem(whyKey);
  return why;
}

function takeNext(): string {
  const next = sessionStorage.getItem(nextKey) ?? '';
  sessionStorage.removeItem(nextKey);
  return appPaths.test(next) ? next : '/gallery';
}

function toLogin(why?: string): void {
  dropSession(false);
  sessionStorage.setItem(nextKey, location.pathname);
  if (why !== undefined) sessionStorage.setItem(whyKey, why);
  // Leaving the page at once would leave the sealed session where it lies.
  void forgetKept().finally(() => { location.replace('/login'); });
}

function showAccount(client: PageClient, account: AccountSummary): void {
  const who = byId('who', HTMLElement);
  who.textContent = account.username;
  who.title = account.username;
  if (account.isOperator) show(byId('nav-operator', HTMLElement), true);
  byId('logout', HTMLButtonElement).addEventListener('click', () => { void leave(client); });
}

/** The local part of logging out happens whether the server answers or not. */
async function leave(client: PageClient): Promise<void> {
  try {
    await client.call('logout', undefined);
  } catch {
    sessionStorage.setItem(whyKey, 'You are logged out here, but the server did not answer: the session ends there by itself, or under Account on another device.');
  }
  await leaveDevice();
}

/** Forgets the session in all tabs and on this device, and shows the log in; `why` says what happened. */
export async function leaveDevice(why?: string): Promise<void> {
  dropSession(true);
  await forgetKept();
  sessionStorage.removeItem(nextKey);
  if (why !== undefined) sessionStorage.setItem(whyKey, why);
  location.replace('/login');
}
