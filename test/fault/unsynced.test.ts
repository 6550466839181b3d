/**
 * What was not synced is lost, whole or in part, before each step of what packs and stores do on files. More ways of losing it: test/long.
 */
import { plainWays } from '../support/crash-images.js';
import { unsyncedPacks } from '../support/unsynced-packs.js';
import { unsyncedStores } from '../support/unsynced-stores.js';

unsyncedPacks(plainWays);
unsyncedStores(plainWays.slice(0, 1));
