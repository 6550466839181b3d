/**
 * Web Workers as the threads of a pool. Their script is of this very origin, as the pages' security policy asks. SPEC.md section 12.
 */
import type { FromThread, ThreadListener, ThreadPort } from '../task-messages.js';
import { TaskPool } from '../task-pool.js';
import type { Tasks } from '../tasks.js';
import { browserTools } from './browser-tools.js';
import { taskWorkerName } from './task-role.js';

const maxThreads = 4;

/** A pool with a worker of `scriptUrl` for each processor, at most 4, or undefined where one processor would do all the work. */
export function browserTasks(scriptUrl: string): Tasks | undefined {
  const threads = Math.min(maxThreads, navigator.hardwareConcurrency);
  if (threads < 2) return undefined;
  return new TaskPool({ threads, startThread: (listener) => startWebWorker(listener, scriptUrl), tools: browserTools() });
}

function startWebWorker(listener: ThreadListener, scriptUrl: string): ThreadPort {
  const worker = new Worker(scriptUrl, { type: 'module', name: taskWorkerName });
  worker.onmessage = (event: MessageEvent<FromThread>) => { listener.onMessage(event.data); };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    listener.onEnd(event.message);
  };
  return {
    post: (message, transfer) => { worker.postMessage(message, [...transfer]); },
    end: () => {
      worker.terminate();
      return Promise.resolve();
    },
  };
}
