/**
 * The same files for restic and borg, where they are installed: a fresh encrypted repository each, one backup, one restore,
 * comparison. Stored bytes are the files of the repository less those of an empty one.
 */
import { constants } from 'node:fs';
import { access, mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { FileSet } from './file-set.js';
import { measureProcess, type MeasuredRun } from './measured-process.js';
import { folderBytes } from './server-process.js';
import { differencesOf } from './tree-comparison.js';

export interface BackupFigures {
  readonly version: string;
  readonly storedBytes: number;
  readonly storeSeconds: number;
  readonly storeCpuSeconds: number;
  readonly restoreSeconds: number;
  readonly restoreCpuSeconds: number;
  readonly differences: readonly string[];
}

/** What became of one tool. */
export type BackupResult = { readonly name: string } & (
  | { readonly outcome: 'measured'; readonly figures: BackupFigures }
  | { readonly outcome: 'not installed' }
  | { readonly outcome: 'failed'; readonly message: string }
);

/** A tool and its settings. Store and restore run in the folder above the files, and in the one to restore to. */
export interface BackupTool {
  readonly name: string;
  readonly program: string;
  readonly version: readonly string[];
  readonly init: (repository: string) => readonly string[];
  readonly store: (repository: string, folder: string) => readonly string[];
  readonly restore: (repository: string) => readonly string[];
}

export const backupTools: readonly BackupTool[] = [
  {
    name: 'restic, compression auto (its default)',
    program: 'restic',
    version: ['version'],
    init: (repository) => ['init', '-r', repository],
    store: (repository, folder) => ['backup', '-r', repository, '--', folder],
    restore: (repository) => ['restore', 'latest', '-r', repository, '--target', '.'],
  },
  borg('borg, lz4 (its default)', []),
  borg('borg, zstd', ['--compression', 'zstd']),
  borg('borg, chunks to 64 KiB, zstd 19', ['--chunker-params', 'buzhash,10,16,14,4095', '--compression', 'zstd,19']),
];

function borg(name: string, options: readonly string[]): BackupTool {
  return {
    name,
    program: 'borg',
    version: ['--version'],
    init: (repository) => ['init', '--encryption=repokey-blake2', repository],
    store: (repository, folder) => ['create', ...options, `${repository}::all`, folder],
    restore: (repository) => ['extract', `${repository}::all`],
  };
}

/** Stores the set with one tool below `scratch`. A tool that fails is a result too; throws where `signal` is aborted. */
export async function measureBackup(tool: BackupTool, set: FileSet, { scratch, signal }: { readonly scratch: string; readonly signal: AbortSignal }): Promise<BackupResult> {
  const { name } = tool;
  const program = await installed(tool.program);
  if (program === undefined) return { name, outcome: 'not installed' };
  const folder = path.join(scratch, 'backup');
  try {
    return { name, outcome: 'measured', figures: await figuresOf({ ...tool, program }, set, { folder, signal }) };
  } catch (thrown) {
    signal.throwIfAborted();
    return { name, outcome: 'failed', message: thrown instanceof Error ? thrown.message : 'for no known reason' };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function figuresOf(tool: BackupTool, set: FileSet, { folder, signal }: { readonly folder: string; readonly signal: AbortSignal }): Promise<BackupFigures> {
  const [repository, copy] = [path.join(folder, 'repository'), path.join(folder, 'copy')];
  await mkdir(copy, { recursive: true });
  const run = (args: readonly string[], workingFolder: string): Promise<MeasuredRun> => {
    return successful(tool.name, { command: tool.program, args, environment: environmentIn(folder), folder: workingFolder, signal });
  };
  const version = (await run(tool.version, folder)).stdout.trim();
  await run(tool.init(repository), folder);
  const emptyBytes = await folderBytes(repository);
  const stored = await run(tool.store(repository, path.basename(set.folder)), path.dirname(set.folder));
  const storedBytes = (await folderBytes(repository)) - emptyBytes;
  const restored = await run(tool.restore(repository), copy);
  const differences = await differencesOf(set, copy, signal);
  const times = { storeSeconds: stored.seconds, storeCpuSeconds: stored.cpuSeconds, restoreSeconds: restored.seconds, restoreCpuSeconds: restored.cpuSeconds };
  return { version, storedBytes, ...times, differences };
}

async function successful(name: string, start: Parameters<typeof measureProcess>[0]): Promise<MeasuredRun> {
  const run = await measureProcess(start);
  if (run.status !== 0) throw new Error(`${name} ended with ${String(run.status)}:\n${run.stderr.slice(-4_000)}`);
  return run;
}

/** The program's path, looked up as a shell does. */
async function installed(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const file = path.join(folder, program);
    if (folder !== '' && (await access(file, constants.X_OK).then(() => true, () => false))) return file;
  }
  return undefined;
}

/** Nothing of the caller's settings, and nothing left outside `folder`. */
function environmentIn(folder: string): Readonly<Record<string, string | undefined>> {
  return {
    PATH: process.env['PATH'],
    LANG: 'C.UTF-8',
    HOME: folder,
    TMPDIR: folder,
    RESTIC_PASSWORD: 'seven swans over the weir',
    RESTIC_CACHE_DIR: path.join(folder, 'cache'),
    BORG_PASSPHRASE: 'seven swans over the weir',
    BORG_BASE_DIR: folder,
    BORG_RELOCATED_REPO_ACCESS_IS_OK: 'yes',
    BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes',
  };
}
