-- Of PostgreSQL alone: what tells that a server forgot something while processes went on. Here the engine lives and ends with its one process.
SELECT 1;
