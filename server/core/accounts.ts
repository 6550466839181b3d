/**
 * Accounts: registration, login, recovery and changes. The server sees proofs and sealed objects, never a password or a
 * key. The record of an account is durable in a pack before its row says so. SPEC.md sections 8 and 12.
 */
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { scryptDefault } from '../../client-sdk/protocol/limits.js';
import type { CredentialChange, Kdf } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow } from '../ports/account-store.js';
import { accountRecordOf } from './account-view.js';
import { isEqualSecret } from './constant-time.js';
import { closeAccount } from './closing.js';
import type { AccountService, BegunSession, Origin, Parts } from './contract.js';
import { networkOf } from './network.js';
import { createQueue, type Queue } from './queue.js';
import { appendAccount, appendRemoval } from './records.js';
import { checkKdf, registerAccount } from './registration.js';
import type { SessionIssuer } from './sessions.js';
import type { Throttle } from './throttle.js';

/** What shows ownership: either secret. */
interface Proof {
  readonly username: string;
  readonly authKey?: Uint8Array;
  readonly recoveryAuth?: Uint8Array;
}

interface Desk {
  readonly parts: Parts;
  readonly sessions: SessionIssuer;
  readonly throttle: Throttle;
  readonly queue: Queue;
  readonly tries: Queue;
}

export function createAccounts(parts: Parts, sessions: SessionIssuer, throttle: Throttle): AccountService {
  const desk: Desk = { parts, sessions, throttle, queue: createQueue(), tries: createQueue() };
  parts.meter?.watch('queue', 'accounts', () => desk.queue.steps());
  return {
    async register(registration, origin) {
      const account = await registerAccount(parts, registration, origin);
      return sessions.begin(account, registration);
    },
    hasAccounts: async () => (await parts.stores.accounts.count()) > 0,
    loginParameters: (username) => loginParameters(parts, username),
    async login(request, origin) {
      const proof = { username: request.username, authKey: request.authKey };
      const { accountId } = await prove(desk, proof, origin);
      // Proved again in turn: a session begun on an old secret would outlive the change that ends all of them.
      return desk.queue.run(accountId, async () => sessions.begin(await prove(desk, proof, origin), request));
    },
    async openRecovery(request, origin) {
      const account = await prove(desk, request, origin);
      return { account: accountRecordOf(account, parts.policy), recoveryWrappedAccountKey: account.recoveryWrappedAccountKey };
    },
    changeCredentials: (change, origin) => changeCredentials(desk, change, origin),
    changeKeyring: (accountId, change) =>
      desk.queue.run(accountId, async () => {
        const account = await existing(parts, accountId);
        if (account.keyringRevision !== change.expectedRevision) throw new Refusal('revision-conflict');
        const changed = { ...account, keyring: change.keyring, keyringRevision: account.keyringRevision + 1 };
        return (await store(parts, { before: account, after: changed, endSessions: false })).keyringRevision;
      }),
    changeEmail: (accountId, email) =>
      desk.queue.run(accountId, async () => {
        const account = await existing(parts, accountId);
        await store(parts, { before: account, after: { ...account, email }, endSessions: false });
      }),
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

/** The account whose secret the proof holds. Tries of one network wait for each other: none is let in before the failure of the one before it is counted. */
function prove(desk: Desk, proof: Proof, origin: Origin): Promise<AccountRow> {
  return desk.tries.run(networkOf(origin.address), () => compare(desk, proof, origin));
}

/** An unknown user is compared with a hash that nothing has. */
async function compare({ parts, throttle }: Desk, proof: Proof, origin: Origin): Promise<AccountRow> {
  throttle.check(proof.username, origin.address);
  const account = await parts.stores.accounts.findByName(proof.username);
  const nobody = parts.world.hasher.hmacSha256(parts.secrets.saltKey, utf8('dice/1/nobody'));
  const isAuth = isSecretOf(parts, proof.authKey, account?.authHash ?? nobody);
  const isRecovery = isSecretOf(parts, proof.recoveryAuth, account?.recoveryHash ?? nobody);
  if (account === undefined || !(isAuth || isRecovery)) {
    throttle.failed(proof.username, origin.address);
    throw new Refusal('credentials-wrong');
  }
  throttle.succeeded(proof.username, origin.address);
  return account;
}

function isSecretOf(parts: Parts, secret: Uint8Array | undefined, hash: Uint8Array): boolean {
  return secret !== undefined && isEqualSecret(parts.world.hasher.sha256(secret), hash);
}

async function changeCredentials(desk: Desk, change: CredentialChange, origin: Origin): Promise<BegunSession> {
  if (change.password === undefined && change.recovery === undefined) {
    throw new Refusal('request-invalid', 'A change names a new password, new recovery words, or both.');
  }
  if (change.password !== undefined) checkKdf(change.password.kdf);
  const { accountId } = await prove(desk, change.proof, origin);
  return desk.queue.run(accountId, async () => {
    // Proved again on the row that is replaced: another change may have come first.
    const before = await prove(desk, change.proof, origin);
    if (before.revision !== change.expectedRevision) throw new Refusal('revision-conflict');
    const account = await store(desk.parts, { before, after: withCredentials(desk.parts, before, change), endSessions: true });
    return desk.sessions.begin(account, change);
  });
}

function close(desk: Desk, { account, authKey }: { readonly account: AccountRow; readonly authKey: Uint8Array }, origin: Origin): Promise<void> {
  return desk.queue.run(account.accountId, async () => {
    const { isOperator, accountId } = await prove(desk, { username: account.username, authKey }, origin);
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

async function existing(parts: Parts, accountId: AccountId): Promise<AccountRow> {
  const account = await parts.stores.accounts.find(accountId);
  if (account === undefined) throw new Refusal('unauthenticated');
  return account;
}

/** Record first, then the row if nobody else changed it; a record that lost is withdrawn. */
function store(parts: Parts, change: { readonly before: AccountRow; readonly after: AccountRow; readonly endSessions: boolean }): Promise<AccountRow> {
  return parts.gate.run(async () => {
    const { row, recordId } = await appendAccount(parts, change.after);
    if (await parts.stores.accounts.replace(row, change.before, change.endSessions)) return row;
    await appendRemoval(parts, { kind: 'withdrawn', recordId });
    throw new Refusal('revision-conflict');
  });
}
