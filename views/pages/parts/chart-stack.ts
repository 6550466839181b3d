/**
 * One bar that is cut into parts: what a whole is made of. Parts are numbered as in the legend, so that they are told apart in grey. Each
 * part carries the value that it was drawn from.
 */
import { chart, drawingOf, type Drawing } from './chart-box.js';
import { el, svg } from './dom.js';

/** A part; `tone` names its look in the style sheet. */
export interface StackPart {
  readonly name: string;
  /** Not negative. */
  readonly value: number;
  readonly text: string;
  readonly tone: string;
}

/** A bar: its parts from left to right, and perhaps a place on it that has a name. */
export interface StackPlan {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly parts: readonly StackPart[];
  readonly mark?: { readonly at: number; readonly text: string };
  readonly table?: HTMLElement;
}

const barHeight = 40;
/** A narrower part has its number in the legend alone. */
const numberRoom = 18;
/** Names above the bar need room where a place on it is marked. */
const [plainTop, markedTop] = [4, 22];

/** The bar, with a legend that has every number. */
export function stackedBar(plan: StackPlan): HTMLElement {
  const shown = plan.parts.filter(({ value }) => value > 0);
  const legend = el('ul', { class: 'legend-list' }, ...shown.map(({ name, text, tone }, i) =>
    el('li', {}, el('span', { class: 'part-key', 'aria-hidden': 'true' }, String(i + 1)), svg('svg', { class: 'swatch-svg', viewBox: '0 0 14 14', 'aria-hidden': 'true' }, svg('rect', { width: 14, height: 14, rx: 3, class: `tone-${tone}` })), el('span', {}, name), el('b', {}, text))));
  return chart({ ...plan, draw: (width) => drawStack(plan, shown, width), notes: [legend] });
}

function drawStack(plan: StackPlan, parts: readonly StackPart[], width: number): Drawing {
  const total = Math.max(1, parts.reduce((sum, { value }) => sum + value, 0));
  const barTop = plan.mark === undefined ? plainTop : markedTop;
  const height = barTop + barHeight + 4;
  const edges = [0];
  for (const { value } of parts) edges.push((edges.at(-1) ?? 0) + value);
  const x = (value: number): number => Math.round(value / total * width * 10) / 10;
  const rects = parts.map(({ name, value, tone }, i) => svg('rect', {
    x: x(edges[i] ?? 0), y: barTop, width: Math.max(value > 0 ? 1 : 0, x(edges[i + 1] ?? 0) - x(edges[i] ?? 0)), height: barHeight, class: `part tone-${tone}`, 'data-name': name, 'data-value': value,
  }));
  const numbers = parts.flatMap((_, i) => {
    const [start, end] = [x(edges[i] ?? 0), x(edges[i + 1] ?? 0)];
    return end - start < numberRoom ? [] : [svg('text', { x: (start + end) / 2, y: barTop + barHeight / 2 + 4, class: 'part-number' }, String(i + 1))];
  });
  const pointer = svg('rect', { class: 'chart-mark', y: barTop - 2, height: barHeight + 4, fill: 'none' });
  pointer.setAttribute('visibility', 'hidden');
  const element = drawingOf(plan, { width, height }, ...rects, ...numbers, ...(plan.mark === undefined ? [] : markAt(plan.mark, x(plan.mark.at), { width, height })), pointer);
  return {
    element,
    points: parts.length,
    pointAt: (at) => Math.max(0, Math.min(parts.length - 1, edges.findIndex((edge, i) => i > 0 && at <= x(edge)) - 1)),
    mark: (point) => {
      pointer.setAttribute('visibility', point === undefined ? 'hidden' : 'visible');
      if (point === undefined) return;
      pointer.setAttribute('x', String(x(edges[point] ?? 0)));
      pointer.setAttribute('width', String(Math.max(2, x(edges[point + 1] ?? 0) - x(edges[point] ?? 0))));
    },
    say: (point) => `${parts[point]?.name ?? ''}: ${parts[point]?.text ?? ''}, ${((parts[point]?.value ?? 0) / total * 100).toFixed(1)} % of the bar`,
  };
}

function markAt(mark: { readonly text: string }, x: number, { width, height }: { readonly width: number; readonly height: number }): readonly SVGElement[] {
  const isRight = x > width / 2;
  return [
    svg('line', { x1: Math.min(width - 1, Math.max(1, x)), x2: Math.min(width - 1, Math.max(1, x)), y1: 4, y2: height, class: 'chart-limit' }),
    svg('text', { x: x + (isRight ? -6 : 6), y: 14, class: 'chart-text', 'text-anchor': isRight ? 'end' : 'start' }, mark.text),
  ];
}
