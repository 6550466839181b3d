/**
 * Lines and areas over a common axis: how sums grow. A value that is not known has no point, and what is only estimated is dashed; dots
 * are exact. Each dot and each line carries the numbers that it was drawn from.
 */
import { chart, drawingOf, type ChartPlan, type Drawing } from './chart-box.js';
import { el, svg } from './dom.js';
import { bytes } from './format.js';

/** One line; `values` belong to `xs`. */
export interface LineSeries {
  readonly name: string;
  readonly tone: string;
  readonly kind: 'area' | 'line' | 'dashed' | 'dots';
  readonly values: readonly (number | undefined)[];
}

/** A chart of bytes over something that grows. */
export interface LinesPlan extends Omit<ChartPlan, 'draw' | 'notes'> {
  /** Ascending. */
  readonly xs: readonly number[];
  readonly xText: (point: number) => string;
  /** Names under the axis. */
  readonly ticks: readonly { readonly at: number; readonly text: string }[];
  readonly series: readonly LineSeries[];
}

const [left, right, top, bottom] = [62, 14, 10, 26];

interface Scales {
  readonly width: number;
  readonly height: number;
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly ticks: readonly number[];
}

/** The chart with its legend. */
export function linesChart(plan: LinesPlan): HTMLElement {
  const legend = el('ul', { class: 'legend-list' }, ...plan.series.map(({ name, tone, kind }) =>
    el('li', {}, svg('svg', { class: 'swatch-line', viewBox: '0 0 24 14', 'aria-hidden': 'true' }, sample(kind, tone)), el('span', {}, name))));
  return chart({ ...plan, draw: (width) => drawLines(plan, width), notes: [legend] });
}

function sample(kind: LineSeries['kind'], tone: string): SVGElement {
  if (kind === 'dots') return svg('circle', { cx: 12, cy: 7, r: 4, class: `tone-${tone}` });
  return svg('path', { d: kind === 'area' ? 'M1 13V7H23V13Z' : 'M1 7H23', class: `chart-${kind} line-${tone}` });
}

function drawLines(plan: LinesPlan, width: number): Drawing {
  const scales = scalesOf(plan, width);
  const pointer = svg('line', { class: 'chart-mark', y1: top, y2: scales.height - bottom, visibility: 'hidden' });
  const element = drawingOf(plan, scales, ...grid(scales), ...xAxis(plan, scales), ...plan.series.flatMap((series) => seriesOf(series, plan.xs, scales)), pointer);
  return {
    element,
    points: plan.xs.length,
    pointAt: (at) => nearest(plan.xs.map(scales.x), at),
    mark: (point) => {
      pointer.setAttribute('visibility', point === undefined ? 'hidden' : 'visible');
      const x = String(scales.x(plan.xs[point ?? 0] ?? 0));
      pointer.setAttribute('x1', x);
      pointer.setAttribute('x2', x);
    },
    say: (point) => `${plan.xText(point)}: ${plan.series.flatMap((series) => valueWords(series, point)).join(', ')}`,
  };
}

function valueWords({ name, kind, values }: LineSeries, point: number): readonly string[] {
  const value = values[point];
  return value === undefined ? [] : [`${name} ${kind === 'dashed' ? 'about ' : ''}${bytes(value)}`];
}

function scalesOf({ xs, series }: LinesPlan, width: number): Scales {
  const height = Math.round(Math.max(190, Math.min(320, width * 0.42)));
  const largest = Math.max(1, ...series.map(({ values }) => values.reduce<number>((most, value) => Math.max(most, value ?? 0), 0)));
  const ticks = niceTicks(largest);
  const [first, last] = [xs[0] ?? 0, Math.max(xs.at(-1) ?? 1, (xs[0] ?? 0) + 1)];
  const round = (value: number): number => Math.round(value * 10) / 10;
  return {
    width, height, ticks,
    x: (value) => round(left + (value - first) / (last - first) * (width - left - right)),
    y: (value) => round(height - bottom - value / (ticks.at(-1) ?? 1) * (height - top - bottom)),
  };
}

/** Four or five round numbers from 0 to `largest` or a little above. */
export function niceTicks(largest: number): readonly number[] {
  const rough = largest / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const count = Math.ceil(largest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => i * step);
}

function grid({ width, ticks, y }: Scales): readonly SVGElement[] {
  return ticks.flatMap((tick) => [
    svg('line', { x1: left, x2: width - right, y1: y(tick), y2: y(tick), class: tick === 0 ? 'chart-axis' : 'chart-grid' }),
    svg('text', { x: left - 6, y: y(tick) + 4, class: 'chart-text', 'text-anchor': 'end' }, bytes(tick)),
  ]);
}

function xAxis({ ticks }: LinesPlan, { x, height, width }: Scales): readonly SVGElement[] {
  return ticks.map(({ at, text }, i) => svg('text', {
    x: Math.min(width - 2, x(at)), y: height - 8, class: 'chart-text', 'text-anchor': i === 0 ? 'start' : i === ticks.length - 1 ? 'end' : 'middle',
  }, text));
}

function seriesOf({ name, tone, kind, values }: LineSeries, xs: readonly number[], { x, y }: Scales): readonly SVGElement[] {
  const known = values.flatMap((value, i) => (value === undefined ? [] : [{ value, x: x(xs[i] ?? 0), y: y(value), at: xs[i] ?? 0 }]));
  if (kind === 'dots') return known.map((point) => svg('circle', { cx: point.x, cy: point.y, r: 3.5, class: `chart-dot tone-${tone}`, 'data-name': name, 'data-at': point.at, 'data-value': point.value }));
  const [first, last] = [known[0], known.at(-1)];
  if (first === undefined || last === undefined) return [];
  const line = known.map((point, i) => `${i === 0 ? 'M' : 'L'}${String(point.x)} ${String(point.y)}`).join('');
  const path = kind === 'area' ? `${line}L${String(last.x)} ${String(y(0))}L${String(first.x)} ${String(y(0))}Z` : line;
  return [svg('path', { d: path, class: `chart-${kind} line-${tone}`, 'data-name': name, 'data-last': last.value })];
}

function nearest(places: readonly number[], at: number): number | undefined {
  let best: number | undefined;
  for (const [i, place] of places.entries()) if (best === undefined || Math.abs(place - at) < Math.abs((places[best] ?? 0) - at)) best = i;
  return best;
}
