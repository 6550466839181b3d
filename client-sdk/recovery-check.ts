/**
 * Do these recovery words open this account? Asked of the words as they were typed: neither the client nor the server keeps them.
 * SPEC.md section 8.
 */
import { accountOf, type Connection } from './connection.js';
import { isSameSecret } from './core/constant-time.js';
import { DiceError, fault } from './core/errors.js';
import { unwrapAccountKey } from './core/keys/hierarchy.js';
import { recoveryKeys } from './core/keys/recovery.js';

/** The server must know what the words prove, and the account key that it keeps under them must be this account's. */
export async function checkRecoveryWords(connection: Connection, words: string, signal: AbortSignal | undefined): Promise<void> {
  const { platform, transport } = connection;
  const { record, accountKey } = accountOf(connection);
  const { recoveryAuth, recoveryWrap } = await recoveryKeys(platform.crypto, words);
  try {
    const answer = await transport.call('openRecovery', { body: { username: record.username, recoveryAuth }, signal });
    const place = { accountId: record.accountId, under: 'recovery', wrapKey: recoveryWrap } as const;
    if (isSameSecret(await unwrapAccountKey(platform.crypto, place, answer.recoveryWrappedAccountKey), accountKey)) return;
  } catch (thrown) {
    const isWrong = thrown instanceof DiceError && (thrown.code === 'credentials-wrong' || thrown.code === 'sealed-invalid');
    if (!isWrong) throw thrown;
  }
  throw fault('recovery-words-invalid', 'They are words of the list, but not the ones of this account.');
}
