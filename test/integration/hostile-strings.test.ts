/** Hostile values against a server on SQLite, each for half of the members. All of them, and PostgreSQL: long/hostile-clients; a sample on PostgreSQL: hostile-postgres. */
import { sqlite } from '../support/engine.js';
import { hostileStrings } from '../support/hostile-strings.js';

hostileStrings(sqlite, 2);
