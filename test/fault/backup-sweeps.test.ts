/**
 * A backup and a restore with some of their calls to the file system and to SQLite failing, before and after they took effect. All calls: test/long.
 */
import { jest } from '@jest/globals';
import { FailingSystem } from '../support/failing-system.js';

const failing = new FailingSystem();
jest.unstable_mockModule('node:fs/promises', failing.fileSystem);
jest.unstable_mockModule('better-sqlite3', failing.sqlite);
// What is swept is loaded when the failing modules are in place.
const { backupSweeps } = await import('../support/backup-sweeps.js');

backupSweeps(failing, 2);
