/**
 * Worker threads of Node as the threads of a pool. They get no environment and do not keep the process alive while idle. SPEC.md
 * section 12.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { FromThread, ThreadListener, ThreadPort } from '../task-messages.js';
import { TaskPool } from '../task-pool.js';
import type { Tasks } from '../tasks.js';
import { nodeTools } from './node-tools.js';

const maxThreads = 8;
/** Opening entries takes little beside what a thread costs in memory: only where processors are many anyway. */
const minThreadsForEntries = 4;

/** A pool of `threads` threads (default: one for each processor, at most 8), or undefined where one processor would do all the work. */
export function nodeTasks(threads = defaultThreads(), onWarning: (message: string) => void = warn): Tasks | undefined {
  return threads === 0 ? undefined : new TaskPool({ threads, entryThreads: threads < minThreadsForEntries ? 0 : 1, startThread: (listener) => startWorkerThread(listener), tools: nodeTools, onWarning });
}

/** Node's own channel: standard error, unless a listener or an option says otherwise. */
function warn(message: string): void {
  process.emitWarning(message, 'DiceWarning');
}

function defaultThreads(): number {
  const processors = availableParallelism();
  return processors === 1 ? 0 : Math.min(maxThreads, processors);
}

const ownScript = new URL('task-worker.js', import.meta.url);

/** Starts a thread that runs `script`. */
export function startWorkerThread(listener: ThreadListener, script = ownScript): ThreadPort {
  // The environment may hold a password, and options of the command line may be meant for its own script.
  const worker = new Worker(script, { name: 'dice', env: {}, execArgv: [] });
  let isEnding = false;
  let reason: string | undefined;
  worker.on('message', (message: FromThread) => { listener.onMessage(message); });
  worker.on('error', (error) => { reason = error.message; });
  worker.on('exit', (status) => {
    if (!isEnding) listener.onEnd(reason ?? `exit status ${String(status)}.`);
  });
  return {
    post: (message, transfer) => { worker.postMessage(message, transfer); },
    async end() {
      isEnding = true;
      await worker.terminate();
    },
    keepAlive: (isBusy) => {
      if (isBusy) worker.ref();
      else worker.unref();
    },
  };
}
