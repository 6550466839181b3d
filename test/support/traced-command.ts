/**
 * `dice-admin` as a process under strace, at a moment of the test's choosing: names that are made of the time are then known before.
 */
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { copyingCalls, type Injection, oneThread, spawnTraced } from './strace.js';

const main = fileURLToPath(new URL('../../server/cli/main.js', import.meta.url));
const longestMs = 120_000;

/** How a command ended: 'exit' and its status, the name of a signal, or 'hung'. */
export interface CommandEnd {
  readonly ended: string;
  readonly log: string;
}

/** Where strace writes, what time it is (milliseconds), and what fails. */
export interface Tracing {
  readonly trace: string;
  readonly at: number;
  readonly injection: Injection | undefined;
}

/** Runs `dice-admin` with `args` to its end, and to that of strace. */
export async function runTraced(args: readonly string[], { trace, at, injection }: Tracing): Promise<CommandEnd> {
  const env = { ...process.env, ...oneThread };
  const clock = `data:text/javascript,Date.now=()=>${String(at)}`;
  const child = spawnTraced({ trace, calls: copyingCalls, injection }, [process.execPath, '--import', clock, main, ...args], env);
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => { log += piece.toString(); });
  const closed = once(child, 'close').then(() => true);
  const late = new AbortController();
  const isOver = await Promise.race([closed, setTimeout(longestMs, false, { signal: late.signal })]);
  if (isOver) late.abort();
  else child.kill('SIGKILL');
  await closed;
  return { ended: isOver ? child.signalCode ?? `exit ${String(child.exitCode)}` : 'hung', log };
}
