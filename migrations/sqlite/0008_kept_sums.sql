-- Sums that reports and the collector ask for, kept where rows change: counting a large store anew would hold everybody up.

-- What rows name in each pack. kind: 0 blocks, 1 manifests, 2 previews; extra copies and account records are few, and counted when asked for.
-- Kept by triggers, whoever writes the rows.
CREATE TABLE pack_use (
  pack INTEGER NOT NULL,
  kind INTEGER NOT NULL CHECK (kind IN (0, 1, 2)),
  records INTEGER NOT NULL CHECK (records >= 0),
  payload_bytes INTEGER NOT NULL CHECK (payload_bytes >= 0),
  PRIMARY KEY (pack, kind)
) STRICT, WITHOUT ROWID;
INSERT INTO pack_use SELECT pack, 0, COUNT(*), SUM(length) FROM tag GROUP BY pack;
INSERT INTO pack_use SELECT manifest_pack, 1, COUNT(*), SUM(manifest_length) FROM image GROUP BY manifest_pack;
INSERT INTO pack_use SELECT preview_pack, 2, COUNT(*), SUM(preview_length) FROM image WHERE preview_pack IS NOT NULL GROUP BY preview_pack;

CREATE TRIGGER tag_counted AFTER INSERT ON tag BEGIN
  INSERT INTO pack_use VALUES (new.pack, 0, 1, new.length)
    ON CONFLICT (pack, kind) DO UPDATE SET records = records + 1, payload_bytes = payload_bytes + excluded.payload_bytes;
END;
CREATE TRIGGER tag_uncounted AFTER DELETE ON tag BEGIN
  UPDATE pack_use SET records = records - 1, payload_bytes = payload_bytes - old.length WHERE pack = old.pack AND kind = 0;
  DELETE FROM pack_use WHERE pack = old.pack AND kind = 0 AND records = 0;
END;
CREATE TRIGGER tag_recounted AFTER UPDATE OF pack, length ON tag WHEN old.pack <> new.pack OR old.length <> new.length BEGIN
  UPDATE pack_use SET records = records - 1, payload_bytes = payload_bytes - old.length WHERE pack = old.pack AND kind = 0;
  DELETE FROM pack_use WHERE pack = old.pack AND kind = 0 AND records = 0;
  INSERT INTO pack_use VALUES (new.pack, 0, 1, new.length)
    ON CONFLICT (pack, kind) DO UPDATE SET records = records + 1, payload_bytes = payload_bytes + excluded.payload_bytes;
END;

CREATE TRIGGER image_counted AFTER INSERT ON image BEGIN
  INSERT INTO pack_use VALUES (new.manifest_pack, 1, 1, new.manifest_length)
    ON CONFLICT (pack, kind) DO UPDATE SET records = records + 1, payload_bytes = payload_bytes + excluded.payload_bytes;
END;
CREATE TRIGGER image_uncounted AFTER DELETE ON image BEGIN
  UPDATE pack_use SET records = records - 1, payload_bytes = payload_bytes - old.manifest_length WHERE pack = old.manifest_pack AND kind = 1;
  DELETE FROM pack_use WHERE pack = old.manifest_pack AND kind = 1 AND records = 0;
END;
CREATE TRIGGER image_recounted AFTER UPDATE OF manifest_pack, manifest_length ON image
WHEN old.manifest_pack <> new.manifest_pack OR old.manifest_length <> new.manifest_length BEGIN
  UPDATE pack_use SET records = records - 1, payload_bytes = payload_bytes - old.manifest_length WHERE pack = old.manifest_pack AND kind = 1;
  DELETE FROM pack_use WHERE pack = old.manifest_pack AND kind = 1 AND records = 0;
  INSERT INTO pack_use VALUES (new.manifest_pack, 1, 1, new.manifest_length)
    ON CONFLICT (pack, kind) DO UPDATE SET records = records + 1, payload_bytes = payload_bytes + excluded.payload_bytes;
END;
CREATE TRIGGER preview_counted AFTER INSERT ON image WHEN new.preview_pack IS NOT NULL BEGIN
  INSERT INTO pack_use VALUES (new.preview_pack, 2, 1, new.preview_length)
    ON CONFLICT (pack, kind) DO UPDATE SET records = records + 1, payload_bytes = payload_bytes + excluded.payload_bytes;
