/**
 * The `dice` command as a measured process: its status, output, wall time and largest resident memory (Linux).
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../client-sdk/cli/main.js', import.meta.url));
const sampleMs = 20;

export interface MeasuredRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly peakMemoryBytes: number;
}

/** Runs `dice` with these arguments and environment. */
export function measureDice(args: readonly string[], environment: Readonly<Record<string, string>>): Promise<MeasuredRun> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [main, ...args], { env: { ...process.env, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] });
    let peakMemoryBytes = 0;
    const sampler = setInterval(() => {
      void peakMemoryOf(child.pid ?? 0).then((bytes) => {
        peakMemoryBytes = Math.max(peakMemoryBytes, bytes);
      });
    }, sampleMs);
    const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on('data', (piece: Buffer) => pieces.stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.stderr.push(piece));
    child.once('error', reject);
    child.once('close', (status) => {
      clearInterval(sampler);
      const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(pieces[name]).toString();
      resolve({ status, stdout: text('stdout'), stderr: text('stderr'), seconds: (performance.now() - startedAt) / 1000, peakMemoryBytes });
    });
  });
}

/** VmHWM of a process; 0 where it has ended. */
export async function peakMemoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}
