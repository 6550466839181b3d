-- Account heads: what an account signs of its images. head_tree: the newest one's tree; crown: hashes of its upper part, packed by the rules.
CREATE TABLE head_tree (
  owner INTEGER PRIMARY KEY REFERENCES owner (id),
  counter INTEGER NOT NULL CHECK (counter > 0),
  root BLOB NOT NULL CHECK (length(root) = 32),
  crown BLOB NOT NULL
) STRICT;

-- The newest heads, as they were sealed.
CREATE TABLE head (
  owner INTEGER NOT NULL REFERENCES owner (id),
  counter INTEGER NOT NULL,
  sealed BLOB NOT NULL,
  PRIMARY KEY (owner, counter)
) STRICT, WITHOUT ROWID;

-- One for each image id that a head ever named; leaf holds the id again, as it is hashed.
CREATE TABLE head_leaf (
  owner INTEGER NOT NULL REFERENCES owner (id),
  image_id BLOB NOT NULL CHECK (length(image_id) = 16),
  leaf BLOB NOT NULL CHECK (length(leaf) = 41),
  PRIMARY KEY (owner, image_id)
) STRICT, WITHOUT ROWID;
