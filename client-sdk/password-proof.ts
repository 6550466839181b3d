/**
 * What the password of an account that is logged in proves to the server, derived as the account record says now. SPEC.md section 8.
 */
import { rereadAccount } from './account-reading.js';
import type { Connection } from './connection.js';
import { deriveLogin } from './core/keys/password.js';

/** The proof, and the revision of the credentials that it belongs to. */
export async function passwordProof(connection: Connection, password: string, signal: AbortSignal | undefined): Promise<{ readonly authKey: Uint8Array; readonly revision: number }> {
  const { kdf, revision } = await rereadAccount(connection, signal);
  const { authKey } = await deriveLogin(connection.platform.crypto, { password, realm: connection.server.realm, kdf });
  return { authKey, revision };
}
