/**
 * The meter of a running server, and its figures as text for Prometheus. The only folder that knows prom-client; a registry of its own, so that
 * servers in one process do not add up. Every series of the closed lists is there from the beginning, with 0.
 */
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Levels, Meter } from '../ports/meter.js';
import { counters, type Family, levels, sizes, timers } from './families.js';
import { watchProcess } from './process-figures.js';
import { requestSeries } from './request-series.js';
import { type StoreFigures, watchStore } from './store-figures.js';

/** A meter that can be read. */
export interface Metrics {
  readonly meter: Meter;
  readonly contentType: string;
  /** All figures in Prometheus' text format. */
  render(): Promise<string>;
  /** From now on the figures tell of the store too. */
  watchStore(read: () => Promise<StoreFigures>): void;
  /** Stops measuring the process. */
  close(): void;
}

/** Begins to measure. */
export function openMetrics(): Metrics {
  const registry = new Registry();
  const stopProcess = watchProcess(registry);
  const adders = mapped(counters, (family) => counterOf(registry, family));
  const seconds = mapped(timers, (family) => histogramOf(registry, family));
  const calls = mapped(sizes, (family) => histogramOf(registry, family));
  const readers = mapped(levels, (family) => levelsOf(registry, family));
  const request = requestSeries(registry);
  return {
    meter: {
      add(name, kind, amount) {
        if (amount > 0) adders[name].get(kind)?.inc(amount);
      },
      time: (name, kind, taken) => { seconds[name].get(kind)?.observe(taken); },
      size: (name, kind, count) => { calls[name].get(kind)?.observe(count); },
      watch: (name, kind, read) => { readers[name].set(kind, read); },
      request,
    },
    contentType: registry.contentType,
    render: () => registry.metrics(),
    watchStore: (read) => { watchStore(registry, read); },
    close: stopProcess,
  };
}

function mapped<Families extends Readonly<Record<string, Family>>, Made>(families: Families, make: (family: Families[keyof Families]) => Made): { readonly [Name in keyof Families]: Made } {
  // A record is mapped member by member: names stay, values are what `make` makes.
  return Object.fromEntries(Object.entries(families).map(([name, family]) => [name, make(family as Families[keyof Families])])) as { [Name in keyof Families]: Made };
}

function counterOf(registry: Registry, { name, help, label, kinds }: Family): ReadonlyMap<string, Counter.Internal> {
  const counter = new Counter({ name, help, labelNames: label === undefined ? [] : [label], registers: [registry] });
  return new Map(kinds.map((kind) => {
    const series = label === undefined ? counter : counter.labels({ [label]: kind });
    series.inc(0);
    return [kind, series];
  }));
}

function histogramOf(registry: Registry, { name, help, label = '', kinds, buckets }: Family & { readonly buckets: readonly number[] }): ReadonlyMap<string, Histogram.Internal<string>> {
  const histogram = new Histogram({ name, help, buckets: [...buckets], labelNames: [label], registers: [registry] });
  return new Map(kinds.map((kind) => {
    histogram.zero({ [label]: kind });
    return [kind, histogram.labels({ [label]: kind })];
  }));
}

/** Readers by kind; who has none is not shown, for nothing of that engine is there. */
function levelsOf(registry: Registry, { name, help, label = '' }: Family<Levels[keyof Levels]>): Map<string, () => number> {
  const readers = new Map<string, () => number>();
  new Gauge({
    name,
    help,
    labelNames: [label],
    registers: [registry],
    collect() {
      for (const [kind, read] of readers) this.set({ [label]: kind }, read());
    },
  });
  return readers;
}
