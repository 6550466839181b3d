/**
 * JSON bodies about sessions, tokens for programs and invitations. Part of messages.ts. SPEC.md section 12.
 */
import type { AccountId, InvitationId, SessionId } from './ids.js';
import { idBytes } from './limits.js';
import { digest, sealed, username } from './message-parts.js';
import { blob, flag, hex, id, integer, list, object, oneOf, optional, text, time, type Infer } from './schema.js';

/** GET /sessions. */
export const sessionCard = object({
  sessionId: id<SessionId>(),
  kind: oneOf('page', 'bearer', 'token'),
  device: optional(text(1, 100)),
  createdAt: time,
  lastUsedAt: time,
  expiresAt: time,
  isCurrent: flag,
});
export const sessionList = object({ sessions: list(sessionCard, 1_000) });
export type SessionCard = Infer<typeof sessionCard>;

/** POST /tokens: a long-lived bearer for a program. Shown once. */
export const tokenRequest = object({ device: text(1, 100), days: integer(1, 3_650) });
export const tokenGrant = object({ sessionId: id<SessionId>(), token: blob(32, 32), expiresAt: time });

/** POST /invitations: the server learns only the hash of the code; the group secret is sealed under a key that it never sees. */
export const invitationRequest = object({ invitationId: id<InvitationId>(), codeHash: digest, sealedGroup: sealed, days: integer(1, 90) });
export type InvitationRequest = Infer<typeof invitationRequest>;
export const invitationCard = object({
  invitationId: id<InvitationId>(), createdAt: time, expiresAt: time, usedAt: optional(time), usedBy: optional(username),
});
export const invitationList = object({ invitations: list(invitationCard, 1_000) });
export type InvitationCard = Infer<typeof invitationCard>;
/** POST /invitations/open: reads, does not use; registration uses it. */
export const invitationOpening = object({ code: hex(idBytes) });
export const openedInvitation = object({ invitationId: id<InvitationId>(), inviterId: id<AccountId>(), inviter: username, sealedGroup: sealed, expiresAt: time });
export type OpenedInvitation = Infer<typeof openedInvitation>;
