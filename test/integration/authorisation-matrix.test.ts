/** Routes, callers and ids: nobody does what is not theirs. PostgreSQL has the same in integration/hostile-postgres and, whole, in long/hostile-clients. */
import { authorisationMatrix } from '../support/authorisation-matrix.js';
import { sqlite } from '../support/engine.js';
import { foreignIds } from '../support/foreign-ids.js';

authorisationMatrix(sqlite);
foreignIds(sqlite);
