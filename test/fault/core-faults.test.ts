/**
 * Sweeps and uploads with many of their calls to the stores failing, before and after they took effect. All calls: test/long/port-sweeps.test.ts.
 */
import { coreSweeps } from '../support/core-sweeps.js';
import { sweptStores } from '../support/swept-store.js';

coreSweeps(sweptStores({ most: 32 }));
