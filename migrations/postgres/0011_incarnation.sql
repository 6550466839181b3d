-- A text that nobody repeats, for as long as this server has forgotten nothing. Not logged: a recovery after a crash, or the end of a standby, empties
-- the table, and a clean stop keeps it. Whoever finds no row draws one.
CREATE UNLOGGED TABLE incarnation (
  is_only boolean PRIMARY KEY CHECK (is_only),
  token text NOT NULL
);
