-- Images, their references, tombstones, and what each day received.

-- manifest_hash: the first half of SHA-256, enough to tell a repeated commit of an honest client from another.
CREATE TABLE image (
  id INTEGER PRIMARY KEY,
  owner INTEGER NOT NULL REFERENCES owner (id),
  image_id BLOB NOT NULL CHECK (length(image_id) = 16),
  wrapped_key BLOB NOT NULL,
  manifest_hash BLOB NOT NULL CHECK (length(manifest_hash) = 16),
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
CREATE INDEX image_shown ON image (owner, created_at) WHERE trashed_at IS NULL;
CREATE INDEX image_trash ON image (owner, created_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX image_trashed_at ON image (trashed_at) WHERE trashed_at IS NOT NULL;
CREATE INDEX image_manifest_pack ON image (manifest_pack);
CREATE INDEX image_preview_pack ON image (preview_pack) WHERE preview_pack IS NOT NULL;

-- References stand twice, once for each way of asking. From the image: runs of tag ids, for blocks that were sent together have
-- neighbouring ids, and near copies share most of them.
CREATE TABLE reference_run (
  image INTEGER NOT NULL REFERENCES image (id),
  first_tag INTEGER NOT NULL,
  tags INTEGER NOT NULL CHECK (tags > 0),
  PRIMARY KEY (image, first_tag)
) STRICT, WITHOUT ROWID;

-- From the tag: of the images 16 * span to 16 * span + 15, bit n says whether the n-th refers to it.
-- The owner stands here, so that one seek tells what an account has, however many others have it too.
CREATE TABLE referrer (
  tag INTEGER NOT NULL REFERENCES tag (id),
  owner INTEGER NOT NULL,
  span INTEGER NOT NULL,
  images INTEGER NOT NULL CHECK (images BETWEEN 1 AND 65535),
  PRIMARY KEY (tag, owner, span)
) STRICT, WITHOUT ROWID;

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
