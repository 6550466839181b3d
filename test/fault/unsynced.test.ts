/**
 * What was not synced is lost, whole or in part, before each step of what packs and stores do on files, and before some of what backups do. More ways of losing it, and all steps: test/long.
 */
import { plainWays } from '../support/crash-images.js';
import { unsyncedBackups } from '../support/unsynced-backups.js';
import { unsyncedPacks } from '../support/unsynced-packs.js';
import { unsyncedStores } from '../support/unsynced-stores.js';

unsyncedPacks(plainWays);
unsyncedStores(['nothing'], 3);
unsyncedBackups(['nothing'], { moments: 40, kills: 60 });
