/**
 * A profile on disk: the saved session of one person on one machine, in a folder of mode 0700, in a file of mode
 * 0600. Token and account key stand there in clear, as an ssh key without a passphrase does: who reads the file
 * is the account, until the session is ended. Not the fingerprint cache. SPEC.md section 8.
 */
import type { SavedSession } from '../api.js';

/** Keeps `session` in `folder`, durably. Throws DiceError `file-unwritable`. */
export function saveProfile(folder: string, session: SavedSession): Promise<void> {
  return Promise.reject(new Error(folder + session.username));
}

/** The session kept in `folder`, or undefined where there is none. Throws DiceError `file-unreadable`. */
export function loadProfile(folder: string): Promise<SavedSession | undefined> {
  return Promise.reject(new Error(folder));
}

/** Removes what `saveProfile` kept; absence is no error. */
export function eraseProfile(folder: string): Promise<void> {
  return Promise.reject(new Error(folder));
}
