/**
 * Every operation with each of its calls to the stores failing in turn, before and after it took effect. In short: test/fault. Sweeps and uploads are in
 * core-faults.test.ts.
 */
import { accountSweeps } from '../support/account-sweeps.js';
import { imageSweeps } from '../support/image-sweeps.js';
import { operatorSweeps } from '../support/operator-sweeps.js';

for (const sweeps of [imageSweeps, accountSweeps, operatorSweeps]) sweeps(Infinity);
