/**
 * What was not synced is lost before each step of what packs and stores do on files, in all ways of test/fault and in a hundred that are drawn.
 */
import { type CrashWay, plainWays } from '../support/crash-images.js';
import { unsyncedPacks } from '../support/unsynced-packs.js';
import { unsyncedStores } from '../support/unsynced-stores.js';

const ways: readonly CrashWay[] = [...plainWays, ...Array.from({ length: 100 }, (_, i): CrashWay => `drawn ${i}`)];

unsyncedPacks(ways);
unsyncedStores(ways);
