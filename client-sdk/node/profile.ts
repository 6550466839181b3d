/**
 * A profile on disk: the saved session of one person on one machine, in a folder of mode 0700, in a file of mode
 * 0600. Token and account key stand there in clear, as an ssh key without a passphrase does: who reads the file
 * is the account, until the session is ended. Not the fingerprint cache. SPEC.md section 8.
 */
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { SavedSession } from '../api.js';
import { fault } from '../core/errors.js';
import { idOf } from '../protocol/ids.js';
import { writeFileWhole } from './files.js';

const fileName = 'session.json';
const maxProfileBytes = 65_536;

/** Keeps `session` in `folder`, durably. Throws DiceError `file-unwritable`. */
export async function saveProfile(folder: string, session: SavedSession): Promise<void> {
  await makePrivateFolder(folder);
  const text = new TextEncoder().encode(`${JSON.stringify(session, undefined, 2)}\n`);
  await writeFileWhole(path.join(folder, fileName), once(text), { mode: 0o600 });
}

/** The session kept in `folder`, or undefined where there is none. Throws DiceError `file-unreadable`. */
export async function loadProfile(folder: string): Promise<SavedSession | undefined> {
  const file = path.join(folder, fileName);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined;
    throw fault('file-unreadable', JSON.stringify(file), cause);
  }
  const session = text.length > maxProfileBytes ? undefined : sessionOfText(text);
  if (session === undefined) throw fault('file-unreadable', `${JSON.stringify(file)} holds no session. Log in again.`);
  return session;
}

/** Removes what `saveProfile` kept; absence is no error. */
export async function eraseProfile(folder: string): Promise<void> {
  await rm(path.join(folder, fileName), { force: true });
}

/** A folder that only its owner may enter. Throws DiceError `file-unwritable`. */
export async function makePrivateFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
  } catch (cause) {
    throw fault('file-unwritable', JSON.stringify(folder), cause);
  }
}

/** `thrown` is a system error of this code. */
export function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  yield await Promise.resolve(bytes);
}

function sessionOfText(text: string): SavedSession | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const session = value as Readonly<Record<string, unknown>>;
  const texts = ['server', 'serverId', 'accountId', 'username', 'sessionId', 'accountKey'].every((name) => typeof session[name] === 'string');
  const isSession = texts && session['version'] === 1 && (session['kind'] === 'bearer' || session['kind'] === 'page');
  // Every member was just checked; resuming checks their contents.
  return isSession && idOf(String(session['accountId'])) !== undefined ? (value as SavedSession) : undefined;
}
