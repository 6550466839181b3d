/**
 * Failures as sentences for a person. The SDK's own sentence is good for most; a few codes can be said better on a page.
 */
import { DiceError } from '../../../client-sdk/browser/page.js';

const sentences: Readonly<Partial<Record<DiceError['code'], string>>> = {
  'credentials-wrong': 'The user name or the password is wrong.',
  'rate-limited': 'Too many tries. Wait a moment, then try again.',
  'realm-mismatch': 'This server gives another name than the one in the address bar. Open it under its own address; if that is what you did, do not log in.',
  'kdf-refused': 'The server asks for a password derivation that is not safe. Do not log in here.',
  'integrity-failed': 'What the server sent is not what was stored. Nothing was saved.',
  'image-omitted': 'The server does not show all that you stored. Under Account, “What is signed”, you see what is missing.',
  'image-resurrected': 'The server shows images that you removed. If its operator restored a backup, go on under Account, “What is signed”. If not, trust this server no longer.',
  'storage-full': 'The server’s disk is full. Nothing that was acknowledged is lost.',
  'quota-exceeded': 'Your quota does not hold this. Remove something, and empty the trash.',
};

/** One or two sentences. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof DiceError) return sentences[thrown.code] ?? thrown.message;
  return thrown instanceof Error ? `The page failed: ${thrown.message}` : 'The page failed.';
}
