-- What each day (days since the epoch, UTC) added to an owner, as far as it is still there: images by the day of their commit, each distinct
-- block by that of the first of the owner's images that refers to it, which is the one of the lowest id. Changed together with the references,
-- under the lock of the owner. Figures alone: nothing is decided by them. (The sums by pack that SQLite keeps by triggers are counted here when they
-- are asked for: many processes would wait for one row, and nobody waits for a count.)
CREATE TABLE usage_day (
  owner bigint NOT NULL REFERENCES owner (id),
  day bigint NOT NULL,
  images bigint NOT NULL,
  blocks bigint NOT NULL,
  cipher_bytes bigint NOT NULL,
  PRIMARY KEY (owner, day)
);
INSERT INTO usage_day SELECT owner, created_at / 86400000, COUNT(*), 0, 0 FROM image GROUP BY 1, 2;
INSERT INTO usage_day
  SELECT f.owner, i.created_at / 86400000, 0, COUNT(*), SUM(tag.length)
  FROM (SELECT t1, owner, MIN(image) AS image FROM reference GROUP BY t1, owner) f JOIN image i ON i.id = f.image JOIN tag ON tag.t1 = f.t1
  GROUP BY 1, 2
  ON CONFLICT (owner, day) DO UPDATE SET blocks = EXCLUDED.blocks, cipher_bytes = EXCLUDED.cipher_bytes;
