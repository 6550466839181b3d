/**
 * Turning the second factor of an account on and off. The password is proved once more, since a session alone must not change how people come in.
 * SPEC.md section 12.
 */
import { rereadAccount } from './account-reading.js';
import type { BegunSecondFactor } from './api.js';
import { accountOf, type Connection, updateAccount } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { checkHead, nameChange } from './head-revisions.js';
import { passwordProof } from './password-proof.js';
import type { AccountRecord } from './protocol/messages.js';
import { isLostAnswer } from './retries.js';

type Signal = AbortSignal | undefined;

/** Makes a secret that waits for its first code. */
export async function beginSecondFactor(connection: Connection, password: string, signal: Signal): Promise<BegunSecondFactor> {
  await checkHead(connection, signal);
  const { authKey } = await passwordProof(connection, password, signal);
  const begun = await connection.transport.call('beginSecondFactor', { body: { authKey }, signal });
  // All are shown, and the link is there to be followed.
  if (!/^[A-Z2-7]{32}$/.test(begun.secret) || !begun.link.startsWith('otpauth://totp/') || !begun.picture.startsWith('data:image/gif;base64,')) throw fault('answer-invalid');
  return begun;
}

/** Turns it on; answers the backup codes. Where they were lost with the answer, the error says so. */
export async function confirmSecondFactor(connection: Connection, code: string, signal: Signal): Promise<{ readonly backupCodes: readonly string[] }> {
  accountOf(connection);
  const { backupCodes } = await settled(connection.transport.call('confirmSecondFactor', { body: { code }, signal }), async (lost) => {
    if ((await rereadAccount(connection, signal)).secondFactor === undefined) throw lost;
    throw new DiceError(lost.code, `${lost.message} The second factor is on, but its backup codes were lost with the answer. Turn it off with a code of the app, and on again.`, lost.extra);
  });
  if (!backupCodes.every((one) => /^[A-Z2-7]{16}$/.test(one))) throw fault('answer-invalid');
  noteFactor(connection, { backupCodesLeft: backupCodes.length });
  // The codes are shown once: what fails from here on is told by whatever comes next.
  await nameFactor(connection, signal).catch(() => undefined);
  return { backupCodes };
}

/** Turns it off. */
export async function endSecondFactor(connection: Connection, { password, code }: { readonly password: string; readonly code: string }, signal: Signal): Promise<void> {
  await checkHead(connection, signal);
  const { authKey } = await passwordProof(connection, password, signal);
  await settled(connection.transport.call('endSecondFactor', { body: { authKey, code }, signal }), async (lost) => {
    if ((await rereadAccount(connection, signal)).secondFactor !== undefined) throw lost;
  });
  noteFactor(connection, undefined);
  await nameFactor(connection, signal);
}

/** The answer; where it was lost, what `findOut` finds. */
async function settled<T>(answer: Promise<T>, findOut: (lost: DiceError) => Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (thrown) {
    if (!isLostAnswer(thrown)) throw thrown;
    return findOut(thrown);
  }
}

/** It is so, whatever becomes of reading it. */
function noteFactor(connection: Connection, secondFactor: AccountRecord['secondFactor']): void {
  const account = accountOf(connection);
  const record: AccountRecord = { ...account.record, ...(secondFactor === undefined ? {} : { secondFactor }) };
  if (secondFactor === undefined) Reflect.deleteProperty(record, 'secondFactor');
  updateAccount(connection, { ...account, record });
}

/** Goes on with the changed record, and has the account head name it. */
async function nameFactor(connection: Connection, signal: Signal): Promise<void> {
  await rereadAccount(connection, signal);
  await nameChange(connection, signal);
}
