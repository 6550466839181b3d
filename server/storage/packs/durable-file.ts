/**
 * Small files that survive a crash whole or not at all, folders whose names do, and the writing loop that packs share with them.
 * The only place that writes such files: temporary file, write, sync, rename, sync of the folder.
 */
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { codeOf, unlessAbsent } from './failure.js';
import { nodeFiles, type FileLayer, type OpenFile } from './file-layer.js';

/**
 * Replaces the file at `target` by `bytes`, durably: after a crash it holds the old bytes or the new ones. Mode 0600.
 * Not for two writers of one name at a time. Rejects with the error of the file system.
 */
export async function writeDurably(target: string, bytes: Uint8Array, files: FileLayer = nodeFiles): Promise<void> {
  const temporary = `${target}.tmp`;
  const file = await files.open(temporary, 'replace');
  try {
    await writeAll(file, [bytes], 0);
    await file.datasync();
  } finally {
    await file.close();
  }
  await files.rename(temporary, target);
  await files.syncFolder(path.dirname(target));
}

/**
 * Makes `folder` with mode 0700, and what of its parents lacks, level by level. The names that are new are durable, and the last one that was there: who made it may have been killed
 * before it was, and then was the first to make anything.
 */
export async function makeFolderDurably(folder: string, files: FileLayer = nodeFiles): Promise<void> {
  const lacking: string[] = [];
  let there = path.resolve(folder);
  while ((await unlessAbsent(() => stat(there))) === undefined) {
    lacking.unshift(there);
    there = path.dirname(there);
  }
  // Refuses what is there and no folder.
  await mkdir(there, { recursive: true, mode: 0o700 });
  await syncNameOf(there, files);
  for (const made of lacking) {
    await mkdir(made, { recursive: true, mode: 0o700 });
    await files.syncFolder(path.dirname(made));
  }
}

/** A folder that is not this program's to open has names that others made. */
const notOurs = new Set(['EACCES', 'EPERM', 'EROFS', 'EINVAL', 'ENOTSUP', 'ERR_ACCESS_DENIED']);

async function syncNameOf(folder: string, files: FileLayer): Promise<void> {
  try {
    await files.syncFolder(path.dirname(folder));
  } catch (error) {
    if (!notOurs.has(codeOf(error))) throw error;
  }
}

/** Writes all of `parts` in order at `position`, however little each write takes. Answers how many bytes that were. */
export async function writeAll(file: OpenFile, parts: readonly Uint8Array[], position: number): Promise<number> {
  let left: readonly Uint8Array[] = parts.filter((part) => part.length > 0);
  let at = position;
  while (left.length > 0) {
    const written = await file.write(left, at);
    if (written <= 0) throw new Error('the file takes no more bytes');
    at += written;
    left = after(left, written);
  }
  return at - position;
}

function after(parts: readonly Uint8Array[], written: number): readonly Uint8Array[] {
  let skip = written;
  let first = 0;
  while (first < parts.length && skip >= (parts[first]?.length ?? 0)) skip -= parts[first++]?.length ?? 0;
  return parts.slice(first).map((part, index) => (index === 0 ? part.subarray(skip) : part));
}
