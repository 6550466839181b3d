/**
 * Requests as series: route template, method, status, refusal. All four come from closed lists; a bound stands behind them all the same, so that
 * no mistake elsewhere lets a stranger fill the memory.
 */
import { Counter, Histogram, type Registry } from 'prom-client';
import type { SeenRequest } from '../ports/meter.js';
import { requests } from './families.js';

const methods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE']);
const maxSeries = 2_000;
const other = 'other';

/** What one combination of labels adds to, looked up once a request. */
interface Series {
  readonly count: Counter.Internal;
  readonly seconds: Histogram.Internal<'route' | 'method'>;
  readonly received: Counter.Internal;
  readonly sent: Counter.Internal;
}

/** A sink for requests in `registry`. */
export function requestSeries(registry: Registry): (seen: SeenRequest) => void {
  const registers = [registry];
  const count = new Counter({ ...requests.count, labelNames: ['route', 'method', 'status'], registers });
  const seconds = new Histogram({ name: requests.seconds.name, help: requests.seconds.help, buckets: [...requests.seconds.buckets], labelNames: ['route', 'method'], registers });
  const bytes = new Counter({ ...requests.bytes, labelNames: ['route', 'direction'], registers });
  const refusals = new Counter({ ...requests.refusals, labelNames: ['code'], registers });
  const known = new Map<string, Series>();
  const seriesOf = (route: string, method: string, status: string): Series => {
    const key = `${method} ${status} ${route}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    if (known.size >= maxSeries && route !== other) return seriesOf(other, other, other);
    const made: Series = {
      count: count.labels({ route, method, status }),
      seconds: seconds.labels({ route, method }),
      received: bytes.labels({ route, direction: 'received' }),
      sent: bytes.labels({ route, direction: 'sent' }),
    };
    known.set(key, made);
    return made;
  };
  return (seen) => {
    const series = seriesOf(seen.route, methods.has(seen.method) ? seen.method : other, seen.isCut ? 'cut' : String(seen.status));
    series.count.inc(1);
    series.seconds.observe(seen.seconds);
    series.received.inc(Math.max(0, seen.receivedBytes));
    series.sent.inc(Math.max(0, seen.sentBytes));
    if (seen.refusal !== undefined) refusals.inc({ code: seen.refusal }, 1);
  };
}
