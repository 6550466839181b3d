/** A part of what hostile clients try on SQLite, tried on PostgreSQL: what an index has to see through, and a sample of ids and values. All of it: long/hostile-clients. */
import { postgres } from '../support/engine.js';
import { foreignIds } from '../support/foreign-ids.js';
import { hostileClient } from '../support/hostile-client.js';
import { hostileStrings } from '../support/hostile-strings.js';

const engine = postgres();
foreignIds(engine, 6);
hostileStrings(engine, 16);
hostileClient(engine, 'of the index');
