/**
 * What storing one folder costs: by the `dice` command in a fresh server, up and down again with every file compared, and by
 * other tools. Totals come from one upload of the whole folder; growth by variant, where it is wanted, from a second store.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { backupTools, measureBackup, type BackupResult } from './backup-tools.js';
import { BenchStore, type StoreStart } from './bench-store.js';
import { groupOf, groupsOf, pairs, type GroupRow, type UploadRow } from './file-groups.js';
import { linkedSet, onlyOf, type FileSet, type SetFile } from './file-set.js';
import { blockKindsOf, cipherParts, storedParts, type StoredPart } from './stored-parts.js';
import { differencesOf } from './tree-comparison.js';

/** How a folder is measured. */
export interface SavingOptions {
  readonly domain: 'open' | 'personal';
  /** Side of tiles; undefined is the command's default. */
  readonly tilePixels: number | undefined;
  /** Endings to keep, as `extensionOf` spells them; undefined keeps all. */
  readonly only: readonly string[] | undefined;
  readonly isByVariant: boolean;
  readonly hasOthers: boolean;
}

/** Where it is measured. */
export interface SavingPlace {
  /** A folder that is there; everything is made in it. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Told what begins. */
  readonly say: (line: string) => void;
}

export interface DiceFigures {
  readonly total: GroupRow;
  /** Data directory after a drained stop, less that of an empty store. */
  readonly storedBytes: number;
  readonly parts: readonly StoredPart[];
  readonly extensions: readonly GroupRow[];
  /** Files that went as plain bytes, not as tiles. */
  readonly untiled: readonly UploadRow[];
  /** Undefined where the folder has no manifest.csv. */
  readonly variants: readonly GroupRow[] | undefined;
  readonly storeSeconds: number;
  readonly storeCpuSeconds: number;
  readonly restoreSeconds: number;
  readonly restoreCpuSeconds: number;
  /** Files that did not come back as they were. */
  readonly differences: readonly string[];
}

/** What the data directory grew by when this group was uploaded after those before it. */
export interface GrowthRow {
  readonly name: string;
  readonly files: number;
  readonly logicalBytes: number;
  readonly storedBytes: number;
  readonly sentBytes: number;
}

export interface FolderSaving {
  readonly folder: string;
  readonly dice: DiceFigures;
  readonly growth: readonly GrowthRow[] | undefined;
  readonly others: readonly BackupResult[];
}

/** Measures one folder. Throws where a `dice` command fails or figures do not add up. */
export async function measureFolder(all: FileSet, options: SavingOptions, place: SavingPlace): Promise<FolderSaving> {
  const set = options.only === undefined ? all : await onlyOf(all, options.only, path.join(place.scratch, 'only'));
  const name = path.basename(set.folder);
  const dice = await measureDiceStore(set, options, place);
  const growth = options.isByVariant ? await measureGrowth(set, options, place) : undefined;
  const others: BackupResult[] = [];
  for (const tool of options.hasOthers ? backupTools : []) {
    place.say(`${name}: ${tool.name}`);
    others.push(await measureBackup(tool, set, place));
  }
  return { folder: name, dice, growth, others };
}

/** One upload of everything, one download of everything. */
function measureDiceStore(set: FileSet, options: SavingOptions, { scratch, signal, say }: SavingPlace): Promise<DiceFigures> {
  return inStore({ folder: path.join(scratch, 'whole'), domain: options.domain, signal }, async (store) => {
    const empty = await store.pauseForReport();
    await store.resume();
    say(`${path.basename(set.folder)}: dice upload of all ${String(set.files.length)} files`);
    const { rows, sentBytes, run } = await store.upload(set.folder, options.tilePixels);
    const full = await store.pauseForReport();
    await store.resume();
    const copy = path.join(scratch, 'whole', 'copy');
    say(`${path.basename(set.folder)}: dice download --all`);
    const restored = await store.download(copy);
    const kinds = await store.withClient((client) => blockKindsOf(client));
    await store.close();
    const uploaded = pairs(set.files, rows);
    const total = groupOf('total', uploaded);
    if (total.sentBytes !== sentBytes) throw new Error(`the files sent ${String(total.sentBytes)} bytes, and the upload tells of ${String(sentBytes)}`);
    return {
      total,
      storedBytes: full.bytes - empty.bytes,
      parts: storedParts(empty, full, cipherParts(store.dataDirectory, kinds)),
      extensions: groupsOf(uploaded, ({ extension }) => extension),
      untiled: uploaded.flatMap(([, row]) => (row.splitter === 'bytes' ? [row] : [])),
      variants: hasVariants(set) ? groupsOf(uploaded, keyOf) : undefined,
      storeSeconds: run.seconds,
      storeCpuSeconds: run.cpuSeconds,
      restoreSeconds: restored.seconds,
      restoreCpuSeconds: restored.cpuSeconds,
      differences: await differencesOf(set, copy, signal),
    };
  });
}

/** Variant by variant into one store. After each the server is stopped, drained and measured, and started again. */
function measureGrowth(set: FileSet, options: SavingOptions, { scratch, signal, say }: SavingPlace): Promise<readonly GrowthRow[]> {
  return inStore({ folder: path.join(scratch, 'growing'), domain: options.domain, signal }, async (store) => {
    let before = (await store.pauseForReport()).bytes;
    const rows: GrowthRow[] = [];
    for (const [name, files] of groupedFiles(set)) {
      say(`${path.basename(set.folder)}: dice upload of ${name}`);
      const group = await linkedSet(files, path.join(scratch, 'growing', 'groups', String(rows.length)));
      await store.resume();
      const { rows: uploaded } = await store.upload(group.folder, options.tilePixels);
      const bytes = await store.pause();
      const { logicalBytes, sentBytes } = groupOf(name, pairs(group.files, uploaded));
      rows.push({ name, files: files.length, logicalBytes, storedBytes: bytes - before, sentBytes });
      before = bytes;
    }
    return rows;
  });
}

/** Opens a store in a folder of its own, and ends and removes both after `work`. */
async function inStore<T>(start: StoreStart, work: (store: BenchStore) => Promise<T>): Promise<T> {
  await mkdir(start.folder, { recursive: true });
  try {
    const store = await BenchStore.open(start);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  } finally {
    await rm(start.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function groupedFiles(set: FileSet): readonly (readonly [string, readonly SetFile[]])[] {
  const names = [...new Set(set.files.map(keyOf))].sort();
  return names.map((name) => [name, set.files.filter((file) => keyOf(file) === name)] as const);
}

function hasVariants({ files }: FileSet): boolean {
  return files.some(({ variant }) => variant !== undefined);
}

function keyOf({ variant, extension }: SetFile): string {
  return variant ?? extension;
}
