/**
 * What the operator reads when the process cannot go on: one sentence for what is foreseen, the stack for what is not.
 */
import { CorruptionError, StorageError } from './ports/errors.js';
import { DataDirectoryError } from './data-directory.js';

const sentences: Readonly<Record<string, string>> = {
  EADDRINUSE: 'The port is taken by another program. Stop it or set PORT.',
  EACCES: 'Permission denied. Check the port (PORT) and the owner of the data directory (DICE_DATA_DIR).',
  EADDRNOTAVAIL: 'HOST is not an address of this machine.',
  ENOTFOUND: 'HOST cannot be resolved.',
  ENOSPC: 'The disk is full.',
  EROFS: 'The data directory (DICE_DATA_DIR) cannot be written to.',
};

/** Text for stderr. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return 'The server failed without a reason.';
  if (error instanceof DataDirectoryError || error instanceof StorageError || error instanceof CorruptionError) return error.message;
  const { code } = error as NodeJS.ErrnoException;
  const sentence = code === undefined ? undefined : sentences[code];
  return sentence === undefined ? (error.stack ?? error.message) : `${sentence} (${error.message})`;
}