END;
CREATE TRIGGER preview_uncounted AFTER DELETE ON image WHEN old.preview_pack IS NOT NULL BEGIN
  UPDATE pack_use SET records = records - 1, payload_bytes = payload_bytes - old.preview_length WHERE pack = old.preview_pack AND kind = 2;
  DELETE FROM pack_use WHERE pack = old.preview_pack AND kind = 2 AND records = 0;
END;
-- An image has a preview from its commit on, or never.
CREATE TRIGGER preview_recounted AFTER UPDATE OF preview_pack, preview_length ON image
WHEN old.preview_pack <> new.preview_pack OR old.preview_length <> new.preview_length BEGIN
  UPDATE pack_use SET records = records - 1, payload_bytes = payload_bytes - old.preview_length WHERE pack = old.preview_pack AND kind = 2;
  DELETE FROM pack_use WHERE pack = old.preview_pack AND kind = 2 AND records = 0;
  INSERT INTO pack_use VALUES (new.preview_pack, 2, 1, new.preview_length)
    ON CONFLICT (pack, kind) DO UPDATE SET records = records + 1, payload_bytes = payload_bytes + excluded.payload_bytes;
END;

-- Quarantined rows are few, and counted for every report.
CREATE INDEX tag_quarantined ON tag (state) WHERE state = 1;

-- Asked for with every commit.
ALTER TABLE owner ADD COLUMN trashed_images INTEGER NOT NULL DEFAULT 0;
UPDATE owner SET trashed_images = (SELECT COUNT(*) FROM image WHERE image.owner = owner.id AND trashed_at IS NOT NULL);
CREATE TRIGGER image_trashed AFTER UPDATE OF trashed_at ON image WHEN (old.trashed_at IS NULL) <> (new.trashed_at IS NULL) BEGIN
  UPDATE owner SET trashed_images = trashed_images + CASE WHEN new.trashed_at IS NULL THEN -1 ELSE 1 END WHERE id = new.owner;
END;
CREATE TRIGGER trashed_image_removed AFTER DELETE ON image WHEN old.trashed_at IS NOT NULL BEGIN
  UPDATE owner SET trashed_images = trashed_images - 1 WHERE id = old.owner;
END;

-- What each day (UTC, YYYY-MM-DD) added to an owner, as far as it is still there: images by the day of their commit, each distinct block by
-- that of the first of the owner's images that refers to it, which is the one of the lowest id. Changed together with the references. Figures
-- alone: nothing is decided by them, so nothing is refused where they are wrong.
CREATE TABLE usage_day (
  owner INTEGER NOT NULL REFERENCES owner (id),
  day TEXT NOT NULL,
  images INTEGER NOT NULL,
  blocks INTEGER NOT NULL,
  cipher_bytes INTEGER NOT NULL,
  PRIMARY KEY (owner, day)
) STRICT, WITHOUT ROWID;
INSERT INTO usage_day SELECT owner, strftime('%Y-%m-%d', created_at / 1000, 'unixepoch'), COUNT(*), 0, 0 FROM image GROUP BY 1, 2;
WITH bit (mask, place) AS (VALUES (1, 0), (2, 1), (4, 2), (8, 3), (16, 4), (32, 5), (64, 6), (128, 7), (256, 8), (512, 9), (1024, 10), (2048, 11),
    (4096, 12), (8192, 13), (16384, 14), (32768, 15)),
  lowest (tag, owner, span, images) AS (SELECT tag, owner, MIN(span), images FROM referrer GROUP BY tag, owner)
INSERT INTO usage_day
  SELECT l.owner, strftime('%Y-%m-%d', i.created_at / 1000, 'unixepoch') AS first_day, 0, COUNT(*), SUM(tag.length)
  FROM lowest l JOIN bit ON bit.mask = l.images & -l.images JOIN image i ON i.id = 16 * l.span + bit.place JOIN tag ON tag.id = l.tag
  WHERE TRUE GROUP BY l.owner, first_day
  ON CONFLICT (owner, day) DO UPDATE SET blocks = excluded.blocks, cipher_bytes = excluded.cipher_bytes;
