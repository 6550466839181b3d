/**
 * Recovery words: 256 random bits as 24 words of the BIP39 English list, used directly (no BIP39 seed). HKDF gives
 * what the server checks and what wraps the account key. SPEC.md section 8.
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { utf8 } from '../../protocol/bytes.js';
import { hashBytes } from '../../protocol/limits.js';
import type { CryptoProvider, RandomBytes } from '../crypto.js';
import { fault } from '../errors.js';
import { deriveKey } from '../hkdf.js';
import { labels } from '../labels.js';

/** Words of a recovery phrase. */
export const recoveryWordCount = 24;
const maxPhraseChars = 1_000;

/** What the words give: 32 bytes each. The server keeps the SHA-256 of `recoveryAuth`. */
export interface RecoveryKeys {
  readonly recoveryAuth: Uint8Array;
  readonly recoveryWrap: Uint8Array;
}

/** New words, separated by single spaces. */
export function makeRecoveryWords(randomBytes: RandomBytes): string {
  return entropyToMnemonic(randomBytes(hashBytes), wordlist);
}

/** The words as they were shown: lower case, single spaces. Throws DiceError `recovery-words-invalid`. */
export function normaliseRecoveryWords(text: string): string {
  const words = text.length > maxPhraseChars ? [] : text.normalize('NFKC').toLowerCase().trim().split(/\s+/u);
  if (words.length !== recoveryWordCount) throw fault('recovery-words-invalid', `There must be ${String(recoveryWordCount)} words.`);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0) throw fault('recovery-words-invalid', `Word ${String(unknown + 1)} is not in the list.`);
  return words.join(' ');
}

/** The keys that the words give. Throws DiceError `recovery-words-invalid`, also for a wrong checksum. */
export async function recoveryKeys(provider: CryptoProvider, words: string): Promise<RecoveryKeys> {
  const entropy = entropyOf(normaliseRecoveryWords(words));
  return {
    recoveryAuth: await deriveKey(provider, entropy, utf8(labels.recoveryAuth)),
    recoveryWrap: await deriveKey(provider, entropy, utf8(labels.recoveryWrap)),
  };
}

function entropyOf(words: string): Uint8Array {
  try {
    return mnemonicToEntropy(words, wordlist);
  } catch {
    throw fault('recovery-words-invalid', 'Their checksum is wrong: a word was mistaken or two were swapped.');
  }
}
