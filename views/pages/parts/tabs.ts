/**
 * Tabs of one browser share a session: a new tab asks the others for the sealed session (useless without the cookie and the
 * key that the server gives only to the live session), and a log out in one is told to all. Same origin only.
 */
import type { SavedSession } from '../../../client-sdk/browser/page.js';
import { keptSession } from './kept.js';

type Word = { readonly kind: 'ask' } | { readonly kind: 'session'; readonly session: SavedSession } | { readonly kind: 'left' };

const sessionKey = 'dice.session';
/** Another tab answers at once, or there is none. */
const answerMs = 250;
const channel = new BroadcastChannel('dice.tabs');

/** Keeps the sealed session in this tab. */
export function storeSession(session: SavedSession): void {
  sessionStorage.setItem(sessionKey, JSON.stringify(session));
}

/** Forgets it here; `isForAll`: in every tab, for it has ended. */
export function dropSession(isForAll: boolean): void {
  sessionStorage.removeItem(sessionKey);
  if (isForAll) say({ kind: 'left' });
}

/** This tab's session, the one kept on this device, or another tab's. */
export async function findSession(): Promise<SavedSession | undefined> {
  const own = ownSession() ?? (await keptSession());
  if (own !== undefined) return own;
  const other = await new Promise<SavedSession | undefined>((resolve) => {
    const timer = setTimeout(() => { resolve(undefined); }, answerMs);
    listen((word) => {
      if (word.kind !== 'session') return;
      clearTimeout(timer);
      resolve(word.session);
    });
    say({ kind: 'ask' });
  });
  if (other !== undefined) storeSession(other);
  return other;
}

/** Answers new tabs from now on; `onLeft` runs when another tab logged out. */
export function shareSession(onLeft: () => void): void {
  listen((word) => {
    if (word.kind === 'left') onLeft();
    const session = word.kind === 'ask' ? ownSession() : undefined;
    if (session !== undefined) say({ kind: 'session', session });
  });
}

function ownSession(): SavedSession | undefined {
  const text = sessionStorage.getItem(sessionKey);
  if (text === null) return undefined;
  try {
    // Written by storeSession; the SDK checks what it opens.
    return JSON.parse(text) as SavedSession;
  } catch {
    return undefined;
  }
}

function say(word: Word): void {
  channel.postMessage(word);
}

function listen(hear: (word: Word) => void): void {
  channel.addEventListener('message', (event: MessageEvent<Word>) => { hear(event.data); });
}
