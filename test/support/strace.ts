/**
 * strace as a tool of tests: lets chosen system calls on chosen names fail, do nothing, or be the last thing that a process does, and tells which calls there are.
 * Linux, and strace 5 or newer, are needed. File operations of Node run in one thread (`oneThread`), so that calls come in the same order each time.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/** Calls that write, make durable, or make and remove names. */
export const writingCalls = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'fsync', 'fdatasync', 'rename', 'renameat', 'renameat2', 'unlink', 'unlinkat', 'ftruncate', 'openat', 'mkdir'] as const;
/** Further ones of who copies a store. */
export const copyingCalls = [...writingCalls, 'rmdir', 'chmod', 'fchmod', 'fchmodat', 'read', 'pread64', 'readv', 'preadv', 'getdents64', 'statx', 'newfstatat', 'fstat', 'fcntl'] as const;
export type TracedCall = (typeof copyingCalls)[number];
/** `nothing` writes no byte and says so. */
export type CallFault = 'EIO' | 'ENOSPC' | 'SIGKILL' | 'nothing';

/** The `nth` call of each thread that concerns one of `paths`. */
export interface Injection {
  readonly call: TracedCall;
  readonly fault: CallFault;
  readonly nth: number;
  readonly paths: readonly string[];
}

/** What was traced where nothing was injected. */
export interface Traced {
  /** How often each call concerned the directory, in the thread where it did most often. */
  readonly counts: ReadonlyMap<TracedCall, number>;
  /** The names that were met. */
  readonly paths: readonly string[];
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

/** Arguments before the command. Its process is the child, and strace looks on. Without an injection all `calls` are written to `trace`. */
export function straceArguments(trace: string, calls: readonly TracedCall[], injection: Injection | undefined): readonly string[] {
  return ['-D', '-f', '-qq', '-y', '-s', '0', '-o', trace, ...filter(calls, injection)];
}

function filter(calls: readonly TracedCall[], injection: Injection | undefined): readonly string[] {
  if (injection === undefined) return ['--seccomp-bpf', '-e', `trace=${calls.join(',')}`];
  const { call, fault, nth, paths } = injection;
  const what = { EIO: 'error=EIO', ENOSPC: 'error=ENOSPC', SIGKILL: 'signal=SIGKILL', nothing: 'retval=0' }[fault];
  // A signal at a stop that the kernel's filter made gets lost.
  return [...(fault === 'SIGKILL' ? [] : ['--seccomp-bpf']), '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${String(nth)}`, ...paths.flatMap((name) => ['-P', name])];
}

/** Reads what strace wrote of the names below `directory`. */
export async function readTrace(trace: string, directory: string): Promise<Traced> {
  const perThread = new Map<string, number>();
  const paths = new Set<string>();
  for (const line of (await readFile(trace, 'utf8')).split('\n')) {
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
  return { counts, paths: [...paths] };
}

/** All that can be injected into what was traced, in an order that only the seed decides. */
export function injectionsOf({ counts, paths }: Traced, seed: string): readonly Injection[] {
  const all = [...counts].flatMap(([call, count]) => faultsOf(call).flatMap((fault) => Array.from({ length: count }, (_, i) => ({ call, fault, nth: i + 1, paths }))));
  const drawn = all.map((injection) => ({ injection, by: createHash('sha256').update(`${seed} ${injection.call} ${injection.fault} ${String(injection.nth)}`).digest('hex') }));
  return drawn.sort((a, b) => (a.by < b.by ? -1 : 1)).map(({ injection }) => injection);
}

/** A kill at a call that changes nothing is one at the call before it. */
function faultsOf(call: TracedCall): readonly CallFault[] {
  if (looking.has(call)) return ['EIO'];
  return ['EIO', 'ENOSPC', 'SIGKILL', ...(call.includes('write') ? ['nothing' as const] : [])];
}
