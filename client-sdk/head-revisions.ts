/**
 * Keyring and credentials under the account head: held against it before they change, named by it afterwards. SPEC.md section 14.
 */
import { isForbidden } from './account-head.js';
import type { Connection } from './connection.js';
import { DiceError } from './core/errors.js';
import { withHeads } from './head-check.js';

type Signal = AbortSignal | undefined;

/** Nothing is changed on a state that the server took back. Throws what AccountHeads.trusted throws. */
export function checkHead(connection: Connection, signal: Signal): Promise<void> {
  return withHeads(connection, signal, async (heads) => { await heads.trusted(); });
}

/**
 * Signs a head that names a change which the server acknowledged. What the network does to it makes no error of the change: whoever signs next names
 * it. Throws where the server showed what it must not show.
 */
export async function nameChange(connection: Connection, signal: Signal): Promise<void> {
  try {
    await withHeads(connection, signal, (heads) => heads.name());
  } catch (thrown) {
    if (!(thrown instanceof DiceError)) throw thrown;
    if (isForbidden(thrown)) throw new DiceError(thrown.code, `${thrown.message} The change itself was acknowledged.`, thrown.extra);
  }
}
