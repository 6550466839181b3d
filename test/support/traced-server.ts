/**
 * The server as a process under strace, which lets chosen system calls on its data directory fail, do nothing, or be the last thing that it does. Linux, and
 * strace 5 or newer, are needed. File operations of Node run in one thread, so that calls come in the same order each time.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../server/main.js', import.meta.url));
const startMs = 60_000;
/** Longer than a drain may take. */
const stopMs = 40_000;

/** Calls that write, make durable, or make and remove names. */
export const writingCalls = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'ftruncate', 'openat', 'mkdir'] as const;
export type WritingCall = (typeof writingCalls)[number];
/** `nothing` writes no byte and says so. */
export type CallFault = 'EIO' | 'ENOSPC' | 'SIGKILL' | 'nothing';

/** The `nth` call of each thread that concerns one of `paths`. */
export interface Injection {
  readonly call: WritingCall;
  readonly fault: CallFault;
  readonly nth: number;
  readonly paths: readonly string[];
}

/** What strace says to its version, or a sentence for the reader where there is none. */
export function requireStrace(): string {
  try {
    return execFileSync('strace', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
  } catch {
    throw new Error('This test needs strace, which is not here. On Debian: apt-get install strace');
  }
}

export class TracedServer {
  log = '';
  url = '';

  private constructor(private readonly child: ChildProcess) {
    const hear = (piece: Buffer): void => { this.log += piece.toString(); };
    child.stderr?.on('data', hear);
    child.stdout?.on('data', hear);
  }

  /** Starts a server that listens, or has ended by the fault. Without an injection all calls are written to `trace`. */
  static async start(dataDirectory: string, trace: string, injection?: Injection): Promise<TracedServer> {
    const settings = { UV_THREADPOOL_SIZE: '1', PORT: '0', HOST: '127.0.0.1', DICE_DATA_DIR: dataDirectory, DICE_GRACE_MINUTES: '0', DICE_SWEEP_MINUTES: '0', DICE_SCRUB_DAYS: '0', DICE_LOG_LEVEL: 'error' };
    // What bounds the test is nothing that a server knows, and it refuses such.
    const env = { ...process.env, ...settings, DICE_TEST_SECONDS: '', DICE_TEST_SEED: '' };
    // -D: the child is the server itself, and strace looks on.
    const server = new TracedServer(spawn('strace', ['-D', '-f', '-qq', '-y', '-s', '0', '-o', trace, ...filter(injection), process.execPath, main], { env, stdio: ['ignore', 'pipe', 'pipe'] }));
    await server.listening();
    return server;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Drains it. Answers how it ended; 'hung' where it had to be killed. */
  async stop(): Promise<string> {
    if (!this.hasEnded) {
      const ended = once(this.child, 'exit').then(() => true);
      this.child.kill('SIGTERM');
      const late = new AbortController();
      if (!(await Promise.race([ended, setTimeout(stopMs, false, { signal: late.signal })]))) {
        this.child.kill('SIGKILL');
        await ended;
        return 'hung';
      }
      late.abort();
    }
    return this.child.signalCode ?? `exit ${String(this.child.exitCode)}`;
  }

  private async listening(): Promise<void> {
    const until = Date.now() + startMs;
    while (!this.hasEnded) {
      this.url = /listens on (http:\/\/[0-9.:]+)/.exec(this.log)?.[1] ?? '';
      if (this.url !== '') return;
      if (Date.now() > until) {
        this.child.kill('SIGKILL');
        throw new Error(`the server neither listens nor ends:\n${this.log}`);
      }
      await setTimeout(20);
    }
  }
}

function filter(injection: Injection | undefined): readonly string[] {
  if (injection === undefined) return ['--seccomp-bpf', '-e', `trace=${writingCalls.join(',')}`];
  const { call, fault, nth, paths } = injection;
  const what = { EIO: 'error=EIO', ENOSPC: 'error=ENOSPC', SIGKILL: 'signal=SIGKILL', nothing: 'retval=0' }[fault];
  // A signal at a stop that the kernel's filter made gets lost.
  return [...(fault === 'SIGKILL' ? [] : ['--seccomp-bpf']), '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${String(nth)}`, ...paths.flatMap((name) => ['-P', name])];
}

/** How often each call concerned `directory` in the thread where it did most often, and the names that were met, from what strace wrote. */
export async function readTrace(trace: string, directory: string): Promise<{ readonly counts: ReadonlyMap<WritingCall, number>; readonly paths: readonly string[] }> {
  const perThread = new Map<string, number>();
  const paths = new Set<string>();
  for (const line of (await readFile(trace, 'utf8')).split('\n')) {
    const [, thread = '', call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    const found = line.match(new RegExp(`${directory}[^"<>]*`, 'g')) ?? [];
    if (call === '' || found.length === 0) continue;
    for (const name of found) paths.add(name);
    perThread.set(`${thread} ${call}`, (perThread.get(`${thread} ${call}`) ?? 0) + 1);
  }
  const counts = new Map<WritingCall, number>();
  for (const [key, count] of perThread) {
    const call = key.split(' ')[1] as WritingCall; // strace was told to write these alone
    counts.set(call, Math.max(counts.get(call) ?? 0, count));
  }
  return { counts, paths: [...paths] };
}
