/**
 * A Web Worker that serves the tasks of one pool, for programs that use the SDK in their own pages. SPEC.md section 12.
 */
import { serveTasks } from './task-role.js';

serveTasks();
