/**
 * The verbs `backup` and `restore` of dice-admin, in this process: what they print, answer, or throw for the operator to read.
 */
import type { BackupAnswer } from '../../server/backup/backup-order.js';
import { backup, type BackupOptions } from '../../server/cli/backup.js';
import { restore } from '../../server/cli/restore.js';
import { readConfig } from '../../server/config.js';
import type { Engines } from './moved-store.js';

/** Status and document of a backup; an empty document where it prints none. */
export interface BackedUp {
  readonly status: number;
  readonly document: Partial<BackupAnswer> & { readonly rotten?: unknown };
}

const never = new AbortController().signal;

export async function verbOfBackup(options: BackupOptions, { directory, engines, stop = never }: { readonly directory: string; readonly engines: Engines; readonly stop?: AbortSignal | undefined }): Promise<BackedUp> {
  let printed = '';
  const bench = { form: 'json' as const, print: (line: string) => { printed += line; }, say: () => undefined, stop };
  const status = await backup(bench, options, { config: { databaseUrl: undefined, bucket: undefined, ...engines }, directory });
  return { status, document: JSON.parse(printed === '' ? '{}' : printed) as Partial<BackupAnswer> }; // what the verb prints
}

export function verbOfRestore(options: Parameters<typeof restore>[1], { directory, environment }: { readonly directory: string; readonly environment: Readonly<Record<string, string>> }): Promise<number> {
  const bench = { form: 'json' as const, print: () => undefined, say: () => undefined, stop: never };
  return restore(bench, options, { config: readConfig(environment), directory });
}
