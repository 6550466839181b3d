-- Whose row it is: the account that sent the block, or 0 where others may refer to it too. An account that sends what only others have gets a row of its own, and finds
-- none but its own rows and those of 0: so nothing that it does tells of the others' rows, by time either. Rows of one T1 (twins) become one later, of 0.
ALTER TABLE tag ADD COLUMN owner INTEGER NOT NULL DEFAULT 0 CHECK (owner >= 0);
ALTER TABLE old_key ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
ALTER TABLE young_key ADD COLUMN owner INTEGER NOT NULL DEFAULT 0;
-- One key for each row again.
DELETE FROM young_key WHERE EXISTS (SELECT 1 FROM old_key WHERE old_key.t1 = young_key.t1 AND old_key.tag = young_key.tag);
UPDATE key_moving SET young = (SELECT COUNT(*) FROM young_key);

DROP TRIGGER tag_keyed;
CREATE TRIGGER tag_keyed AFTER INSERT ON tag BEGIN
  INSERT INTO young_key (t1, tag, owner) VALUES (substr(new.t1, 1, 6), new.id, new.owner);
END;
DROP TRIGGER tag_rekeyed;
CREATE TRIGGER tag_rekeyed AFTER UPDATE OF id, t1 ON tag WHEN old.id <> new.id OR old.t1 <> new.t1 BEGIN
  DELETE FROM young_key WHERE t1 = substr(old.t1, 1, 6) AND tag = old.id;
  DELETE FROM old_key WHERE t1 = substr(old.t1, 1, 6) AND tag = old.id;
  INSERT INTO young_key (t1, tag, owner) VALUES (substr(new.t1, 1, 6), new.id, new.owner);
END;
CREATE TRIGGER tag_opened AFTER UPDATE OF owner ON tag WHEN old.owner <> new.owner BEGIN
  UPDATE young_key SET owner = new.owner WHERE t1 = substr(new.t1, 1, 6) AND tag = new.id;
  UPDATE old_key SET owner = new.owner WHERE t1 = substr(new.t1, 1, 6) AND tag = new.id;
END;

-- Rows up to this id have no twin of a lower id.
ALTER TABLE key_moving ADD COLUMN united_to INTEGER NOT NULL DEFAULT 0;
UPDATE key_moving SET united_to = COALESCE((SELECT MAX(id) FROM tag), 0);

-- A block that is sent heals a quarantined row, whoever has it: found here, where no other row is met.
DROP INDEX tag_quarantined;
CREATE INDEX tag_quarantined ON tag (state, t1) WHERE state = 1;
