/**
 * Operations with some of their calls to the stores failing, before and after they took effect. All calls: test/long.
 */
import { accountSweeps } from '../support/account-sweeps.js';
import { imageSweeps } from '../support/image-sweeps.js';
import { operatorSweeps } from '../support/operator-sweeps.js';
import { sweptStores } from '../support/swept-store.js';

const open = sweptStores({ most: 3 });
for (const sweeps of [imageSweeps, accountSweeps, operatorSweeps]) sweeps(open);
