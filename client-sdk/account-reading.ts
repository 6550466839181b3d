/**
 * Reading the account record of a session, at its begin and again later, because another device may have changed it: it must be the same account's,
 * and its keyring not an older one than this client holds. SPEC.md sections 8 and 14.
 */
import { checkNotOlder, openAccount, type OpenAccount } from './account.js';
import { accountOf, type Connection, updateAccount } from './connection.js';
import { fault } from './core/errors.js';
import type { AccountRecord } from './protocol/messages.js';

type Signal = AbortSignal | undefined;

/** The account of this session as it is now. Throws `wrong-account`. */
export async function readAccount(connection: Connection, known: { readonly accountId: string; readonly accountKey: Uint8Array }, signal: Signal): Promise<OpenAccount> {
  const record = await connection.transport.call('readAccount', { body: undefined, signal });
  if (record.accountId !== known.accountId) throw fault('wrong-account');
  return openAccount(connection.platform.crypto, record, known.accountKey);
}

/** Goes on with the account as it is now; answers its record. Throws `wrong-account`, and `answer-invalid` for an older keyring, unless a loss was accepted. */
export async function rereadAccount(connection: Connection, signal: Signal, isLossAccepted = false): Promise<AccountRecord> {
  const { record: held, accountKey } = accountOf(connection);
  const account = await readAccount(connection, { accountId: held.accountId, accountKey }, signal);
  const { record } = account;
  if (!isLossAccepted) checkNotOlder(record, held);
  // Of two readings at once the later keyring stays, whichever answer comes last.
  const now = accountOf(connection).record;
  if (isLossAccepted || (record.accountId === now.accountId && record.keyringRevision >= now.keyringRevision)) updateAccount(connection, account);
  return record;
}
