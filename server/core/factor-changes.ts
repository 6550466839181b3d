/**
 * Turning the second factor of an account on and off. The secret is shown when it is made and never again; each change raises the revision of
 * the account, so that a rebuild finds the newest. SPEC.md section 12.
 */
import type { BegunFactor, ConfirmedFactor } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow, SecondFactor } from '../ports/account-store.js';
import type { Origin, Parts } from './contract.js';
import type { Prove } from './proof.js';
import { makeBackupCodes, makeFactor, shownFactor, worthOf } from './second-factor.js';
import { existingAccount, storeAccount } from './stored-account.js';
import type { Throttle } from './throttle.js';

export interface FactorDesk {
  readonly parts: Parts;
  readonly prove: Prove;
  readonly throttle: Throttle;
}

/** Makes a secret. The caller holds the account's turn. */
export async function beginFactor({ parts, prove }: FactorDesk, { username }: AccountRow, by: { readonly authKey: Uint8Array; readonly origin: Origin }): Promise<BegunFactor> {
  const { account } = await prove({ username, authKey: by.authKey }, by.origin, 'none');
  refuseSecond(account);
  const factor = makeFactor(parts.world.random);
  await changeFactor(parts, account, factor);
  return shownFactor(factor, username);
}

/** The first code turns it on. The caller holds the account's turn. */
export async function confirmFactor({ parts, throttle }: FactorDesk, { accountId, username }: AccountRow, by: { readonly code: string; readonly origin: Origin }): Promise<ConfirmedFactor> {
  throttle.check(username, by.origin.address);
  const account = await existingAccount(parts, accountId);
  refuseSecond(account);
  if (account.factor === undefined) throw new Refusal('not-found', 'No second factor was begun.');
  const { hasher, clock, random } = parts.world;
  const worth = worthOf(account.factor, by.code, { now: clock.now(), hasher });
  if (worth?.kind !== 'step') {
    throttle.failed(username, by.origin.address);
    throw new Refusal('second-factor-wrong');
  }
  const { shown, codeHashes } = makeBackupCodes(random, hasher);
  await changeFactor(parts, account, { ...account.factor, isOn: true, usedStep: worth.step, codeHashes });
  return { backupCodes: shown };
}

/** Forgets the secret, confirmed or not. The caller holds the account's turn. */
export async function endFactor(
  { parts, prove }: FactorDesk,
  { username }: AccountRow,
  by: { readonly authKey: Uint8Array; readonly code: string; readonly origin: Origin },
): Promise<void> {
  const { account } = await prove({ username, authKey: by.authKey, code: by.code }, by.origin, 'spent');
  if (account.factor !== undefined) await changeFactor(parts, account, undefined);
}

/** The account with `factor`, stored where it is another one than before but for a step. */
export async function keepCodes(parts: Parts, account: AccountRow, factor: SecondFactor | undefined): Promise<AccountRow> {
  return factor === undefined || factor.codeHashes.length === account.factor?.codeHashes.length ? account : changeFactor(parts, account, factor);
}

function changeFactor(parts: Parts, account: AccountRow, factor: SecondFactor | undefined): Promise<AccountRow> {
  return storeAccount(parts, { before: account, after: { ...account, factor, revision: account.revision + 1 }, endSessions: false });
}

function refuseSecond({ factor }: AccountRow): void {
  if (factor?.isOn === true) throw new Refusal('forbidden', 'A second factor is on already. Turn it off first.');
}
