/**
 * The server of bench:library: the real one, in a process that its parent can ask how long its event loop stood still, how much memory
 * it took and how much processor time, between two words. Reads the environment as the server does.
 */
import { writeFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { composeServer } from '../server/compose.js';
import { readConfig } from '../server/config.js';
import { peakMemoryOf } from './measured-process.js';

/** What the parent says: a measurement begins, or ends; or the process shall end. */
export type ServerOrder = 'begin' | 'end' | 'stop';

/** What a measurement gave. */
export interface ServerFigures {
  /** The longest time that the event loop did nothing else, milliseconds. */
  readonly longestPauseMs: number;
  readonly cpuSeconds: number;
  /** Largest resident memory since the beginning. */
  readonly peakMemoryBytes: number;
}

/** What the process says. */
export type ServerWord = { readonly kind: 'listens'; readonly url: string; readonly openSeconds: number } | ({ readonly kind: 'figures' } & ServerFigures);

const resolutionMs = 5;
const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
let cpu = process.cpuUsage();

const startedAt = performance.now();
const server = await composeServer(readConfig(ownEnvironment()));
process.on('message', (order: ServerOrder) => { void obey(order); });
tell({ kind: 'listens', url: server.url, openSeconds: (performance.now() - startedAt) / 1000 });

async function obey(order: ServerOrder): Promise<void> {
  if (order === 'begin') {
    // See proc(5): the largest resident memory counts anew. Where the kernel refuses, it counts from the start.
    await writeFile('/proc/self/clear_refs', '5').catch(() => undefined);
    histogram.reset();
    histogram.enable();
    cpu = process.cpuUsage();
    tell({ kind: 'figures', longestPauseMs: 0, cpuSeconds: 0, peakMemoryBytes: 0 });
  } else if (order === 'end') {
    histogram.disable();
    const { user, system } = process.cpuUsage(cpu);
    const longestPauseMs = Math.max(0, histogram.max / 1e6 - resolutionMs);
    tell({ kind: 'figures', longestPauseMs, cpuSeconds: (user + system) / 1e6, peakMemoryBytes: await peakMemoryOf(process.pid) });
  } else {
    await server.close();
    process.disconnect();
  }
}

function tell(word: ServerWord): void {
  process.send?.(word);
}

/** The variables of the server alone: others of that prefix are the client's. */
function ownEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
}
