/**
 * What counts against a quota: the distinct blocks that the account's images refer to, sealed objects (manifest,
 * entry with wrapped key, preview), and bytes in live upload sessions. Functions of one account alone. SPEC.md section 12.
 */
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { AccountRow } from '../ports/account-store.js';
import type { AccountUsage } from '../ports/image-store.js';
import type { Parts, Policy } from './contract.js';

/** The quota in force for `account`: its own, else the server's; undefined is unlimited. */
export function quotaOf(account: Pick<AccountRow, 'quotaBytes'>, policy: Policy): number | undefined {
  return account.quotaBytes ?? policy.quotaBytes;
}

/** Bytes that count: cipherBytes + manifestBytes + entryBytes + previewBytes + sessionBytes. */
export function usedBytesOf(usage: AccountUsage): number {
  return usage.cipherBytes + usage.manifestBytes + usage.entryBytes + usage.previewBytes + usage.sessionBytes;
}

/** How many bytes more the account may bring into its sessions now. */
export async function sessionRoom(parts: Parts, accountId: AccountId): Promise<number> {
  const { usage, quotaBytes } = await standing(parts, accountId);
  const room = parts.policy.maxSessionBytes - usage.sessionBytes;
  return quotaBytes === undefined ? room : Math.min(room, quotaBytes - usedBytesOf(usage));
}

/** The quota in force and what of it is used. Refusal unauthenticated where the account is gone. */
export async function standing(parts: Parts, accountId: AccountId): Promise<{ readonly usage: AccountUsage; readonly quotaBytes: number | undefined }> {
  const account = await parts.stores.accounts.find(accountId);
  if (account === undefined) throw new Refusal('unauthenticated');
  return { usage: await parts.stores.images.usage(accountId), quotaBytes: quotaOf(account, parts.policy) };
}
