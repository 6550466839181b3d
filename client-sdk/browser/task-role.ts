/**
 * The worker script in its second role: a thread of the pool, which serves tasks. Knows no network and no account. SPEC.md section 12.
 */
import { TaskServer } from '../task-server.js';
import type { ToThread } from '../task-messages.js';
import { browserTools } from './browser-tools.js';

/** Name of a worker that serves tasks. */
export const taskWorkerName = 'dice-task';

/** Makes this worker a thread of the pool that started it. */
export function serveTasks(): void {
  const server = new TaskServer(browserTools(), (message, transfer) => { self.postMessage(message, { transfer: [...transfer] }); });
  self.onmessage = (event: MessageEvent<ToThread>) => { server.take(event.data); };
}
