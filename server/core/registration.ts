/**
 * Who may make an account, and making it. The first account becomes the operator's and needs to come from a trusted
 * place; later ones follow the sign-up mode. SPEC.md section 12.
 */
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { scryptCeiling, scryptFloor } from '../../client-sdk/protocol/limits.js';
import type { Kdf, Registration } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow, CreationTerms } from '../ports/account-store.js';
import { isEqualSecret } from './constant-time.js';
import type { Origin, Parts } from './contract.js';
import { appendAccount, appendRemoval } from './records.js';

/** The names that an account may have. */
export const usernamePattern = /^[a-z0-9._-]{3,64}$/;

/** Makes the account; its record is durable before its row. Refusals as AccountService.register says. */
export async function registerAccount(parts: Parts, registration: Registration, origin: Origin): Promise<AccountRow> {
  if (!usernamePattern.test(registration.username)) {
    throw new Refusal('request-invalid', 'A user name has 3 to 64 characters of a-z, 0-9, dot, underscore and hyphen.');
  }
  checkKdf(registration.password.kdf);
  const terms = await termsFor(parts, registration, origin);
  const made = await create(parts, registration, terms);
  if (made !== undefined) return made;
  // Somebody else became the first one meanwhile: the ordinary terms hold.
  const later = await create(parts, registration, await termsFor(parts, registration, origin));
  if (later === undefined) throw new Refusal('unavailable');
  return later;
}

/** Refuses a cost below the floor or above what clients accept. */
export function checkKdf(kdf: Kdf): void {
  const isAllowed = (name: 'log2N' | 'r' | 'p') => kdf[name] >= scryptFloor[name] && kdf[name] <= scryptCeiling[name];
  if (!isAllowed('log2N') || !isAllowed('r') || !isAllowed('p')) {
    throw new Refusal('request-invalid', 'The cost of the password hash is outside the allowed range.');
  }
}

async function termsFor(parts: Parts, registration: Registration, origin: Origin): Promise<CreationTerms> {
  const now = parts.world.clock.now();
  if ((await parts.stores.accounts.count()) === 0) {
    if (!origin.isTrustedLocal && !isSetupToken(parts, registration.setupToken)) throw new Refusal('setup-token-required');
    return { mustBeFirst: true, invitation: undefined, now };
  }
  if (parts.policy.signup === 'closed') throw new Refusal('signup-closed');
  if (registration.invitationCode === undefined) {
    if (parts.policy.signup === 'invite') throw new Refusal('invitation-required');
    return { mustBeFirst: false, invitation: undefined, now };
  }
  const invitation = await parts.stores.accounts.findInvitation(parts.world.hasher.sha256(registration.invitationCode), now);
  if (invitation === undefined) throw new Refusal('invitation-invalid');
  return { mustBeFirst: false, invitation: invitation.invitationId, now };
}

function isSetupToken(parts: Parts, presented: string | undefined): boolean {
  const { setupToken } = parts.secrets;
  if (setupToken === undefined || presented === undefined) return false;
  // Hashed first: equal lengths, so the comparison tells nothing of the token's length.
  return isEqualSecret(parts.world.hasher.sha256(utf8(presented)), parts.world.hasher.sha256(utf8(setupToken)));
}

/** The row made, or undefined where the account was to be the first and is not. */
function create(parts: Parts, registration: Registration, terms: CreationTerms): Promise<AccountRow | undefined> {
  const { accounts } = parts.stores;
  return parts.gate.run(async () => {
    if ((await accounts.find(registration.accountId)) !== undefined) throw new Refusal('account-exists');
    if ((await accounts.findByName(registration.username)) !== undefined) throw new Refusal('username-taken');
    const { row, recordId } = await appendAccount(parts, accountOf(parts, registration, terms));
    const outcome = await accounts.create(row, terms);
    if (outcome === 'created') return row;
    await appendRemoval(parts, { kind: 'withdrawn', recordId });
    if (outcome === 'not-first') return undefined;
    throw new Refusal(refusalOf[outcome]);
  });
}

const refusalOf = { 'id-taken': 'account-exists', 'name-taken': 'username-taken', 'invitation-invalid': 'invitation-invalid' } as const;

function accountOf(parts: Parts, registration: Registration, terms: CreationTerms): Omit<AccountRow, 'place'> {
  const { accountId, username, email, password, recovery, identity, keyring } = registration;
  const sha256 = (bytes: Uint8Array) => parts.world.hasher.sha256(bytes);
  return {
    accountId, username, email, identity, keyring,
    isOperator: terms.mustBeFirst,
    kdf: password.kdf,
    authHash: sha256(password.authKey),
    recoveryHash: sha256(recovery.recoveryAuth),
    wrappedAccountKey: password.wrappedAccountKey,
    recoveryWrappedAccountKey: recovery.wrappedAccountKey,
    keyringRevision: 1,
    revision: 1,
    factor: undefined,
    quotaBytes: undefined,
    createdAt: terms.now,
  };
}
