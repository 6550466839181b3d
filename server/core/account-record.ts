/**
 * The payload of a pack record of type 'account': all of an account but its sessions and invitations, so that the
 * database can be rebuilt. Holds no key and no password: only what the row holds. RECORDS.md gives the bytes.
 */
import { textOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { backupCodes, hashBytes, idBytes, maxSealedBytes, maxUsernameChars, minUsernameChars } from '../../client-sdk/protocol/limits.js';
import { identityRecord, kdf } from '../../client-sdk/protocol/messages.js';
import { blob, count, flag, hex, id, integer, object, oneOf, optional, text, type Infer } from '../../client-sdk/protocol/schema.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { AccountRow, SecondFactor } from '../ports/account-store.js';
import type { Place } from '../ports/block-store.js';
import { CorruptionError } from '../ports/errors.js';

const maxRecordBytes = 1_048_576;
const revision = integer(1, Number.MAX_SAFE_INTEGER);

/** Of a factor that is on; one that waits for its first code is not recorded. */
const factor = object({ secret: hex(20), usedStep: count, codeHashes: blob(0, backupCodes * hashBytes) });

const schema = object({
  // 2 exactly where there is a factor: a program that does not know of it must not bring the account back without.
  format: oneOf('dice account 1', 'dice account 2'),
  recordId: hex(idBytes),
  writtenAt: count,
  accountId: id<AccountId>(),
  username: text(minUsernameChars, maxUsernameChars),
  email: optional(text(3, 254)),
  isOperator: flag,
  kdf,
  authHash: hex(hashBytes),
  recoveryHash: hex(hashBytes),
  wrappedAccountKey: blob(1, maxSealedBytes),
  recoveryWrappedAccountKey: blob(1, maxSealedBytes),
  identity: identityRecord,
  keyring: blob(1, maxSealedBytes),
  keyringRevision: revision,
  revision,
  quotaBytes: optional(count),
  factor: optional(factor),
  createdAt: count,
});

type ToldFactor = Pick<Infer<typeof schema>, 'format' | 'factor'>;

/** An account as a record tells it. `recordId` names this very record. */
export interface RecordedAccount {
  readonly recordId: Uint8Array;
  readonly writtenAt: number;
  readonly account: Omit<AccountRow, 'place'>;
}

/** The payload of `recorded`. */
export function encodeAccountRecord(recorded: RecordedAccount): Uint8Array {
  const { account, recordId, writtenAt } = recorded;
  const { email, quotaBytes, factor: held, ...rest } = account;
  // Members that the schema does not name (a row's place, that a factor is on) are left out by it.
  const json = schema.format({
    ...rest,
    ...formatFor(held),
    recordId,
    writtenAt,
    ...(email === undefined ? {} : { email }),
    ...(quotaBytes === undefined ? {} : { quotaBytes }),
  });
  return utf8(JSON.stringify(json));
}

/** What a payload tells. Throws CorruptionError where it has another form or version. */
export function decodeAccountRecord(payload: Uint8Array): RecordedAccount {
  const { recordId, writtenAt, ...told } = parse(payload);
  const { accountId, username, isOperator, kdf, authHash, recoveryHash, wrappedAccountKey, recoveryWrappedAccountKey } = told;
  const { identity, keyring, keyringRevision, revision, createdAt } = told;
  const account = {
    accountId, username, isOperator, kdf, authHash, recoveryHash, wrappedAccountKey, recoveryWrappedAccountKey,
    identity, keyring, keyringRevision, revision, createdAt,
    email: told.email,
    quotaBytes: told.quotaBytes,
    factor: factorOf(told),
  };
  return { recordId, writtenAt, account };
}

/** The row of a recorded account whose record lies at `place`. */
export function accountRowAt(recorded: RecordedAccount, place: Place): AccountRow {
  return { ...recorded.account, place };
}

function formatFor(held: SecondFactor | undefined): ToldFactor {
  return held?.isOn === true ? { format: 'dice account 2', factor: held } : { format: 'dice account 1' };
}

function factorOf({ format, factor: told }: ToldFactor): SecondFactor | undefined {
  if ((told === undefined) === (format === 'dice account 2') || (told !== undefined && told.codeHashes.length % hashBytes !== 0)) {
    throw new CorruptionError('an account record has an unknown form');
  }
  return told === undefined ? undefined : { ...told, isOn: true };
}

function parse(payload: Uint8Array): Infer<typeof schema> {
  const json = payload.length <= maxRecordBytes ? textOf(payload) : undefined;
  if (json === undefined) throw new CorruptionError('an account record is not text');
  try {
    return schema.parse(JSON.parse(json), 'account');
  } catch (error) {
    if (error instanceof Refusal || error instanceof SyntaxError) throw new CorruptionError('an account record has an unknown form');
    throw error;
  }
}
