-- Images, their references, tombstones, and what each day received.

CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES owner (id),
  image_id BLOB NOT NULL CHECK (length(image_id) = 16),
  wrapped_key BLOB NOT NULL,
  manifest_hash BLOB NOT NULL CHECK (length(manifest_hash) = 32),
  manifest_bytes INTEGER NOT NULL,
  manifest_pack INTEGER NOT NULL,
  manifest_offset INTEGER NOT NULL,
  manifest_length INTEGER NOT NULL,
  preview_bytes INTEGER,
  preview_pack INTEGER,
  preview_offset INTEGER,
  preview_length INTEGER,
  blocks INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  trashed_at INTEGER,
  entry BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX image_image_id ON image (owner, image_id);
CREATE INDEX image_shown ON image (owner, created_at, image_id) WHERE trashed_at IS NULL;
CREATE INDEX image_trash ON image (owner, created_at, image_id) WHERE trashed_at IS NOT NULL;
CREATE INDEX image_trashed_at ON image (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX image_manifest_pack ON image (manifest_pack);
CREATE INDEX image_preview_pack ON image (preview_pack) WHERE preview_pack IS NOT NULL;

CREATE TABLE reference (
  image INTEGER NOT NULL REFERENCES image (id),
  tag INTEGER NOT NULL REFERENCES tag (id),
  owner INTEGER NOT NULL,
  PRIMARY KEY (image, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_tag ON reference (tag, owner);

CREATE TABLE tombstone (
  owner INTEGER NOT NULL REFERENCES owner (id),
  image_id BLOB NOT NULL CHECK (length(image_id) = 16),
  PRIMARY KEY (owner, image_id)
) STRICT, WITHOUT ROWID;

-- Bytes received for images that were committed on a day (UTC, YYYY-MM-DD). Never decreases.
CREATE TABLE received_day (
  owner INTEGER NOT NULL REFERENCES owner (id),
  day TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (owner, day)
) STRICT, WITHOUT ROWID;
