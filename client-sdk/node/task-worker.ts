/**
 * A worker thread of Node: serves the tasks of one pool. Knows no network, no disk and no account. SPEC.md section 12.
 */
import { parentPort } from 'node:worker_threads';
import { TaskServer } from '../task-server.js';
import type { ToThread } from '../task-messages.js';
import { nodeTools } from './node-tools.js';

const server = new TaskServer(nodeTools, (message, transfer) => parentPort?.postMessage(message, transfer));
parentPort?.on('message', (message: ToThread) => { server.take(message); });
