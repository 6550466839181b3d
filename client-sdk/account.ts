/**
 * An account that is open in this client: its record as the server keeps it, and the keys that only its owner has.
 * Checks that the record belongs together before anything is done with it. SPEC.md section 8.
 */
import type { AccountSummary, DomainKind } from './api.js';
import type { CryptoProvider } from './core/crypto.js';
import { type Domain, kindOfDomain } from './core/domain.js';
import { fault } from './core/errors.js';
import { checkOwnIdentity, type Identity, unwrapIdentity } from './core/keys/identity.js';
import { currentDomain, domainOf, type Keyring, openKeyring } from './core/keys/keyring.js';
import type { AccountRecord } from './protocol/messages.js';

/** Record and keys of one account. */
export interface OpenAccount {
  readonly record: AccountRecord;
  readonly accountKey: Uint8Array;
  readonly identity: Identity;
  readonly keyring: Keyring;
}

/** Opens what the account key opens. Throws `sealed-invalid`, `wrong-account` or `signature-invalid` where the server mixed records. */
export async function openAccount(provider: CryptoProvider, record: AccountRecord, accountKey: Uint8Array): Promise<OpenAccount> {
  const { accountId, username, identity: told } = record;
  const identity = await unwrapIdentity(provider, { accountId, accountKey, epoch: told.epoch }, told.wrapped);
  checkOwnIdentity(identity, { accountId, username, epoch: told.epoch, x25519: told.x25519, ed25519: told.ed25519, signature: told.signature });
  const keyring = await openKeyring(provider, { accountId, accountKey, revision: record.keyringRevision }, record.keyring);
  return { record, accountKey, identity, keyring };
}

/** Throws `answer-invalid` where the record is older than what this client holds of the account: an old keyring may name another domain. */
export function checkNotOlder(record: AccountRecord, held: AccountRecord | undefined): void {
  if (record.accountId !== held?.accountId) return;
  if (record.keyringRevision < held.keyringRevision) throw fault('answer-invalid', 'It holds an older keyring than before.');
}

/** What a person sees of the account. */
export function summaryOf({ record, keyring }: OpenAccount): AccountSummary {
  return {
    accountId: record.accountId,
    username: record.username,
    email: record.email,
    isOperator: record.isOperator,
    createdAt: record.createdAt,
    domain: currentDomain(keyring).kind,
    domains: keyring.groups.length > 0 ? ['personal', 'open', 'group'] : ['personal', 'open'],
    quotaBytes: record.quotaBytes,
    hasSecondFactor: record.secondFactor !== undefined,
    backupCodesLeft: record.secondFactor?.backupCodesLeft ?? 0,
  };
}

/** The domain of a kind: for `group` the current one, else the first. Throws `argument-invalid` where the account has none. */
export function domainOfKind(keyring: Keyring, kind: DomainKind | undefined): Domain {
  if (kind === undefined) return currentDomain(keyring);
  const id = kind === 'group' ? groupIdOf(keyring) : kind;
  const domain = id === undefined ? undefined : domainOf(keyring, id);
  if (domain === undefined) throw fault('argument-invalid', 'The account is in no group yet: invite somebody, or register with an invitation.');
  return domain;
}

/** The group that `group` means: the current one, else the first. */
export function groupIdOf(keyring: Keyring): string | undefined {
  return kindOfDomain(keyring.current) === 'group' ? keyring.current : keyring.groups[0]?.id;
}
