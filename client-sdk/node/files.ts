/**
 * Files of the local disk as sources and destinations: opened once, read at any offset, watched for change; written
 * under a temporary name, synced, then renamed. SPEC.md section 12.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { OpenedFile, UploadFile } from '../api.js';
import { DiceError, fault } from '../core/errors.js';
import { syncFolder } from './folder-sync.js';

/** The file at `file` as an upload named `name`. Nothing is opened yet. */
export function fileForUpload(file: string, name: string): UploadFile {
  return { name, origin: file, open: () => openForUpload(file) };
}

/**
 * Writes `pieces` to `file` such that it holds all of them or is not touched: temporary file beside it, fsync, rename,
 * fsync of the folder. Throws what `pieces` throws, and DiceError `file-unwritable`.
 */
export async function writeFileWhole(
  file: string,
  pieces: AsyncIterable<Uint8Array>,
  options: { readonly mode?: number } = {},
): Promise<{ readonly bytes: number }> {
  const temporary = path.join(path.dirname(file), `.dice-${randomBytes(8).toString('hex')}.part`);
  try {
    const handle = await open(temporary, 'wx', options.mode ?? 0o666);
    let bytes = 0;
    try {
      for await (const piece of pieces) bytes += await writeAll(handle, piece);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
    await syncFolder(path.dirname(file));
    return { bytes };
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown instanceof DiceError ? thrown : fault('file-unwritable', JSON.stringify(file), thrown);
  }
}

/**
 * All regular files below `paths` (files and folders), folder by folder in the order of their names; a file below a folder is
 * named with its path from the folder's parent, with `/`. Links below a folder are not followed. A path that is not there
 * and a folder that cannot be read are yielded too: opening them says why, and their neighbours go on.
 */
export async function* filesBelow(paths: readonly string[]): AsyncGenerator<{ readonly path: string; readonly name: string }, void, void> {
  for (const given of paths) {
    const found = await stat(given).catch(() => undefined);
    if (found?.isDirectory() !== true) yield { path: given, name: path.basename(given) };
    else yield* below(given, path.basename(path.resolve(given)));
  }
}

async function* below(folder: string, name: string): AsyncGenerator<{ readonly path: string; readonly name: string }, void, void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) {
    yield { path: folder, name };
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const at = { path: path.join(folder, entry.name), name: name === '' ? entry.name : `${name}/${entry.name}` };
    if (entry.isDirectory()) yield* below(at.path, at.name);
    else if (entry.isFile()) yield at;
  }
}

async function openForUpload(file: string): Promise<OpenedFile> {
  let handle: FileHandle;
  try {
    // Without O_NONBLOCK the opening of a pipe would wait for its writer.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw fault('file-unreadable', JSON.stringify(file), cause);
  }
  const first = await handle.stat();
  if (!first.isFile()) {
    await handle.close();
    throw fault('file-unreadable', `${JSON.stringify(file)} is no regular file.`);
  }
  return {
    source: { size: first.size, read: (offset, length) => readExactly(handle, { offset, length, file }) },
    modifiedAt: first.mtimeMs,
    async isUnchanged() {
      const now = await handle.stat();
      return now.size === first.size && now.mtimeMs === first.mtimeMs;
    },
    close: () => handle.close(),
  };
}

async function readExactly(handle: FileHandle, { offset, length, file }: { readonly offset: number; readonly length: number; readonly file: string }): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(bytes, at, length - at, offset + at).catch((cause: unknown) => {
      throw fault('file-unreadable', JSON.stringify(file), cause);
    });
    if (bytesRead === 0) throw fault('file-changed', JSON.stringify(file));
    at += bytesRead;
  }
  return bytes;
}

async function writeAll(handle: FileHandle, piece: Uint8Array): Promise<number> {
  for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at, piece.length - at)).bytesWritten;
  return piece.length;
}
