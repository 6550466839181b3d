/**
 * strace as a tool of tests: lets chosen system calls on chosen names fail, do nothing, or be the last thing that a process does, and tells which calls there are.
 * Linux, and strace 5 or newer, are needed. File operations of Node run in one thread (`oneThread`), so that calls come in the same order each time.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** Calls that write, make durable, or make and remove names. */
export const writingCalls = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'ftruncate', 'openat', 'mkdir'] as const;
/** Further ones of who copies a store. */
export const copyingCalls = [...writingCalls, 'rmdir', 'chmod', 'fchmod', 'fchmodat', 'read', 'pread64', 'readv', 'preadv', 'getdents64', 'statx', 'newfstatat', 'fstat', 'fcntl'] as const;
export type TracedCall = (typeof copyingCalls)[number];
/** `nothing` writes no byte and says so. */
export type CallFault = 'EIO' | 'ENOSPC' | 'SIGKILL' | 'nothing';

/** The `nth` call of each thread that concerns one of `paths`, and where it lasts all that follow. */
export interface Injection {
  readonly call: TracedCall;
  readonly fault: CallFault;
  readonly isLasting: boolean;
  readonly nth: number;
  readonly paths: readonly string[];
}

/** What was traced where nothing was injected. */
export interface Traced {
  /** How often each call concerned the directory, in the thread where it did most often. */
  readonly counts: ReadonlyMap<TracedCall, number>;
  /** The names that were met. */
  readonly paths: readonly string[];
  /** What strace wrote, line by line. */
  readonly lines: readonly string[];
}

/** For the environment of what is traced. */
export const oneThread = { UV_THREADPOOL_SIZE: '1' } as const;
const looking: ReadonlySet<TracedCall> = new Set(['read', 'pread64', 'readv', 'preadv', 'getdents64', 'statx', 'newfstatat', 'fstat', 'fcntl']);

/** What strace says to its version, or a sentence for the reader where there is none. */
export function requireStrace(): string {
  try {
    return execFileSync('strace', ['--version'], { encoding: 'utf8' }).split('\n')[0] ?? '';
  } catch {
    throw new Error('This test needs strace, which is not here. On Debian: apt-get install strace');
  }
}

/** How a process is watched: where strace writes, which calls, and what fails. Without an injection all `calls` are written to `trace`. */
export interface Watching {
  readonly trace: string;
  readonly calls: readonly TracedCall[];
  readonly injection?: Injection | undefined;
  /** So many of the first bytes that each call takes or gives are written too. */
  readonly shownBytes?: number;
}

/**
 * Starts `command` under strace: its process is the child, and strace looks on. Both hold the last pipe, so 'close' comes when strace too has ended, and has written all.
 */
export function spawnTraced({ trace, calls, injection, shownBytes = 0 }: Watching, command: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const child = spawn('strace', ['-D', '-f', '-qq', '-y', '-s', String(shownBytes), '-o', trace, ...filter(calls, injection), ...command], { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const last = child.stdio[3];
  if (last instanceof Readable) last.resume();
  return child;
}

function filter(calls: readonly TracedCall[], injection: Injection | undefined): readonly string[] {
  if (injection === undefined) return ['--seccomp-bpf', '-e', `trace=${calls.join(',')}`];
  const { call, fault, isLasting, nth, paths } = injection;
  const what = { EIO: 'error=EIO', ENOSPC: 'error=ENOSPC', SIGKILL: 'signal=SIGKILL', nothing: 'retval=0' }[fault];
  // A signal at a stop that the kernel's filter made gets lost.
  return [...(fault === 'SIGKILL' ? [] : ['--seccomp-bpf']), '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${String(nth)}${isLasting ? '+' : ''}`, ...paths.flatMap((name) => ['-P', name])];
}

/** Reads what strace wrote of the names below `directory`. */
export async function readTrace(trace: string, directory: string): Promise<Traced> {
  const perThread = new Map<string, number>();
  const paths = new Set<string>();
  const lines = (await readFile(trace, 'utf8')).split('\n');
  for (const line of lines) {
    const [, thread = '', call = ''] = /^(\d+) +(\w+)\(/.exec(line) ?? [];
    const found = line.match(new RegExp(`${directory}[^"<>]*`, 'g')) ?? [];
    if (call === '' || found.length === 0) continue;
    for (const name of found) paths.add(name);
    perThread.set(`${thread} ${call}`, (perThread.get(`${thread} ${call}`) ?? 0) + 1);
  }
  const counts = new Map<TracedCall, number>();
  for (const [key, count] of perThread) {
    const call = key.split(' ')[1] as TracedCall; // strace was told to write these alone
    counts.set(call, Math.max(counts.get(call) ?? 0, count));
  }
  return { counts, paths: [...paths], lines };
}

/** True where the injection was met: strace says so of a call, and a kill is seen by how the process ended. */
export async function wasReached({ fault }: Injection, trace: string, ended: string): Promise<boolean> {
  if (fault === 'SIGKILL') return ended === 'SIGKILL';
  const text = await readFile(trace, 'utf8').catch(() => '');
  return text.includes('(INJECTED)');
}

/** What fails and how, whichever call of its kind it is. */
export function kindOf({ call, fault, isLasting }: Injection): string {
  return `${call} ${fault}${isLasting ? ' from then on' : ''}`;
}

/** All that can be injected into what was traced, in an order that only the seed decides: one of each kind first. */
export function injectionsOf({ counts, paths }: Pick<Traced, 'counts' | 'paths'>, seed: string): readonly Injection[] {
  const all = [...counts].flatMap(([call, count]) => faultsOf(call).flatMap((fault) => Array.from({ length: count }, (_, i): Injection => ({ call, ...fault, nth: i + 1, paths }))));
  const drawn = all.map((injection) => ({ injection, by: createHash('sha256').update(`${seed} ${kindOf(injection)} ${String(injection.nth)}`).digest('hex') }));
  const inOrder = drawn.sort((a, b) => (a.by < b.by ? -1 : 1)).map(({ injection }) => injection);
  const first = new Set(new Map(inOrder.toReversed().map((injection) => [kindOf(injection), injection])).values());
  return [...inOrder.filter((injection) => first.has(injection)), ...inOrder.filter((injection) => !first.has(injection))];
}

/** A kill at a call that changes nothing is one at the call before it; a disk that breaks or is full may stay so. */
function faultsOf(call: TracedCall): readonly Pick<Injection, 'fault' | 'isLasting'>[] {
  const failing = (fault: CallFault): readonly Pick<Injection, 'fault' | 'isLasting'>[] => [{ fault, isLasting: false }, { fault, isLasting: true }];
  if (looking.has(call)) return failing('EIO');
  const once = (fault: CallFault): Pick<Injection, 'fault' | 'isLasting'> => ({ fault, isLasting: false });
  return [...failing('EIO'), ...failing('ENOSPC'), once('SIGKILL'), ...(call.includes('write') ? [once('nothing')] : [])];
}
