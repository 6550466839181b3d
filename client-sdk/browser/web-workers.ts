/**
 * Web Workers as the threads of a pool. Their script is of this very origin, as the pages' security policy asks. SPEC.md section 12.
 */
import type { FromThread, ThreadListener, ThreadPort } from '../task-messages.js';
import { TaskPool } from '../task-pool.js';
import type { Tasks } from '../tasks.js';
import { browserTools } from './browser-tools.js';
import { taskWorkerName } from './task-role.js';

const maxThreads = 4;

/** What a pool of a browser may be told. */
export interface BrowserTasksSetting {
  /** The script of worker.ts or task-worker.ts, of this origin. Default: task-worker.ts, beside this file or where a bundler puts it. */
  readonly scriptUrl?: string | undefined;
  /** See ConnectOptions. A script that cannot be loaded is named by the browser's console in any case. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** A pool with a worker for each processor, at most 4, or undefined where there are no workers, or one processor would do all the work. */
export function browserTasks({ scriptUrl, onWarning }: BrowserTasksSetting): Tasks | undefined {
  const threads = Math.min(maxThreads, navigator.hardwareConcurrency);
  // Workers that may start no workers have none; and not every browser tells its processors.
  if (!('Worker' in globalThis) || !(threads >= 2)) return undefined;
  return new TaskPool({ threads, startThread: (listener) => startWebWorker(listener, scriptUrl), tools: browserTools(), onWarning });
}

function startWebWorker(listener: ThreadListener, scriptUrl: string | undefined): ThreadPort {
  const options = { type: 'module', name: taskWorkerName } as const;
  // Bundlers know the second form, and only as it stands here.
  const worker = scriptUrl === undefined ? new Worker(new URL('./task-worker.js', import.meta.url), { type: 'module', name: 'dice-task' }) : new Worker(scriptUrl, options);
  worker.onmessage = (event: MessageEvent<FromThread>) => { listener.onMessage(event.data); };
  worker.onerror = (event) => {
    event.preventDefault();
    worker.terminate();
    // Of a script that cannot be loaded a browser tells no more than that.
    listener.onEnd(event instanceof ErrorEvent ? event.message : 'its script cannot be loaded.');
  };
  return {
    post: (message, transfer) => { worker.postMessage(message, [...transfer]); },
    end: () => {
      worker.terminate();
      return Promise.resolve();
    },
  };
}
