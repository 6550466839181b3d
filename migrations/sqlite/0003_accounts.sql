-- Accounts, sessions, invitations, and the state of the store. Secrets stand here hashed or wrapped, never plain.

CREATE TABLE account (
  owner INTEGER PRIMARY KEY REFERENCES owner (id),
  username TEXT NOT NULL UNIQUE,
  email TEXT,
  is_operator INTEGER NOT NULL CHECK (is_operator IN (0, 1)),
  kdf_log2n INTEGER NOT NULL,
  kdf_r INTEGER NOT NULL,
  kdf_p INTEGER NOT NULL,
  kdf_salt BLOB NOT NULL,
  auth_hash BLOB NOT NULL,
  recovery_hash BLOB NOT NULL,
  wrapped_account_key BLOB NOT NULL,
  recovery_wrapped_account_key BLOB NOT NULL,
  identity_x25519 BLOB NOT NULL,
  identity_ed25519 BLOB NOT NULL,
  identity_epoch INTEGER NOT NULL,
  identity_signature BLOB NOT NULL,
  identity_wrapped BLOB NOT NULL,
  keyring BLOB NOT NULL,
  keyring_revision INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  quota_bytes INTEGER,
  created_at INTEGER NOT NULL,
  pack INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  length INTEGER NOT NULL
) STRICT;
CREATE INDEX account_pack ON account (pack);

CREATE TABLE session (
  session_id BLOB PRIMARY KEY CHECK (length(session_id) = 16),
  hash BLOB NOT NULL UNIQUE,
  account INTEGER NOT NULL REFERENCES account (owner) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('page', 'bearer', 'token')),
  device TEXT,
  created_at INTEGER NOT NULL,
  last_used_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  page_key BLOB,
  csrf_hash BLOB
) STRICT;
CREATE INDEX session_account ON session (account);

CREATE TABLE invitation (
  invitation_id BLOB PRIMARY KEY CHECK (length(invitation_id) = 16),
  inviter INTEGER NOT NULL REFERENCES account (owner) ON DELETE CASCADE,
  code_hash BLOB NOT NULL UNIQUE,
  sealed_group BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at INTEGER,
  used_by BLOB
) STRICT;
CREATE INDEX invitation_inviter ON invitation (inviter);

CREATE TABLE store_state (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
