/**
 * Pools of tasks that end with the test that opened them.
 */
import { afterEach } from '@jest/globals';
import type { StartThread } from '../../client-sdk/task-messages.js';
import type { Tasks } from '../../client-sdk/tasks.js';
import { tasksIn } from './task-pools.js';

/** How a test file opens pools, and what is closed after each of its tests: those, and others that it puts there. */
export interface ClosingPools {
  readonly opened: (threads: number, startThread?: StartThread) => Tasks;
  readonly closing: Tasks[];
}

/** Pools of the test file that calls this. */
export function closingPools(): ClosingPools {
  const closing: Tasks[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((tasks) => tasks.close()));
  });
  return {
    closing,
    opened(threads, startThread) {
      const tasks = tasksIn(threads, startThread);
      closing.push(tasks);
      return tasks;
    },
  };
}
