/**
 * All that can be told of a data directory from outside, to see that something changed nothing in it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** Bytes and times of every file below. */
export async function stateOf(directory: string): Promise<readonly string[]> {
  const entries = (await readdir(directory, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const states = entries.map(async ({ parentPath, name }) => {
    const file = path.join(parentPath, name);
    const { mtimeMs, ctimeMs } = await stat(file);
    return [file, mtimeMs, ctimeMs, createHash('sha256').update(await readFile(file)).digest('hex')].join(' ');
  });
  return (await Promise.all(states)).sort();
}
