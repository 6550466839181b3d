/**
 * Turning the second factor of an account on and off. The password is proved once more, since a session alone must not change how people come in.
 * SPEC.md section 12.
 */
import { rereadAccount } from './account-reading.js';
import type { BegunSecondFactor } from './api.js';
import { accountOf, type Connection } from './connection.js';
import { fault } from './core/errors.js';
import { checkHead, nameChange } from './head-revisions.js';
import { passwordProof } from './password-proof.js';

type Signal = AbortSignal | undefined;

/** Makes a secret that waits for its first code. */
export async function beginSecondFactor(connection: Connection, password: string, signal: Signal): Promise<BegunSecondFactor> {
  await checkHead(connection, signal);
  const { authKey } = await passwordProof(connection, password, signal);
  const begun = await connection.transport.call('beginSecondFactor', { body: { authKey }, signal });
  // Both are shown, and the link is there to be followed.
  if (!/^[A-Z2-7]{32}$/.test(begun.secret) || !begun.link.startsWith('otpauth://totp/')) throw fault('answer-invalid');
  return begun;
}

/** Turns it on; answers the backup codes. */
export async function confirmSecondFactor(connection: Connection, code: string, signal: Signal): Promise<{ readonly backupCodes: readonly string[] }> {
  accountOf(connection);
  const { backupCodes } = await connection.transport.call('confirmSecondFactor', { body: { code }, signal });
  if (!backupCodes.every((one) => /^[A-Z2-7]{16}$/.test(one))) throw fault('answer-invalid');
  // The codes are shown once: what fails from here on is told by whatever comes next.
  await settle(connection, signal).catch(() => undefined);
  return { backupCodes };
}

/** Turns it off. */
export async function endSecondFactor(connection: Connection, { password, code }: { readonly password: string; readonly code: string }, signal: Signal): Promise<void> {
  await checkHead(connection, signal);
  const { authKey } = await passwordProof(connection, password, signal);
  await connection.transport.call('endSecondFactor', { body: { authKey, code }, signal });
  await settle(connection, signal);
}

/** Goes on with the changed record, and has the account head name it. */
async function settle(connection: Connection, signal: Signal): Promise<void> {
  await rereadAccount(connection, signal);
  await nameChange(connection, signal);
}
