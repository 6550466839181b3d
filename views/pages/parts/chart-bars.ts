/**
 * Horizontal bars on one scale, to the right of zero or, where a value is negative, to its left; each has its name and its number beside it.
 */
import { chart, drawingOf, type ChartPlan, type Drawing } from './chart-box.js';
import { svg } from './dom.js';

/** One bar. */
export interface ChartBar {
  readonly name: string;
  readonly value: number;
  readonly text: string;
  readonly tone: string;
}

const rowHeight = 40;
const barHeight = 14;

/** The bars, from top to bottom. */
export function barsChart(plan: Omit<ChartPlan, 'draw' | 'notes'> & { readonly bars: readonly ChartBar[] }): HTMLElement {
  return chart({ ...plan, draw: (width) => drawBars(plan, plan.bars, width) });
}

function drawBars(plan: Pick<ChartPlan, 'id' | 'title' | 'description'>, bars: readonly ChartBar[], width: number): Drawing {
  const least = Math.min(0, ...bars.map(({ value }) => value));
  const span = Math.max(1, Math.max(0, ...bars.map(({ value }) => value)) - least);
  const x = (value: number): number => Math.round((value - least) / span * (width - 2) * 10) / 10 + 1;
  const height = rowHeight * bars.length;
  const rows = bars.flatMap(({ name, value, text, tone }, i) => [
    svg('text', { x: 0, y: i * rowHeight + 13, class: 'chart-text is-name' }, name),
    svg('text', { x: width, y: i * rowHeight + 13, class: 'chart-text', 'text-anchor': 'end' }, text),
    svg('rect', { x: 0, y: i * rowHeight + 19, width, height: barHeight, rx: 3, class: 'chart-track' }),
    svg('rect', { x: Math.min(x(0), x(value)), y: i * rowHeight + 19, width: value === 0 ? 0 : Math.max(1.5, Math.abs(x(value) - x(0))), height: barHeight, class: `part tone-${tone}`, 'data-name': name, 'data-value': value }),
  ]);
  const zero = least < 0 ? bars.map((_, i) => svg('line', { x1: x(0), x2: x(0), y1: i * rowHeight + 17, y2: i * rowHeight + 21 + barHeight, class: 'chart-axis' })) : [];
  const pointer = svg('rect', { x: 0.75, width: width - 1.5, height: barHeight + 3, rx: 3, class: 'chart-mark', fill: 'none', visibility: 'hidden' });
  return {
    element: drawingOf(plan, { width, height }, ...rows, ...zero, pointer),
    points: bars.length,
    pointAt: (_, y) => Math.max(0, Math.min(bars.length - 1, Math.floor(y / rowHeight))),
    mark: (point) => {
      pointer.setAttribute('visibility', point === undefined ? 'hidden' : 'visible');
      pointer.setAttribute('y', String((point ?? 0) * rowHeight + 17.5));
    },
    say: (point) => `${bars[point]?.name ?? ''}: ${bars[point]?.text ?? ''}`,
  };
}
