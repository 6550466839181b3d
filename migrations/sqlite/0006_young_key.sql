-- Where T1 is found: its first 6 bytes, and the tag that begins with them. Keys of blocks are random, and a page of a large table for
-- each of them is what filing would cost: so new keys stand in a small table, and move to the large one in order, a slice at a time.
-- Every tag has one key, in one of the two; triggers see to it. Not unique: T1 is compared whole. One row for each T1: whoever
-- writes looks first, as the only writer.
CREATE TABLE old_key (
  t1 BLOB NOT NULL,
  tag INTEGER NOT NULL,
  PRIMARY KEY (t1, tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE young_key (
  t1 BLOB NOT NULL,
  tag INTEGER NOT NULL,
  PRIMARY KEY (t1, tag)
) STRICT, WITHOUT ROWID;
-- In the order of the index that they come from, so pages fill one after the other.
INSERT INTO old_key (t1, tag) SELECT substr(tag.t1, 1, 6), id FROM tag ORDER BY substr(tag.t1, 1, 6), id;
DROP INDEX tag_t1;

CREATE TRIGGER tag_keyed AFTER INSERT ON tag BEGIN
  INSERT INTO young_key (t1, tag) VALUES (substr(new.t1, 1, 6), new.id);
END;
CREATE TRIGGER tag_unkeyed AFTER DELETE ON tag BEGIN
  DELETE FROM young_key WHERE t1 = substr(old.t1, 1, 6) AND tag = old.id;
  DELETE FROM old_key WHERE t1 = substr(old.t1, 1, 6) AND tag = old.id;
END;
CREATE TRIGGER tag_rekeyed AFTER UPDATE OF id, t1 ON tag WHEN old.id <> new.id OR old.t1 <> new.t1 BEGIN
  DELETE FROM young_key WHERE t1 = substr(old.t1, 1, 6) AND tag = old.id;
  DELETE FROM old_key WHERE t1 = substr(old.t1, 1, 6) AND tag = old.id;
  INSERT INTO young_key (t1, tag) VALUES (substr(new.t1, 1, 6), new.id);
END;

-- One row. moved_to: young keys up to here were moved in this round. young: about how many there are, counted anew with each round.
CREATE TABLE key_moving (
  moved_to BLOB NOT NULL,
  young INTEGER NOT NULL
) STRICT;
INSERT INTO key_moving (moved_to, young) VALUES (x'', 0);

-- Pins of blocks that the account's images refer to, many to a row: ascending tag ids, packed. The references hold these blocks; where
-- the last one of the account goes, the block gets a row in pin. 16 rows of one level become one of the next.
CREATE TABLE pin_vector (
  id INTEGER PRIMARY KEY,
  upload INTEGER NOT NULL REFERENCES upload (id) ON DELETE CASCADE,
  level INTEGER NOT NULL,
  tags BLOB NOT NULL
) STRICT;
CREATE INDEX pin_vector_upload ON pin_vector (upload, level);
