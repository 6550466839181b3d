/**
 * An account row as its owner gets it: without the hashes of what proves ownership.
 */
import type { AccountRecord } from '../../client-sdk/protocol/messages.js';
import { hashBytes } from '../../client-sdk/protocol/limits.js';
import type { AccountRow } from '../ports/account-store.js';
import type { Policy } from './contract.js';
import { quotaOf } from './quota.js';

/** The record of `account` on the wire. */
export function accountRecordOf(account: AccountRow, policy: Policy): AccountRecord {
  const { accountId, username, email, isOperator, revision, kdf, wrappedAccountKey, identity, keyring, keyringRevision, createdAt, factor } = account;
  const quotaBytes = quotaOf(account, policy);
  return {
    accountId, username, isOperator, revision, kdf, wrappedAccountKey, identity, keyring, keyringRevision, createdAt,
    ...(email === undefined ? {} : { email }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
    ...(factor?.isOn === true ? { secondFactor: { backupCodesLeft: factor.codeHashes.length / hashBytes } } : {}),
  };
}
