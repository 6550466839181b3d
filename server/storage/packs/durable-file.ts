/**
 * Small files that survive a crash whole or not at all, folders whose names do, and the writing loop that packs share with them.
 * The only place that writes such files: temporary file, write, sync, rename, sync of the folder.
 */
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
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

/** Makes `folder` with mode 0700, and what of its parents lacks; the names that are new are durable. Nothing is looked at where it is there already. */
export async function makeFolderDurably(folder: string, files: FileLayer = nodeFiles): Promise<void> {
  const last = path.resolve(folder);
  const first = await mkdir(last, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = last; made.length >= first.length; made = path.dirname(made)) await files.syncFolder(path.dirname(made));
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
