/**
 * "Stay signed in on this device": the sealed session outside the tab, encrypted once more under a key that WebCrypto never hands out.
 * Worthless without the cookie, and without the key that the server gives only while the session lives. DESIGN.md section 4 (Sessions).
 */
import { finished, openDatabase, settled } from '../../../client-sdk/browser/database.js';
import type { SavedSession } from '../../../client-sdk/browser/page.js';

interface Kept {
  readonly key: CryptoKey;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly sealed: ArrayBuffer;
}

const markKey = 'dice.kept';
const databaseName = 'dice-kept';
const storeName = 'session';
const entry = 'only';

/** Plain http off loopback has no WebCrypto: nothing can be kept there. */
export function mayKeep(): boolean {
  return isSecureContext && 'indexedDB' in globalThis;
}

/** A session is kept on this device. */
export function isKept(): boolean {
  return localStorage.getItem(markKey) !== null;
}

/** Keeps the session instead of whatever was kept. A browser that keeps no database keeps none. */
export async function keepOnDevice(session: SavedSession): Promise<void> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, new TextEncoder().encode(JSON.stringify(session)));
  const kept: Kept = { key, nonce, sealed };
  await withStore((store) => store.put(kept, entry));
  localStorage.setItem(markKey, 'yes');
}

/** The kept session, if any; what does not open is forgotten. */
export async function keptSession(): Promise<SavedSession | undefined> {
  if (!isKept() || !mayKeep()) return undefined;
  try {
    // Written by keepOnDevice; what else may stand there fails to decrypt.
    const kept = (await withStore<unknown>((store) => store.get(entry))) as Kept | undefined;
    if (kept === undefined) return undefined;
    const text = await crypto.subtle.decrypt({ name: 'AES-GCM', iv: kept.nonce }, kept.key, kept.sealed);
    // The SDK checks what it opens.
    return JSON.parse(new TextDecoder().decode(text)) as SavedSession;
  } catch {
    await forgetKept();
    return undefined;
  }
}

/** Erases it. The mark goes at once, the rest as fast as the browser's database can. */
export async function forgetKept(): Promise<void> {
  if (!isKept()) return;
  localStorage.removeItem(markKey);
  try {
    await withStore((store) => store.delete(entry));
  } catch {
    // No database, no entry.
  }
}

async function withStore<T>(act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await openDatabase(databaseName, storeName);
  try {
    const transaction = database.transaction(storeName, 'readwrite');
    const done = finished(transaction);
    const value = await settled(act(transaction.objectStore(storeName)));
    await done;
    return value;
  } finally {
    database.close();
  }
}
