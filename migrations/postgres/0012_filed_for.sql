-- Of SQLite alone: here what a block of others spares is done all the same, and taken back.
SELECT 1;
