/**
 * Files of the local disk as sources and destinations: opened once, read at any offset, watched for change; written
 * under a temporary name, synced, then renamed. SPEC.md section 12.
 */
import type { UploadFile } from '../api.js';

/** The file at `path` as an upload named `name`. Nothing is opened yet. */
export function fileForUpload(path: string, name: string): UploadFile {
  return { name, open: () => Promise.reject(new Error(path)) };
}

/**
 * Writes `pieces` to `path` such that it holds all of them or is not touched: temporary file beside it, fsync, rename,
 * fsync of the folder. Throws what `pieces` throws, and DiceError `file-unwritable`.
 */
export function writeFileWhole(path: string, pieces: AsyncIterable<Uint8Array>): Promise<{ readonly bytes: number }> {
  return Promise.reject(new Error(path + String(pieces)));
}

/** All regular files below `paths` (files and folders), in a stable order; a file below a folder is named with its path from the folder's parent. */
export async function* filesBelow(paths: readonly string[]): AsyncIterable<{ readonly path: string; readonly name: string }> {
  await Promise.resolve();
  for (const path of paths) yield { path, name: path };
}
