-- Owners, the index of blocks, upload sessions and their pins. Times are milliseconds since the epoch, ids are 16 bytes.

-- One row per account id that ever had anything; integer ids keep the rows of references small. The sums are functions of
-- the owner's image and reference rows, changed in the same transactions.
CREATE TABLE owner (
  id INTEGER PRIMARY KEY,
  account_id BLOB NOT NULL UNIQUE CHECK (length(account_id) = 16),
  images INTEGER NOT NULL DEFAULT 0,
  blocks INTEGER NOT NULL DEFAULT 0 CHECK (blocks >= 0),
  cipher_bytes INTEGER NOT NULL DEFAULT 0 CHECK (cipher_bytes >= 0),
  manifest_bytes INTEGER NOT NULL DEFAULT 0,
  entry_bytes INTEGER NOT NULL DEFAULT 0,
  previews INTEGER NOT NULL DEFAULT 0,
  preview_bytes INTEGER NOT NULL DEFAULT 0
) STRICT;

-- state: 0 live, 1 quarantined. length is of the cipher.
CREATE TABLE tag (
  id INTEGER PRIMARY KEY,
  t1 BLOB NOT NULL CHECK (length(t1) = 32),
  t BLOB NOT NULL CHECK (length(t) = 32),
  code INTEGER NOT NULL,
  length INTEGER NOT NULL,
  pack INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  state INTEGER NOT NULL CHECK (state IN (0, 1))
) STRICT;
-- Not unique: 48 bits find the candidates, and T1 is compared whole. One row for each T1: whoever writes looks first, as the only writer.
CREATE INDEX tag_t1 ON tag (substr(t1, 1, 6));

-- Which runs of 64 ids (64 * span and after) may hold tags that lie in a pack: rows are filed in the order of packs, so this is a
-- hundredth of an index on the pack. A run too many costs a look; none is ever lacking, as the triggers see to.
CREATE TABLE tag_span (
  pack INTEGER NOT NULL,
  span INTEGER NOT NULL,
  PRIMARY KEY (pack, span)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER tag_filed AFTER INSERT ON tag BEGIN
  INSERT OR IGNORE INTO tag_span (pack, span) VALUES (new.pack, new.id / 64);
END;
CREATE TRIGGER tag_moved AFTER UPDATE OF id, pack ON tag BEGIN
  INSERT OR IGNORE INTO tag_span (pack, span) VALUES (new.pack, new.id / 64);
END;

-- Every tag that no image refers to, since when: what the collector looks at. Nothing else is ever collected.
CREATE TABLE unreferenced (
  tag INTEGER PRIMARY KEY REFERENCES tag (id) ON DELETE CASCADE,
  touched_at INTEGER NOT NULL
) STRICT;

-- Further places of equal copies, waiting to be merged.
CREATE TABLE copy (
  tag INTEGER NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
  pack INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  PRIMARY KEY (tag, pack, offset)
) STRICT, WITHOUT ROWID;

-- received_bytes: ciphers received in the session; uncommitted_bytes: those since its last commit.
CREATE TABLE upload (
  id INTEGER PRIMARY KEY,
  upload_id BLOB NOT NULL UNIQUE CHECK (length(upload_id) = 16),
  owner INTEGER NOT NULL REFERENCES owner (id),
  expires_at INTEGER NOT NULL,
  received_bytes INTEGER NOT NULL,
  uncommitted_bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX upload_owner ON upload (owner);

-- The owner stands in each pin, so that one seek tells what an account has, however many others have it too.
CREATE TABLE pin (
  upload INTEGER NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  tag INTEGER NOT NULL REFERENCES tag (id),
  owner INTEGER NOT NULL,
  PRIMARY KEY (upload, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX pin_tag ON pin (tag, owner);

CREATE TABLE nonce (
  nonce BLOB PRIMARY KEY,
  upload INTEGER NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  tags_hash BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX nonce_upload ON nonce (upload);

CREATE TABLE proof_spending (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES owner (id),
  spent_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE INDEX proof_spending_owner ON proof_spending (owner, spent_at);
