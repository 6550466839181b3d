-- Accounts, sessions, invitations, and the state of the store. Secrets stand here hashed or wrapped, never plain.

CREATE TABLE account (
  owner bigint PRIMARY KEY REFERENCES owner (id),
  username text COLLATE "C" NOT NULL UNIQUE,
  email text,
  is_operator boolean NOT NULL,
  kdf_log2n integer NOT NULL,
  kdf_r integer NOT NULL,
  kdf_p integer NOT NULL,
  kdf_salt bytea NOT NULL,
  auth_hash bytea NOT NULL,
  recovery_hash bytea NOT NULL,
  wrapped_account_key bytea NOT NULL,
  recovery_wrapped_account_key bytea NOT NULL,
  identity_x25519 bytea NOT NULL,
  identity_ed25519 bytea NOT NULL,
  identity_epoch bigint NOT NULL,
  identity_signature bytea NOT NULL,
  identity_wrapped bytea NOT NULL,
  keyring bytea NOT NULL,
  keyring_revision bigint NOT NULL,
  revision bigint NOT NULL,
  quota_bytes bigint,
  created_at bigint NOT NULL,
  pack bigint NOT NULL,
  start bigint NOT NULL,
  length integer NOT NULL
);
CREATE INDEX account_pack ON account (pack);

CREATE TABLE session (
  session_id bytea PRIMARY KEY CHECK (octet_length(session_id) = 16),
  hash bytea NOT NULL UNIQUE,
  account bigint NOT NULL REFERENCES account (owner) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('page', 'bearer', 'token')),
  device text,
  created_at bigint NOT NULL,
  last_used_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  page_key bytea,
  csrf_hash bytea
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_expires_at ON session (expires_at);

CREATE TABLE invitation (
  invitation_id bytea PRIMARY KEY CHECK (octet_length(invitation_id) = 16),
  inviter bigint NOT NULL REFERENCES account (owner) ON DELETE CASCADE,
  code_hash bytea NOT NULL UNIQUE,
  sealed_group bytea NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  used_at bigint,
  used_by bytea
);
CREATE INDEX invitation_inviter ON invitation (inviter);

CREATE TABLE store_state (
  name text PRIMARY KEY,
  value text NOT NULL
);
-- Whoever makes an account locks this row: which one is the first, and whose a name or an invitation is, is decided by one at a time.
INSERT INTO store_state (name, value) VALUES ('lock.accounts', '');
