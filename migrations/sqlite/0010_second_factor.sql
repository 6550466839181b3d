-- The optional second factor of an account: the secret of its codes, whether a first code confirmed it, the newest step that was used (never
-- lowered, also where the factor goes), and SHA-256 of each backup code that is left.
ALTER TABLE account ADD COLUMN factor_secret BLOB CHECK (length(factor_secret) = 20);
ALTER TABLE account ADD COLUMN factor_is_on INTEGER NOT NULL DEFAULT 0 CHECK (factor_is_on IN (0, 1));
ALTER TABLE account ADD COLUMN factor_step INTEGER NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN factor_codes BLOB CHECK (length(factor_codes) % 32 = 0);
