/**
 * The process: processor time, memory, lag of the event loop, under the names that Prometheus' own clients use. Not prom-client's default set: that
 * one is never let go of, and a process may begin and end several servers.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

const nanosecond = 1e-9;
const microsecond = 1e-6;

/** Puts the figures into `registry`; the answer stops measuring. */
export function watchProcess(registry: Registry): () => void {
  const registers = [registry];
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({ name, help, registers, collect() { this.set(read()); } });
  };
  const memory = process.memoryUsage.bind(process);
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('nodejs_heap_size_used_bytes', 'Heap in use.', () => memory().heapUsed);
  gauge('nodejs_heap_size_total_bytes', 'Heap that the engine holds.', () => memory().heapTotal);
  gauge('nodejs_external_memory_bytes', 'Memory of buffers outside the heap.', () => memory().external);
  const startedAt = Date.now() / 1_000 - process.uptime();
  gauge('process_start_time_seconds', 'When the process began, in seconds since the epoch.', () => startedAt);
  watchProcessor(registry);
  return watchEventLoop(registry);
}

function watchProcessor(registry: Registry): void {
  const read = { user: () => process.cpuUsage().user, system: () => process.cpuUsage().system };
  for (const [kind, used] of Object.entries(read)) {
    new Counter({
      name: `process_cpu_${kind}_seconds_total`,
      help: `Processor time of the process, ${kind}.`,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(used() * microsecond);
      },
    });
  }
}

/** How late timers are, since the last look. */
function watchEventLoop(registry: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  new Gauge({
    name: 'dice_event_loop_lag_seconds',
    help: 'How late timers of the event loop are, since the last scrape.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      this.set({ quantile: '0.5' }, delay.percentile(50) * nanosecond);
      this.set({ quantile: '0.99' }, delay.percentile(99) * nanosecond);
      this.set({ quantile: '1' }, delay.count === 0 ? 0 : delay.max * nanosecond);
      delay.reset();
    },
  });
  return () => { delay.disable(); };
}
