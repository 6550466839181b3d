/**
 * Tasks in the caller's own thread, with breaths in between: for platforms without threads, and for work so small that a
 * thread does not pay. SPEC.md section 12.
 */
import { assembleFile } from './assemble-task.js';
import { Breath } from './breath.js';
import { ByteGate } from './byte-gate.js';
import { openEntries } from './entries-task.js';
import { Equalisations } from './equalisations.js';
import { joinFile } from './join-task.js';
import { openBlocks } from './open-task.js';
import { makePatches } from './patch-task.js';
import type { Platform } from './ports.js';
import { sealContents } from './seal-task.js';
import { SampleLengths } from './samples.js';
import { splitFile } from './split-task.js';
import type { Tasks } from './tasks.js';

/** What tasks need of the thread in which they run. */
export type TaskTools = Pick<Platform, 'crypto' | 'newHash' | 'now' | 'sleep'>;

/** Bytes of small files that one thread understands at once; a larger one waits until it is alone. */
const plannedBytes = 1_048_576;

/** Tasks that run here. */
export function localTasks(tools: TaskTools): Tasks {
  const lengths = new SampleLengths();
  const equalisations = new Equalisations(tools.crypto);
  const planGate = new ByteGate(plannedBytes);
  return {
    split: (input, source, signal) => splitFile({ ...tools, lengths, equalisations, planGate, signal, breath: new Breath(tools, signal) }, input, source),
    seal: (input, signal) => sealContents(tools.crypto, input, new Breath(tools, signal)),
    open: (input, signal) => openBlocks(tools.crypto, input, new Breath(tools, signal)),
    join: (input, signal) => joinFile(tools.crypto, input, new Breath(tools, signal)),
    assemble: (input, contents, signal) => assembleFile({ newHash: tools.newHash, breath: new Breath(tools, signal) }, input, contents),
    patch: (input, signal) => makePatches(input, new Breath(tools, signal)),
    entryThreads: 0,
    entries: (input, signal) => openEntries(tools.crypto, input, new Breath(tools, signal)),
    close: () => {
      equalisations.clear();
      return Promise.resolve();
    },
  };
}

/** The platform's threads, or this one. */
export function tasksOf(platform: Platform): Tasks {
  return platform.tasks ?? localTasks(platform);
}
