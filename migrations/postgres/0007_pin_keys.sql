-- Of SQLite alone: what its vectors of pinned blocks name them by. Here every pin is a row. The number is taken so that both engines count alike.
SELECT 1;
