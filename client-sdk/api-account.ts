/**
 * An account as the SDK speaks of it: who is logged in, and what logging in, changing and sharing it take and answer. Types alone; part of
 * api.ts. SPEC.md sections 8 and 12.
 */
import type { DomainKind } from './core/domain.js';
import type { AccountId, InvitationId, SessionId } from './protocol/ids.js';

/** The account that is logged in. */
export interface AccountSummary {
  readonly accountId: AccountId;
  readonly username: string;
  readonly email: string | undefined;
  readonly isOperator: boolean;
  readonly createdAt: number;
  /** The domain of new uploads. */
  readonly domain: DomainKind;
  /** Every kind that this account may choose with changeDomain or upload's `domain`. */
  readonly domains: readonly DomainKind[];
  readonly quotaBytes: number | undefined;
  /** Logging in asks for a code too. */
  readonly hasSecondFactor: boolean;
  readonly backupCodesLeft: number;
}

/** A registration. With `invitation` the account begins in the inviter's group. */
export interface RegisterRequest {
  readonly username: string;
  readonly password: string;
  readonly email?: string | undefined;
  /** Without it: the inviter's group, else the server's default. */
  readonly domain?: 'personal' | 'open' | undefined;
  /** The whole link, its fragment included. */
  readonly invitation?: string | undefined;
  readonly setupToken?: string | undefined;
  readonly device?: string | undefined;
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
  readonly device?: string | undefined;
  /** Pages only: the session outlives the browser. Default false. */
  readonly isKept?: boolean | undefined;
  /** Where the account has a second factor: 6 digits of the authenticator app, or a backup code. Asked for by `second-factor-required`. */
  readonly code?: string | undefined;
}

/** A second factor that waits for its first code. Shown once. */
export interface BegunSecondFactor {
  /** For typing: base32. */
  readonly secret: string;
  /** For authenticator apps: `otpauth://totp/...`. */
  readonly link: string;
  /** The server's picture of the link, a QR code: a `data:` URL of a GIF. Who trusts the link alone draws their own, as the command does. */
  readonly picture: string;
}

/** Closing an account: its own user name typed, and its password. */
export interface CloseRequest {
  readonly username: string;
  readonly password: string;
}

export interface RecoverRequest {
  readonly username: string;
  /** 24 words, separated by spaces. */
  readonly recoveryWords: string;
  readonly newPassword: string;
  readonly device?: string | undefined;
  /** With a right code a second factor stays on; the words alone turn it off. */
  readonly code?: string | undefined;
}

/**
 * A session that can be resumed: JSON values alone. `bearer`: token and account key in clear, so it belongs in a file
 * of mode 0600. `page`: the account key is sealed under a key that the server gives only to the live session.
 */
export interface SavedSession {
  readonly version: 1;
  readonly kind: 'bearer' | 'page';
  readonly server: string;
  readonly serverId: string;
  readonly accountId: AccountId;
  readonly username: string;
  readonly sessionId: SessionId;
  /** Unpadded base64url; bearer only. */
  readonly token?: string;
  /** Unpadded base64url: 32 bytes (bearer), or a sealed object (page). */
  readonly accountKey: string;
}

/** An invitation that was made. `link` is shown once: its fragment has the key. */
export interface InviteResult {
  readonly invitationId: InvitationId;
  readonly link: string;
  readonly expiresAt: number;
}

/** A long-lived token that was made. */
export interface TokenResult {
  readonly sessionId: SessionId;
  /** A SavedSession for a program; shown once. */
  readonly session: SavedSession;
  readonly expiresAt: number;
}
