/**
 * What was not synced is lost before each step of what packs, stores and backups do on files, in all ways of test/fault and in such as are drawn.
 */
import { type CrashWay, plainWays } from '../support/crash-images.js';
import { unsyncedBackups } from '../support/unsynced-backups.js';
import { unsyncedPacks } from '../support/unsynced-packs.js';
import { unsyncedStores } from '../support/unsynced-stores.js';

const ways: readonly CrashWay[] = [...plainWays, ...Array.from({ length: 100 }, (_, i): CrashWay => `drawn ${i}`)];

unsyncedPacks(ways);
unsyncedStores(ways.slice(0, 30), 1);
unsyncedBackups(ways.slice(0, 10), { moments: 1, kills: 1 });
