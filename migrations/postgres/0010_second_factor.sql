-- The optional second factor of an account: the secret of its codes, whether a first code confirmed it, the newest step that was used (never
-- lowered, also where the factor goes), and SHA-256 of each backup code that is left.
ALTER TABLE account ADD COLUMN factor_secret bytea CHECK (octet_length(factor_secret) = 20);
ALTER TABLE account ADD COLUMN factor_is_on boolean NOT NULL DEFAULT false;
ALTER TABLE account ADD COLUMN factor_step bigint NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN factor_codes bytea CHECK (octet_length(factor_codes) % 32 = 0);
