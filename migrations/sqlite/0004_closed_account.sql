-- Accounts that were closed: their ids are never taken again. is_recorded: a record of the packs tells of the closing. What is left of such
-- an account is what its owner row leads to; the row goes last.
CREATE TABLE closed_account (
  account_id BLOB PRIMARY KEY CHECK (length(account_id) = 16),
  closed_at INTEGER NOT NULL,
  is_recorded INTEGER NOT NULL CHECK (is_recorded IN (0, 1))
) STRICT, WITHOUT ROWID;
