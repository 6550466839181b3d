/**
 * A bench as a command of its own, with a temporary folder of its own, to its end or interrupted.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What it left behind. */
export interface BenchResult {
  readonly status: unknown;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where it runs. */
export interface BenchSurroundings {
  readonly temporary: string;
  /** It is interrupted when stderr says so. */
  readonly interruptAt?: string | undefined;
  /** Folders of programs, in place of the system's. */
  readonly search?: string | undefined;
}

/** Runs `name`, a file of the folder bench. */
export async function runBench(name: string, args: readonly string[], { temporary, interruptAt, search }: BenchSurroundings): Promise<BenchResult> {
  const env = { ...process.env, TMPDIR: temporary, ...(search === undefined ? {} : { PATH: search }) };
  const child = spawn(process.execPath, [fileURLToPath(new URL(`../../bench/${name}.js`, import.meta.url)), ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const told = { stdout: '', stderr: '' };
  child.stdout.on('data', (piece: Buffer) => { told.stdout += piece.toString(); });
  child.stderr.on('data', (piece: Buffer) => {
    told.stderr += piece.toString();
    if (interruptAt !== undefined && told.stderr.includes(interruptAt)) child.kill('SIGINT');
  });
  const [status] = (await once(child, 'close')) as unknown[];
  return { status, ...told };
}
