/**
 * Folders under the system's temporary one, removed after the tests of a file.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll } from '@jest/globals';

/** A function that makes empty folders; registered once at the top of a test file or suite. */
export function temporaryDirectories(): () => Promise<string> {
  const made: string[] = [];
  afterAll(async () => {
    for (const directory of made) await rm(directory, { recursive: true, force: true });
  });
  return async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'dice-test-'));
    made.push(directory);
    return directory;
  };
}
