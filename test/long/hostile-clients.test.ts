/** What hostile clients try in test/integration, whole: on PostgreSQL everything, on SQLite the values of which the short form takes half. A minute of processor time. */
import { authorisationMatrix } from '../support/authorisation-matrix.js';
import { postgres, sqlite } from '../support/engine.js';
import { foreignIds } from '../support/foreign-ids.js';
import { hostileClient } from '../support/hostile-client.js';
import { hostileStrings } from '../support/hostile-strings.js';

const engine = postgres();
authorisationMatrix(engine);
foreignIds(engine);
hostileClient(engine);
hostileStrings(engine);
hostileStrings(sqlite);
