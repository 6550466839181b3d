/**
 * The table of all routes below /api/v1: the server mounts exactly these, the transport calls exactly
 * these, the OpenAPI document and the authorisation tests are made from them. SPEC.md section 12.
 */
import * as m from './messages.js';
import type { Schema } from './schema.js';

export const apiPrefix = '/api/v1';
/** Header that carries the CSRF token of a cookie session, base64url, on everything but GET. */
export const csrfHeader = 'x-dice-csrf';

/** Who may call: anyone; any session; the operator's session. */
export type Access = 'anyone' | 'session' | 'operator';

/** One route. Bodies are JSON by a schema, a stream of frames, commits, packed hashes of 32 bytes, octets, or nothing. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the prefix; `:name` is an id. */
  readonly path: string;
  readonly access: Access;
  readonly request?: Schema<unknown> | 'frames' | 'commits' | 'hashes';
  readonly response?: Schema<unknown> | 'frames' | 'octets';
  /** May be repeated without harm after an unanswered try. */
  readonly isRepeatable: boolean;
  readonly says: string;
}

export const routes = {
  readServer: { method: 'GET', path: '/server', access: 'anyone', response: m.serverCard, isRepeatable: true, says: 'What this server is and what it allows.' },
  register: { method: 'POST', path: '/accounts', access: 'anyone', request: m.registration, response: m.sessionGrant, isRepeatable: false, says: 'Makes an account and logs it in.' },
  readLoginParameters: { method: 'POST', path: '/login/parameters', access: 'anyone', request: m.loginParametersRequest, response: m.loginParameters, isRepeatable: true, says: 'Salt and cost of a user’s password.' },
  login: { method: 'POST', path: '/login', access: 'anyone', request: m.loginRequest, response: m.sessionGrant, isRepeatable: true, says: 'Begins a session.' },
  openRecovery: { method: 'POST', path: '/recovery', access: 'anyone', request: m.recoveryRequest, response: m.recoveryAnswer, isRepeatable: true, says: 'Gives the account key wrapped under the recovery words.' },
  openInvitation: { method: 'POST', path: '/invitations/open', access: 'anyone', request: m.invitationOpening, response: m.openedInvitation, isRepeatable: true, says: 'Reads an invitation without using it.' },
  changeCredentials: { method: 'PUT', path: '/account/credentials', access: 'anyone', request: m.credentialChange, response: m.sessionGrant, isRepeatable: false, says: 'Replaces password or recovery words; ends all other sessions.' },
  logout: { method: 'POST', path: '/logout', access: 'session', isRepeatable: true, says: 'Ends this session.' },
  readPageSession: { method: 'GET', path: '/session', access: 'session', response: m.pageSession, isRepeatable: true, says: 'Page key and CSRF token of a cookie session.' },
  readAccount: { method: 'GET', path: '/account', access: 'session', response: m.accountRecord, isRepeatable: true, says: 'The sealed account record.' },
  closeAccount: { method: 'DELETE', path: '/account', access: 'session', request: m.accountClosing, isRepeatable: false, says: 'Closes the account: its images, sessions, tokens and records go.' },
  beginSecondFactor: { method: 'POST', path: '/account/second-factor', access: 'session', request: m.factorBeginning, response: m.begunFactor, isRepeatable: true, says: 'Makes the secret of a second factor; a first code turns it on.' },
  confirmSecondFactor: { method: 'PUT', path: '/account/second-factor', access: 'session', request: m.factorConfirmation, response: m.confirmedFactor, isRepeatable: false, says: 'Turns the second factor on; gives the backup codes.' },
  endSecondFactor: { method: 'DELETE', path: '/account/second-factor', access: 'session', request: m.factorEnding, isRepeatable: false, says: 'Turns the second factor off.' },
  changeKeyring: { method: 'PUT', path: '/account/keyring', access: 'session', request: m.keyringChange, response: m.keyringChanged, isRepeatable: false, says: 'Replaces the sealed domain keyring.' },
  changeEmail: { method: 'PUT', path: '/account/email', access: 'session', request: m.emailChange, isRepeatable: true, says: 'Sets or clears the e-mail address.' },
  readUsage: { method: 'GET', path: '/account/usage', access: 'session', response: m.usage, isRepeatable: true, says: 'Quota and use.' },
  listSessions: { method: 'GET', path: '/sessions', access: 'session', response: m.sessionList, isRepeatable: true, says: 'Sessions and tokens of the account.' },
  endSession: { method: 'DELETE', path: '/sessions/:sessionId', access: 'session', isRepeatable: true, says: 'Revokes a session or token.' },
  makeToken: { method: 'POST', path: '/tokens', access: 'session', request: m.tokenRequest, response: m.tokenGrant, isRepeatable: false, says: 'Makes a long-lived token for a program.' },
  invite: { method: 'POST', path: '/invitations', access: 'session', request: m.invitationRequest, response: m.invitationCard, isRepeatable: false, says: 'Makes an invitation.' },
  listInvitations: { method: 'GET', path: '/invitations', access: 'session', response: m.invitationList, isRepeatable: true, says: 'Invitations of the account.' },
  endInvitation: { method: 'DELETE', path: '/invitations/:invitationId', access: 'session', isRepeatable: true, says: 'Withdraws an invitation.' },
  readHead: { method: 'GET', path: '/account/head', access: 'session', response: m.headCard, isRepeatable: true, says: 'The newest account head.' },
  listHeads: { method: 'GET', path: '/account/heads', access: 'session', response: m.headList, isRepeatable: true, says: 'Heads after one, the oldest first; query: after.' },
  listLeaves: { method: 'GET', path: '/account/leaves', access: 'session', response: 'octets', isRepeatable: true, says: 'Leaves of the account head, in order of ids; query: after.' },
  readHeadPaths: { method: 'POST', path: '/account/head/paths', access: 'session', request: m.headPathsRequest, response: 'octets', isRepeatable: true, says: 'The part of the tree that leads to some image ids.' },
  replaceHead: { method: 'PUT', path: '/account/head', access: 'session', request: m.headChange, isRepeatable: false, says: 'Replaces the account head by the one that follows it.' },
  beginUpload: { method: 'POST', path: '/uploads', access: 'session', response: m.uploadGrant, isRepeatable: true, says: 'Begins an upload session.' },
  askExistence: { method: 'POST', path: '/uploads/:uploadId/existence', access: 'session', request: 'hashes', response: m.existenceAnswer, isRepeatable: true, says: 'Asks which blocks must be sent; pins those that are there.' },
  claimBlocks: { method: 'POST', path: '/uploads/:uploadId/claims', access: 'session', request: m.claimRequest, response: m.claimAnswer, isRepeatable: false, says: 'Claims blocks by proof of possession.' },
  sendBlocks: { method: 'POST', path: '/uploads/:uploadId/blocks', access: 'session', request: 'frames', response: m.intakeAnswer, isRepeatable: true, says: 'Sends blocks.' },
  commitImages: { method: 'POST', path: '/uploads/:uploadId/commits', access: 'session', request: 'commits', response: m.commitAnswer, isRepeatable: true, says: 'Commits images.' },
  endUpload: { method: 'DELETE', path: '/uploads/:uploadId', access: 'session', isRepeatable: true, says: 'Ends an upload session and releases its pins.' },
  listImages: { method: 'GET', path: '/images', access: 'session', response: m.imageList, isRepeatable: true, says: 'Images, newest first; query: cursor, limit, trash (true or false).' },
  // Before the row whose id would take its name.
  readImages: { method: 'POST', path: '/images/records', access: 'session', request: m.recordsRequest, response: m.recordsAnswer, isRepeatable: true, says: 'Several images with their sealed manifests, in the order asked; left out: what is unknown, and what is too much for one answer.' },
  readImage: { method: 'GET', path: '/images/:imageId', access: 'session', response: m.imageRecord, isRepeatable: true, says: 'One image with its sealed manifest.' },
  readPreview: { method: 'GET', path: '/images/:imageId/preview', access: 'session', response: 'octets', isRepeatable: true, says: 'The sealed preview.' },
  fetchBlocks: { method: 'POST', path: '/images/:imageId/blocks', access: 'session', request: 'hashes', response: 'frames', isRepeatable: true, says: 'Fetches blocks by their tags.' },
  trashImage: { method: 'DELETE', path: '/images/:imageId', access: 'session', isRepeatable: true, says: 'Moves an image to the trash.' },
  restoreImage: { method: 'POST', path: '/images/:imageId/restore', access: 'session', isRepeatable: true, says: 'Takes an image out of the trash.' },
  purgeImage: { method: 'DELETE', path: '/trash/:imageId', access: 'session', isRepeatable: true, says: 'Removes a trashed image for good.' },
  readReport: { method: 'GET', path: '/report', access: 'session', response: m.accountReport, isRepeatable: true, says: 'Figures of this account.' },
  readOperatorReport: { method: 'GET', path: '/operator/report', access: 'operator', response: m.operatorReport, isRepeatable: true, says: 'Physical figures of the store.' },
  listUsers: { method: 'GET', path: '/operator/users', access: 'operator', response: m.userList, isRepeatable: true, says: 'Accounts of the server; query: cursor.' },
  collect: { method: 'POST', path: '/operator/collect', access: 'operator', response: m.collectAnswer, isRepeatable: true, says: 'Runs the collector now.' },
} as const satisfies Readonly<Record<string, Route>>;

/** Name of a route. */
export type RouteName = keyof typeof routes;
