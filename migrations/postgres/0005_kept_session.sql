-- Sessions of pages that outlive the browser: the person asked to stay signed in.
ALTER TABLE session ADD COLUMN is_kept boolean NOT NULL DEFAULT false;
