/**
 * Two trees file by file, by SHA-256: what is missing, differs or is too many.
 */
import path from 'node:path';
import { filesBelow } from '../client-sdk/node/index.js';
import type { FileSet } from './file-set.js';
import { hashOfFile } from './file-hash.js';

/** Sentences on every file of `set` whose equal is not below `copies` under the same name, and on files there that `set` has not. Empty: equal. */
export async function differencesOf(set: FileSet, copies: string, signal?: AbortSignal): Promise<readonly string[]> {
  const differences: string[] = [];
  for (const file of set.files) {
    signal?.throwIfAborted();
    const copy = await hashOfFile(path.join(copies, file.name)).catch(() => undefined);
    if (copy === undefined) differences.push(`missing: ${file.name}`);
    else if (copy !== (await hashOfFile(file.path))) differences.push(`different: ${file.name}`);
  }
  const known = new Set(set.files.map(({ name }) => name));
  const root = path.join(copies, path.basename(set.folder));
  for await (const { name } of filesBelow([root])) if (!known.has(name)) differences.push(`not in the folder: ${name}`);
  return differences;
}
