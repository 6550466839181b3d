/**
 * Turning the second factor of an account on and off. The password is proved once more, since a session alone must not change how people come in.
 * SPEC.md section 12.
 */
import type { BegunSecondFactor } from './api.js';
import { accountOf, type Connection } from './connection.js';
import { fault } from './core/errors.js';
import { deriveLogin } from './core/keys/password.js';
import { rereadAccount } from './sessions.js';

type Signal = AbortSignal | undefined;

/** Makes a secret that waits for its first code. */
export async function beginSecondFactor(connection: Connection, password: string, signal: Signal): Promise<BegunSecondFactor> {
  const begun = await connection.transport.call('beginSecondFactor', { body: { authKey: await authKeyOf(connection, password, signal) }, signal });
  // Both are shown, and the link is there to be followed.
  if (!/^[A-Z2-7]{32}$/.test(begun.secret) || !begun.link.startsWith('otpauth://totp/')) throw fault('answer-invalid');
  return begun;
}

/** Turns it on; answers the backup codes. */
export async function confirmSecondFactor(connection: Connection, code: string, signal: Signal): Promise<{ readonly backupCodes: readonly string[] }> {
  accountOf(connection);
  const { backupCodes } = await connection.transport.call('confirmSecondFactor', { body: { code }, signal });
  if (!backupCodes.every((one) => /^[A-Z2-7]{16}$/.test(one))) throw fault('answer-invalid');
  await rereadAccount(connection, signal);
  return { backupCodes };
}

/** Turns it off. */
export async function endSecondFactor(connection: Connection, { password, code }: { readonly password: string; readonly code: string }, signal: Signal): Promise<void> {
  await connection.transport.call('endSecondFactor', { body: { authKey: await authKeyOf(connection, password, signal), code }, signal });
  await rereadAccount(connection, signal);
}

async function authKeyOf(connection: Connection, password: string, signal: Signal): Promise<Uint8Array> {
  const { platform, server, transport } = connection;
  accountOf(connection);
  const { kdf } = await transport.call('readAccount', { body: undefined, signal });
  return (await deriveLogin(platform.crypto, { password, realm: server.realm, kdf })).authKey;
}
