/** Clients that lie to a server on SQLite. PostgreSQL has the same in long/hostile-clients and, in part, in integration/hostile-postgres. */
import { sqlite } from '../support/engine.js';
import { hostileClient } from '../support/hostile-client.js';

hostileClient(sqlite);
