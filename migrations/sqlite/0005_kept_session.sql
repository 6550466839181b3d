-- Sessions of pages that outlive the browser: the person asked to stay signed in.
ALTER TABLE session ADD COLUMN is_kept INTEGER NOT NULL DEFAULT 0 CHECK (is_kept IN (0, 1));
