/**
 * What all parts of one client share: the platform, the network, the server's card and the account that is logged in.
 * SPEC.md section 12.
 */
import type { OpenAccount } from './account.js';
import { fault } from './core/errors.js';
import type { ImageReads } from './image-reads.js';
import type { Platform } from './ports.js';
import type { ServerCard, SessionGrant } from './protocol/messages.js';
import type { SessionId } from './protocol/ids.js';
import type { SessionProof, Transport } from './transport.js';

/** A session and the account behind it. */
export interface LiveSession {
  readonly sessionId: SessionId;
  readonly proof: SessionProof;
  /** Pages only: seals the account key across page loads. */
  readonly pageKey: Uint8Array | undefined;
  /** Pages only: the session outlives the browser. */
  readonly isKept: boolean;
  readonly account: OpenAccount;
}

/** What the server granted, and whether it was asked to keep it. */
export interface BegunSession {
  readonly grant: SessionGrant;
  readonly isKept: boolean;
}

/** One client's connection; `session` changes as people log in and out. */
export interface Connection {
  readonly platform: Platform;
  readonly transport: Transport;
  readonly reads: ImageReads;
  readonly server: ServerCard;
  readonly serverUrl: string;
  session: LiveSession | undefined;
}

/** The live session. Throws DiceError `not-logged-in`. */
export function sessionOf(connection: Connection): LiveSession {
  if (connection.session === undefined) throw fault('not-logged-in');
  return connection.session;
}

/** The account that is logged in. Throws DiceError `not-logged-in`. */
export function accountOf(connection: Connection): OpenAccount {
  return sessionOf(connection).account;
}

/** Goes on as the session of a grant. Throws `answer-invalid` where the grant lacks what its carrier needs. */
export function beginSession(connection: Connection, { grant, isKept }: BegunSession, account: OpenAccount): void {
  const { token, csrfToken, pageKey } = grant;
  const proof = proofOf(connection, token, csrfToken);
  connection.session = { sessionId: grant.sessionId, proof, pageKey, isKept, account };
  connection.transport.useSession(proof);
}

/** Forgets the session and its keys. */
export function forgetSession(connection: Connection): void {
  connection.session = undefined;
  connection.transport.useSession(undefined);
}

/** The same session with a changed account. */
export function updateAccount(connection: Connection, account: OpenAccount): void {
  connection.session = { ...sessionOf(connection), account };
}

function proofOf({ platform }: Connection, token: Uint8Array | undefined, csrfToken: Uint8Array | undefined): SessionProof {
  if (platform.carrier === 'bearer' && token !== undefined) return { kind: 'bearer', token };
  if (platform.carrier === 'cookie' && csrfToken !== undefined) return { kind: 'cookie', csrfToken };
  throw fault('answer-invalid', 'The session has no token.');
}
