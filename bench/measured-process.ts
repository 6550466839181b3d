/**
 * A command as a measured process: its status, output, wall time, processor time and largest resident memory (the last
 * two on Linux only, read from /proc while it runs).
 */
import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';

const sampleMs = 20;
const ticksPerSecond = 100;

/** What to run. */
export interface ProcessStart {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment; nothing is inherited. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly folder?: string | undefined;
  /** Aborting it kills the process, and the measurement rejects. */
  readonly signal?: AbortSignal | undefined;
}

export interface MeasuredRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  /** User and system time of all its threads; up to one sample short. */
  readonly cpuSeconds: number;
  readonly peakMemoryBytes: number;
}

/** Runs it to its end. Rejects where it cannot be started. */
export function measureProcess({ command, args, environment, folder, signal }: ProcessStart): Promise<MeasuredRun> {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now();
    const child = spawn(command, args, { env: environment, cwd: folder, signal, killSignal: 'SIGKILL', stdio: ['ignore', 'pipe', 'pipe'] });
    const sampler = new ProcessSampler(child.pid ?? 0);
    const pieces = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    child.stdout.on('data', (piece: Buffer) => pieces.stdout.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.stderr.push(piece));
    child.once('error', (cause) => {
      sampler.close();
      reject(cause);
    });
    child.once('close', (status) => {
      sampler.close();
      const text = (name: 'stdout' | 'stderr'): string => Buffer.concat(pieces[name]).toString();
      const { peakMemoryBytes, cpuSeconds } = sampler;
      resolve({ status, stdout: text('stdout'), stderr: text('stderr'), seconds: (performance.now() - startedAt) / 1000, cpuSeconds, peakMemoryBytes });
    });
  });
}

/** VmHWM of a process; 0 where it has ended. */
export async function peakMemoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

/** User and system time of a process; 0 where it has ended. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${String(pid)}/stat`, 'utf8').catch(() => '');
  // The name in parentheses may hold blanks; utime and stime are the 12th and 13th field after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / ticksPerSecond;
}

class ProcessSampler {
  peakMemoryBytes = 0;
  cpuSeconds = 0;
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.#timer = setInterval(() => { void this.#sample(pid); }, sampleMs);
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #sample(pid: number): Promise<void> {
    const [memory, cpu] = await Promise.all([peakMemoryOf(pid), cpuSecondsOf(pid)]);
    this.peakMemoryBytes = Math.max(this.peakMemoryBytes, memory);
    this.cpuSeconds = Math.max(this.cpuSeconds, cpu);
  }
}
