/**
 * Closing an account: the password proves it once more, and where the answer was lost, the end of the session tells that it happened.
 * SPEC.md section 12.
 */
import type { CloseRequest } from './api.js';
import { accountOf, type Connection } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { passwordProof } from './password-proof.js';
import { isLostAnswer } from './retries.js';

/** Closes the account on the server. What the client keeps of it is the caller's to forget. */
export async function closeAccount(connection: Connection, request: CloseRequest, signal: AbortSignal | undefined): Promise<void> {
  const { username } = accountOf(connection).record;
  if (request.username.normalize('NFKC').trim().toLowerCase() !== username) throw fault('argument-invalid', 'The user name is not the one of this account.');
  const { authKey } = await passwordProof(connection, request.password, signal);
  try {
    await connection.transport.call('closeAccount', { body: { authKey }, signal });
  } catch (thrown) {
    if (!isLostAnswer(thrown) || !(await isGone(connection, signal))) throw thrown;
  }
}

async function isGone({ transport }: Connection, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await transport.call('readAccount', { body: undefined, signal });
    return false;
  } catch (thrown) {
    return thrown instanceof DiceError && thrown.code === 'unauthenticated';
  }
}
