-- Accounts that were closed: their ids are never taken again. is_recorded: a record of the packs tells of the closing. What is left of such
-- an account is what its owner row leads to; the row goes last.
CREATE TABLE closed_account (
  account_id bytea PRIMARY KEY CHECK (octet_length(account_id) = 16),
  closed_at bigint NOT NULL,
  is_recorded boolean NOT NULL
);
