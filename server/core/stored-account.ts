/**
 * Changing the row of an account: its record is durable in a pack before the row says so.
 */
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow } from '../ports/account-store.js';
import type { Parts } from './contract.js';
import { appendAccount, appendRemoval } from './records.js';

/** The row as it is now. Throws Refusal `unauthenticated` where the account is gone. */
export async function existingAccount(parts: Parts, accountId: AccountId): Promise<AccountRow> {
  const account = await parts.stores.accounts.find(accountId);
  if (account === undefined) throw new Refusal('unauthenticated');
  return account;
}

/** Record first, then the row if nobody else changed it; a record that lost is withdrawn. */
export function storeAccount(parts: Parts, change: { readonly before: AccountRow; readonly after: AccountRow; readonly endSessions: boolean }): Promise<AccountRow> {
  return parts.gate.run(async () => {
    const { row, recordId } = await appendAccount(parts, change.after);
    if (await parts.stores.accounts.replace(row, change.before, change.endSessions)) return row;
    await appendRemoval(parts, { kind: 'withdrawn', recordId });
    throw new Refusal('revision-conflict');
  });
}
