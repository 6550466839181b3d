/**
 * What figures were measured on and of: date, commit, processor, memory, versions.
 */
import { execFile } from 'node:child_process';
import { cpus, release, totalmem, type } from 'node:os';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface Circumstances {
  /** RFC 3339, UTC. */
  readonly date: string;
  /** Short hash, with a plus where files were changed since; undefined outside a checkout. */
  readonly commit: string | undefined;
  readonly cores: number;
  readonly processor: string;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
}

export async function circumstances(): Promise<Circumstances> {
  const processors = cpus();
  return {
    date: new Date().toISOString(),
    commit: await commitHash(),
    cores: processors.length,
    processor: processors[0]?.model.trim() ?? 'unknown',
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.version,
  };
}

/** One line. */
export function circumstancesText({ date, commit, cores, processor, memoryBytes, system, node }: Circumstances): string {
  return `${date.slice(0, 16)}Z, commit ${commit ?? 'unknown'}, ${String(cores)} x ${processor}, ${(memoryBytes / 1e9).toFixed(1)} GB, ${system}, Node ${node}`;
}

async function commitHash(): Promise<string | undefined> {
  try {
    const { stdout: hash } = await execute('git', ['rev-parse', '--short', 'HEAD']);
    const { stdout: changes } = await execute('git', ['status', '--porcelain', '--untracked-files=no']);
    return hash.trim() + (changes === '' ? '' : '+');
  } catch {
    return undefined;
  }
}
