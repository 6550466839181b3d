-- Account heads: what an account signs of its images. head_tree: the newest one's tree; crown: hashes of its upper part, packed by the rules.
CREATE TABLE head_tree (
  owner bigint PRIMARY KEY REFERENCES owner (id),
  counter bigint NOT NULL CHECK (counter > 0),
  root bytea NOT NULL CHECK (octet_length(root) = 32),
  crown bytea NOT NULL
);

-- The newest heads, as they were sealed.
CREATE TABLE head (
  owner bigint NOT NULL REFERENCES owner (id),
  counter bigint NOT NULL,
  sealed bytea NOT NULL,
  PRIMARY KEY (owner, counter)
);

-- One for each image id that a head ever named; leaf holds the id again, as it is hashed.
CREATE TABLE head_leaf (
  owner bigint NOT NULL REFERENCES owner (id),
  image_id bytea NOT NULL CHECK (octet_length(image_id) = 16),
  leaf bytea NOT NULL CHECK (octet_length(leaf) = 41),
  PRIMARY KEY (owner, image_id)
);
