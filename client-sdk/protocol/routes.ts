/**
 * The table of all routes below /api/v1: the server mounts exactly these, the transport calls exactly
 * these, the OpenAPI document and the authorisation tests are made from them. What each is for, in words, is route-texts.ts. SPEC.md section 12.
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
}

export const routes = {
  readServer: { method: 'GET', path: '/server', access: 'anyone', response: m.serverCard, isRepeatable: true },
  register: { method: 'POST', path: '/accounts', access: 'anyone', request: m.registration, response: m.sessionGrant, isRepeatable: false },
  readLoginParameters: { method: 'POST', path: '/login/parameters', access: 'anyone', request: m.loginParametersRequest, response: m.loginParameters, isRepeatable: true },
  login: { method: 'POST', path: '/login', access: 'anyone', request: m.loginRequest, response: m.sessionGrant, isRepeatable: true },
  openRecovery: { method: 'POST', path: '/recovery', access: 'anyone', request: m.recoveryRequest, response: m.recoveryAnswer, isRepeatable: true },
  openInvitation: { method: 'POST', path: '/invitations/open', access: 'anyone', request: m.invitationOpening, response: m.openedInvitation, isRepeatable: true },
  changeCredentials: { method: 'PUT', path: '/account/credentials', access: 'anyone', request: m.credentialChange, response: m.sessionGrant, isRepeatable: false },
  logout: { method: 'POST', path: '/logout', access: 'session', isRepeatable: true },
  readPageSession: { method: 'GET', path: '/session', access: 'session', response: m.pageSession, isRepeatable: true },
  readAccount: { method: 'GET', path: '/account', access: 'session', response: m.accountRecord, isRepeatable: true },
  closeAccount: { method: 'DELETE', path: '/account', access: 'session', request: m.accountClosing, isRepeatable: false },
  beginSecondFactor: { method: 'POST', path: '/account/second-factor', access: 'session', request: m.factorBeginning, response: m.begunFactor, isRepeatable: true },
  confirmSecondFactor: { method: 'PUT', path: '/account/second-factor', access: 'session', request: m.factorConfirmation, response: m.confirmedFactor, isRepeatable: false },
  endSecondFactor: { method: 'DELETE', path: '/account/second-factor', access: 'session', request: m.factorEnding, isRepeatable: false },
  changeKeyring: { method: 'PUT', path: '/account/keyring', access: 'session', request: m.keyringChange, response: m.keyringChanged, isRepeatable: false },
  changeEmail: { method: 'PUT', path: '/account/email', access: 'session', request: m.emailChange, isRepeatable: true },
  readUsage: { method: 'GET', path: '/account/usage', access: 'session', response: m.usage, isRepeatable: true },
  listSessions: { method: 'GET', path: '/sessions', access: 'session', response: m.sessionList, isRepeatable: true },
  endSession: { method: 'DELETE', path: '/sessions/:sessionId', access: 'session', isRepeatable: true },
  makeToken: { method: 'POST', path: '/tokens', access: 'session', request: m.tokenRequest, response: m.tokenGrant, isRepeatable: false },
  invite: { method: 'POST', path: '/invitations', access: 'session', request: m.invitationRequest, response: m.invitationCard, isRepeatable: false },
  listInvitations: { method: 'GET', path: '/invitations', access: 'session', response: m.invitationList, isRepeatable: true },
  endInvitation: { method: 'DELETE', path: '/invitations/:invitationId', access: 'session', isRepeatable: true },
  readHead: { method: 'GET', path: '/account/head', access: 'session', response: m.headCard, isRepeatable: true },
  listHeads: { method: 'GET', path: '/account/heads', access: 'session', response: m.headList, isRepeatable: true },
  listLeaves: { method: 'GET', path: '/account/leaves', access: 'session', response: 'octets', isRepeatable: true },
  readHeadPaths: { method: 'POST', path: '/account/head/paths', access: 'session', request: m.headPathsRequest, response: 'octets', isRepeatable: true },
  replaceHead: { method: 'PUT', path: '/account/head', access: 'session', request: m.headChange, isRepeatable: false },
  beginUpload: { method: 'POST', path: '/uploads', access: 'session', response: m.uploadGrant, isRepeatable: true },
  askExistence: { method: 'POST', path: '/uploads/:uploadId/existence', access: 'session', request: 'hashes', response: m.existenceAnswer, isRepeatable: true },
  claimBlocks: { method: 'POST', path: '/uploads/:uploadId/claims', access: 'session', request: m.claimRequest, response: m.claimAnswer, isRepeatable: false },
  sendBlocks: { method: 'POST', path: '/uploads/:uploadId/blocks', access: 'session', request: 'frames', response: m.intakeAnswer, isRepeatable: true },
  commitImages: { method: 'POST', path: '/uploads/:uploadId/commits', access: 'session', request: 'commits', response: m.commitAnswer, isRepeatable: true },
  endUpload: { method: 'DELETE', path: '/uploads/:uploadId', access: 'session', isRepeatable: true },
  listImages: { method: 'GET', path: '/images', access: 'session', response: m.imageList, isRepeatable: true },
  // Before the row whose id would take its name.
  readImages: { method: 'POST', path: '/images/records', access: 'session', request: m.recordsRequest, response: m.recordsAnswer, isRepeatable: true },
  readImage: { method: 'GET', path: '/images/:imageId', access: 'session', response: m.imageRecord, isRepeatable: true },
  readPreview: { method: 'GET', path: '/images/:imageId/preview', access: 'session', response: 'octets', isRepeatable: true },
  fetchBlocks: { method: 'POST', path: '/images/:imageId/blocks', access: 'session', request: 'hashes', response: 'frames', isRepeatable: true },
  trashImage: { method: 'DELETE', path: '/images/:imageId', access: 'session', isRepeatable: true },
  restoreImage: { method: 'POST', path: '/images/:imageId/restore', access: 'session', isRepeatable: true },
  purgeImage: { method: 'DELETE', path: '/trash/:imageId', access: 'session', isRepeatable: true },
  readReport: { method: 'GET', path: '/report', access: 'session', response: m.accountReport, isRepeatable: true },
  readOperatorReport: { method: 'GET', path: '/operator/report', access: 'operator', response: m.operatorReport, isRepeatable: true },
  listUsers: { method: 'GET', path: '/operator/users', access: 'operator', response: m.userList, isRepeatable: true },
  collect: { method: 'POST', path: '/operator/collect', access: 'operator', response: m.collectAnswer, isRepeatable: true },
} as const satisfies Readonly<Record<string, Route>>;

/** Name of a route. */
export type RouteName = keyof typeof routes;
