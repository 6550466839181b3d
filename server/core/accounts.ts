/**
 * Accounts: registration, login, recovery and changes. The server sees proofs and sealed objects, never a password or a
 * key. The record of an account is durable in a pack before its row says so. SPEC.md sections 8 and 12.
 */
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { scryptDefault } from '../../client-sdk/protocol/limits.js';
import type { CredentialChange, Kdf, LoginRequest } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow } from '../ports/account-store.js';
import { accountRecordOf } from './account-view.js';
import { closeAccount } from './closing.js';
import type { AccountService, BegunSession, Origin, Parts } from './contract.js';
import { beginFactor, confirmFactor, endFactor, keepCodes, type FactorDesk } from './factor-changes.js';
import { createProving, type Proof } from './proof.js';
import { createQueue, type Queue } from './queue.js';
import { checkKdf, registerAccount } from './registration.js';
import type { SessionIssuer } from './sessions.js';
import { existingAccount, storeAccount } from './stored-account.js';
import type { Throttle } from './throttle.js';

const maxTries = 3;

interface Desk extends FactorDesk {
  readonly sessions: SessionIssuer;
  readonly queue: Queue;
}

export function createAccounts(parts: Parts, sessions: SessionIssuer, throttle: Throttle): AccountService {
  const desk: Desk = { parts, sessions, throttle, prove: createProving(parts, throttle), queue: createQueue() };
  parts.meter?.watch('queue', 'accounts', () => desk.queue.steps());
  return {
    async register(registration, origin) {
      const account = await registerAccount(parts, registration, origin);
      return sessions.begin(account, registration);
    },
    hasAccounts: async () => (await parts.stores.accounts.count()) > 0,
    loginParameters: (username) => loginParameters(parts, username),
    login: (request, origin) => login(desk, request, origin),
    async openRecovery(request, origin) {
      const { account } = await desk.prove(request, origin, 'none');
      return { account: accountRecordOf(account, parts.policy), recoveryWrappedAccountKey: account.recoveryWrappedAccountKey };
    },
    changeCredentials: (change, origin) => changeCredentials(desk, change, origin),
    changeKeyring: (accountId, change) =>
      desk.queue.run(accountId, async () => {
        const account = await existingAccount(parts, accountId);
        if (account.keyringRevision !== change.expectedRevision) throw new Refusal('revision-conflict');
        const changed = { ...account, keyring: change.keyring, keyringRevision: account.keyringRevision + 1 };
        return (await storeAccount(parts, { before: account, after: changed, endSessions: false })).keyringRevision;
      }),
    changeEmail: (accountId, email) =>
      desk.queue.run(accountId, async () => {
        const account = await existingAccount(parts, accountId);
        await storeAccount(parts, { before: account, after: { ...account, email }, endSessions: false });
      }),
    beginSecondFactor: (account, authKey, origin) => desk.queue.run(account.accountId, () => beginFactor(desk, account, { authKey, origin })),
    confirmSecondFactor: (account, code, origin) => desk.queue.run(account.accountId, () => confirmFactor(desk, account, { code, origin })),
    endSecondFactor: (account, proof, origin) => desk.queue.run(account.accountId, () => endFactor(desk, account, { ...proof, origin })),
    close: (account, authKey, origin) => close(desk, { account, authKey }, origin),
    record: (account) => accountRecordOf(account, parts.policy),
  };
}

async function loginParameters(parts: Parts, username: string): Promise<Kdf> {
  // Computed for known users too: both take the same steps.
  const salt = parts.world.hasher.hmacSha256(parts.secrets.saltKey, utf8(`dice/1/salt\n${username}`)).slice(0, 16);
  const account = await parts.stores.accounts.findByName(username);
  return account?.kdf ?? { ...scryptDefault, salt };
}

async function login(desk: Desk, request: LoginRequest, origin: Origin): Promise<BegunSession> {
  const { username, authKey, code } = request;
  const proof = { username, authKey, ...(code === undefined ? {} : { code }) };
  const { account: { accountId } } = await desk.prove(proof, origin, 'shown');
  // Proved again in turn: a session begun on an old secret would outlive the change that ends all of them. And a code is used once.
  return desk.queue.run(accountId, async () => desk.sessions.begin(await spend(desk, { proof, origin, tries: maxTries }), request));
}

/** Proves, and notes the backup code that was used; proves again where another process changed the account in between. */
async function spend(desk: Desk, { proof, origin, tries }: { readonly proof: Proof; readonly origin: Origin; readonly tries: number }): Promise<AccountRow> {
  const { account, factor } = await desk.prove(proof, origin, 'spent');
  try {
    return await keepCodes(desk.parts, account, factor);
  } catch (error) {
    if (tries <= 1 || !(error instanceof Refusal) || error.code !== 'revision-conflict') throw error;
    return spend(desk, { proof, origin, tries: tries - 1 });
  }
}

async function changeCredentials(desk: Desk, change: CredentialChange, origin: Origin): Promise<BegunSession> {
  if (change.password === undefined && change.recovery === undefined) {
    throw new Refusal('request-invalid', 'A change names a new password, new recovery words, or both.');
  }
  if (change.password !== undefined) checkKdf(change.password.kdf);
  const { account: { accountId } } = await desk.prove(change.proof, origin, 'shown');
  return desk.queue.run(accountId, async () => {
    // Proved again on the row that is replaced: another change may have come first.
    const { account: before, factor } = await desk.prove(change.proof, origin, 'spent');
    if (before.revision !== change.expectedRevision) throw new Refusal('revision-conflict');
    const after = { ...withCredentials(desk.parts, before, change), factor: factor?.isOn === true ? factor : undefined };
    const account = await storeAccount(desk.parts, { before, after, endSessions: true });
    return desk.sessions.begin(account, change);
  });
}

function close(desk: Desk, { account, authKey }: { readonly account: AccountRow; readonly authKey: Uint8Array }, origin: Origin): Promise<void> {
  return desk.queue.run(account.accountId, async () => {
    const { account: { isOperator, accountId } } = await desk.prove({ username: account.username, authKey }, origin, 'none');
    if (isOperator) throw new Refusal('forbidden', 'The operator’s account cannot be closed: it runs the server for the others.');
    await closeAccount(desk.parts, accountId);
  });
}

function withCredentials(parts: Parts, account: AccountRow, { password, recovery }: CredentialChange): AccountRow {
  const { hasher } = parts.world;
  return {
    ...account,
    revision: account.revision + 1,
    ...(password === undefined ? {} : { kdf: password.kdf, authHash: hasher.sha256(password.authKey), wrappedAccountKey: password.wrappedAccountKey }),
    ...(recovery === undefined ? {} : { recoveryHash: hasher.sha256(recovery.recoveryAuth), recoveryWrappedAccountKey: recovery.wrappedAccountKey }),
  };
}
