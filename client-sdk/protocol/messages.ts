/**
 * Every JSON body of the wire, as a two-way schema: the server's card here, the others in the files that are exported with it. Blobs are opaque to
 * the server: sealed objects that only a client opens. SPEC.md section 12.
 */
import { count, flag, id, integer, object, oneOf, text, type Infer } from './schema.js';

export * from './messages-account.js';
export * from './messages-head.js';
export * from './messages-image.js';
export * from './messages-report.js';
export * from './messages-session.js';
export * from './messages-upload.js';

/** How existence is answered; which domain a new account is offered; who may register. */
export const existenceMode = oneOf('own', 'shared');
export const signupMode = oneOf('open', 'invite', 'closed');
export const domainKind = oneOf('open', 'personal');

/** GET /server: what a client must know before it dials further. */
export const serverCard = object({
  serverId: id<string>(),
  realm: text(1, 253),
  version: text(1, 64),
  protocol: integer(1, 1),
  existence: existenceMode,
  signup: signupMode,
  defaultDomain: domainKind,
  hasAccounts: flag,
  needsSetupToken: flag,
  maxImageBytes: count,
  trashDays: integer(0, 3650),
});
export type ServerCard = Infer<typeof serverCard>;
