/**
 * Backups and restores in this process, for tests: what `dice-admin` does, without starting it.
 */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BackupAnswer, BackupOrder } from '../../server/backup/backup-order.js';
import { makeBackup } from '../../server/backup/make-backup.js';
import { makeRepository, openRepository } from '../../server/backup/repository.js';
import { choosePoint, restorePoint, type RestoreOrder } from '../../server/backup/restore-point.js';
import { checkStore, type CheckAnswer } from '../../server/core/check.js';
import { openDataDirectory } from '../../server/data-directory.js';
import { openStore, type OpenedStore } from '../../server/open-store.js';
import { defaultPolicy } from '../../server/core/services.js';

const never = new AbortController().signal;

/** Makes a point of the store in `data` in the repository `folder`. */
export async function backUp(data: string, folder: string, order: Partial<BackupOrder> = {}): Promise<BackupAnswer> {
  const opened = await openDataDirectory(data, undefined);
  const repository = await makeRepository(folder, opened);
  return makeBackup({ data: opened, repository, at: Date.now(), keep: undefined, stop: never, onProgress: () => undefined, ...order });
}

/** Restores a point into `directory`; answers its id. */
export async function restoreTo(folder: string, directory: string, { at, ...order }: Partial<RestoreOrder> & { readonly at?: string } = {}): Promise<string> {
  const { repository, owner } = await openRepository(folder);
  const point = choosePoint(await repository.points(), owner, at);
  await restorePoint({ repository, point, directory, now: Date.now(), stop: never, onProgress: () => undefined, ...order });
  return point.id;
}

/** Runs `work` on the store in `directory` while no server does. */
export async function opened<T>(directory: string, work: (store: OpenedStore) => Promise<T>): Promise<T> {
  const store = await openStore({ directory, policy: defaultPolicy, purpose: { kind: 'administer' } });
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** What `dice-admin check` finds. */
export function checked(directory: string): Promise<CheckAnswer> {
  return opened(directory, (store) => checkStore(store.parts, { onFinding: () => undefined }));
}

/** All files below `folder` with their lengths, by relative name. */
export async function filesIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const files = new Map<string, number>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.relative(folder, file), (await stat(file)).size);
  }
  return files;
}
