/**
 * What surrounds every chart: the drawing at the width of its place, a line that tells the value under the pointer or the arrow keys,
 * and the same numbers as a table. It knows no kind of chart.
 */
import { el, svg } from './dom.js';

/** A drawing of some width. Its points are read one after the other. */
export interface Drawing {
  readonly element: SVGSVGElement;
  readonly points: number;
  /** The point for a place in the drawing, in its own units. */
  readonly pointAt: (x: number, y: number) => number | undefined;
  /** Shows which point is read; undefined: none. */
  readonly mark: (point: number | undefined) => void;
  /** The point in words. */
  readonly say: (point: number) => string;
}

/** A chart: what it shows, how it is drawn, its numbers. */
export interface ChartPlan {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** `width` in CSS pixels. */
  readonly draw: (width: number) => Drawing;
  /** Under the drawing, always seen: a legend, a sentence. */
  readonly notes?: readonly Node[];
  /** The same numbers; left out where the page has them beside the chart. */
  readonly table?: HTMLElement;
}

/** The widths that are drawn; a chart is scaled beyond them. */
const [minWidth, maxWidth] = [240, 1_400];
const hint = 'The arrow keys read the values.';

/** The chart as an element; it draws itself anew when its place gets another width. */
export function chart(plan: ChartPlan): HTMLElement {
  const frame = el('div', { class: 'chart-frame', tabindex: 0, role: 'application', 'aria-roledescription': 'chart', 'aria-label': `${plan.title}. ${plan.description} Arrow keys read its values.` });
  const readout = el('p', { class: 'chart-readout small quiet', role: 'status' });
  const table = plan.table === undefined ? undefined : el('details', { class: 'chart-table' }, el('summary', {}, 'The numbers as a table'), plan.table);
  const reading = new Reading(frame, readout);
  let drawn = 0;
  new ResizeObserver(([entry]) => {
    const width = Math.round(Math.max(minWidth, Math.min(maxWidth, entry?.contentRect.width ?? 0)));
    if (width === drawn || entry?.contentRect.width === 0) return;
    drawn = width;
    reading.use(plan.draw(width));
  }).observe(frame);
  return el('figure', { class: 'chart', id: plan.id }, frame, ...(plan.notes ?? []), readout, table);
}

/** `<title>` and `<desc>` of a drawing, and its frame. */
export function drawingOf(plan: Pick<ChartPlan, 'id' | 'title' | 'description'>, size: { readonly width: number; readonly height: number }, ...parts: readonly SVGElement[]): SVGSVGElement {
  const [title, description] = [`${plan.id}-title`, `${plan.id}-desc`];
  return svg('svg', { viewBox: `0 0 ${String(size.width)} ${String(size.height)}`, role: 'img', 'aria-labelledby': `${title} ${description}` },
    svg('title', { id: title }, plan.title), svg('desc', { id: description }, plan.description), ...parts);
}

/** The point that is read, by pointer or keys. */
class Reading {
  #drawing: Drawing | undefined;
  #point: number | undefined;

  constructor(
    private readonly frame: HTMLElement,
    private readonly readout: HTMLElement,
  ) {
    frame.addEventListener('pointermove', (event) => { this.#onPointer(event); });
    frame.addEventListener('pointerleave', () => { this.#read(undefined); });
    frame.addEventListener('focus', () => { this.#tell(frame.matches(':focus-visible') ? hint : '', 'off'); });
    frame.addEventListener('blur', () => { this.#read(undefined); });
    frame.addEventListener('keydown', (event) => { this.#onKey(event); });
  }

  use(drawing: Drawing): void {
    this.#drawing = drawing;
    this.frame.replaceChildren(drawing.element);
    this.#read(undefined);
  }

  #onPointer(event: PointerEvent): void {
    const element = this.#drawing?.element;
    if (element === undefined) return;
    const box = element.getBoundingClientRect();
    const { width, height } = element.viewBox.baseVal;
    this.#read(this.#drawing?.pointAt((event.clientX - box.left) * width / box.width, (event.clientY - box.top) * height / box.height));
  }

  #onKey(event: KeyboardEvent): void {
    const last = (this.#drawing?.points ?? 0) - 1;
    const stride = Math.max(1, Math.round(last / 10));
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1, PageDown: stride, PageUp: -stride, Home: -Infinity, End: Infinity };
    const step = Object.entries(steps).find(([key]) => key === event.key)?.[1];
    if (step === undefined || last < 0) return;
    event.preventDefault();
    this.#read(Math.max(0, Math.min(last, this.#point === undefined ? (step > 0 && step < Infinity ? 0 : last) : this.#point + step)), 'polite');
  }

  /** Keys are answered aloud; a pointer that passes over the chart is not. */
  #read(point: number | undefined, live: 'polite' | 'off' = 'off'): void {
    if (point === this.#point && point !== undefined) return;
    this.#point = point;
    this.#drawing?.mark(point);
    this.#tell(point === undefined || this.#drawing === undefined ? '' : this.#drawing.say(point), live);
  }

  #tell(text: string, live: 'polite' | 'off'): void {
    this.readout.setAttribute('aria-live', live);
    this.readout.textContent = text;
  }
}
