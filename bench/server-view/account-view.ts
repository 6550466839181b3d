/**
 * What a stolen index tells of persons: names, addresses, when they came and with what, who invited whom, and what a
 * password can be guessed against.
 */
import type { StolenDisk } from './stolen-disk.js';

/** A session or a token. `hasPageKey`: the key lies here that opens what the page keeps in the browser. Times in ms since the epoch. */
export interface SessionView {
  readonly kind: string;
  readonly device: string | undefined;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly expiresAt: number;
  readonly isKept: boolean;
  readonly hasPageKey: boolean;
}

export interface AccountView {
  readonly accountId: string;
  readonly username: string;
  readonly email: string | undefined;
  readonly isOperator: boolean;
  readonly createdAt: number;
  /** Of scrypt: what a guess at the password costs whoever has the disk. */
  readonly kdf: { readonly log2n: number; readonly r: number; readonly p: number };
  /** Changes of password, words or address, and of the keyring. */
  readonly revision: number;
  readonly keyringRevision: number;
  readonly keyringBytes: number;
  readonly sessions: readonly SessionView[];
  readonly invitationsMade: number;
  /** User names (ids of accounts that are gone) of who came by them. */
  readonly invited: readonly string[];
}

interface AccountColumns {
  readonly owner: number;
  readonly id: string;
  readonly username: string;
  readonly email: string | null;
  readonly operator: number;
  readonly created: number;
  readonly log2n: number;
  readonly r: number;
  readonly p: number;
  readonly revision: number;
  readonly keyringRevision: number;
  readonly keyringBytes: number;
}

interface SessionColumns {
  readonly kind: string;
  readonly device: string | null;
  readonly created: number;
  readonly used: number;
  readonly expires: number;
  readonly kept: number;
  readonly pageKey: number | null;
}

const accountsSql = `SELECT a.owner, lower(hex(o.account_id)) AS id, a.username, a.email, a.is_operator AS operator, a.created_at AS created, a.kdf_log2n AS log2n, a.kdf_r AS r,
  a.kdf_p AS p, a.revision, a.keyring_revision AS keyringRevision, length(a.keyring) AS keyringBytes FROM account a JOIN owner o ON o.id = a.owner ORDER BY a.created_at`;
const sessionsSql = `SELECT kind, device, created_at AS created, last_used_at AS used, expires_at AS expires, is_kept AS kept, length(page_key) AS pageKey
  FROM session WHERE account = ? ORDER BY created_at`;
const invitedSql = `SELECT used_at AS used, coalesce(a.username, lower(hex(i.used_by))) AS who FROM invitation i
  LEFT JOIN owner o ON o.account_id = i.used_by LEFT JOIN account a ON a.owner = o.id WHERE i.inviter = ?`;

/** All accounts, the oldest first. */
export function accountViews(disk: StolenDisk): readonly AccountView[] {
  return disk.rows<AccountColumns>(accountsSql).map((row) => {
    const invitations = disk.rows<{ readonly used: number | null; readonly who: string | null }>(invitedSql, row.owner);
    return {
      accountId: row.id,
      username: row.username,
      email: row.email ?? undefined,
      isOperator: row.operator === 1,
      createdAt: row.created,
      kdf: { log2n: row.log2n, r: row.r, p: row.p },
      revision: row.revision,
      keyringRevision: row.keyringRevision,
      keyringBytes: row.keyringBytes,
      sessions: disk.rows<SessionColumns>(sessionsSql, row.owner).map(sessionOf),
      invitationsMade: invitations.length,
      invited: invitations.flatMap(({ used, who }) => (used === null || who === null ? [] : [who])),
    };
  });
}

function sessionOf({ kind, device, created, used, expires, kept, pageKey }: SessionColumns): SessionView {
  return { kind, device: device ?? undefined, createdAt: created, lastUsedAt: used, expiresAt: expires, isKept: kept === 1, hasPageKey: pageKey !== null };
}
