/**
 * The lists of uploads in this browser, so that an upload can be taken up again after a reload: name, size and time of each file and
 * what became of it, by account and run. In IndexedDB, in clear, and erased at logout. It holds no file. DESIGN.md section 7 (Pages).
 */
import { dropDatabase, finished, openDatabase, settled } from './database.js';

const databaseName = 'dice-uploads';
const storeName = 'files';

/** What tells files apart without reading them; `modifiedAt` in milliseconds since the epoch, `size` in bytes. */
export interface FileMark {
  readonly name: string;
  readonly size: number;
  readonly modifiedAt: number;
}

/** A file of a list. `open`: not stored yet. */
export interface RecordedFile extends FileMark {
  readonly state: 'open' | 'stored' | 'failed';
  /** With `stored`. */
  readonly imageId: string | undefined;
}

/** The list of one run of one page. */
export interface RecordedRun {
  readonly runId: string;
  readonly files: readonly RecordedFile[];
}

type Kept = Pick<RecordedFile, 'state' | 'imageId'>;
type Key = readonly [accountId: string, runId: string, name: string, size: number, modifiedAt: number];

/** All lists of the account. Empty where the browser keeps no database. */
export async function recordedRuns(accountId: string): Promise<readonly RecordedRun[]> {
  return await withStore('readonly', async (store) => {
    const range = IDBKeyRange.bound([accountId], [accountId, []]);
    // Only this file writes here: keys and values have these forms.
    const [keys, values] = await Promise.all([settled(store.getAllKeys(range)) as unknown as Promise<readonly Key[]>, settled(store.getAll(range)) as Promise<readonly Kept[]>]);
    const runs = new Map<string, RecordedFile[]>();
    for (const [i, [, runId, name, size, modifiedAt]] of keys.entries()) {
      const files = runs.get(runId) ?? [];
      files.push({ name, size, modifiedAt, state: values[i]?.state ?? 'open', imageId: values[i]?.imageId });
      runs.set(runId, files);
    }
    return [...runs].map(([runId, files]) => ({ runId, files }));
  }) ?? [];
}

/** What changes in a list. */
export interface RecordChange {
  readonly accountId: string;
  readonly runId: string;
  readonly kept: readonly RecordedFile[];
  readonly dropped: readonly FileMark[];
}

/** Carries the change out in one transaction. Never fails: without the list an upload is only taken up more slowly. */
export async function changeRecord({ accountId, runId, kept, dropped }: RecordChange): Promise<void> {
  await withStore('readwrite', (store) => {
    for (const file of kept) store.put({ state: file.state, imageId: file.imageId } satisfies Kept, [accountId, runId, file.name, file.size, file.modifiedAt]);
    for (const file of dropped) store.delete([accountId, runId, file.name, file.size, file.modifiedAt]);
    return Promise.resolve();
  });
}

/** Forgets one list. */
export async function forgetRun(accountId: string, runId: string): Promise<void> {
  await withStore('readwrite', async (store) => { await settled(store.delete(IDBKeyRange.bound([accountId, runId], [accountId, runId, []]))); });
}

/** Forgets all lists of this browser. */
export async function forgetUploads(): Promise<void> {
  try {
    await dropDatabase(databaseName);
  } catch {
    // There was none to forget.
  }
}

/** Opens the database for this step alone, so that no page keeps another from erasing it. */
async function withStore<T>(mode: IDBTransactionMode, step: (store: IDBObjectStore) => Promise<T>): Promise<T | undefined> {
  try {
    const database = await openDatabase(databaseName, storeName);
    try {
      const transaction = database.transaction(storeName, mode);
      const ended = finished(transaction);
      // Where the step fails, that is the failure that counts.
      ended.catch(() => undefined);
      const result = await step(transaction.objectStore(storeName));
      await ended;
      return result;
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}
