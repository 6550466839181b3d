/**
 * Hands on a block map: pointer, pinch, wheel, double click, keys and buttons become choices, zoom and pan. Draws nothing.
 */
import type { BlockMap } from './block-map.js';
import { byId } from './dom.js';

/** A press that moved less, in CSS pixels, is a click. */
const clickPixels = 5;
const stepFactor = 1.6;

/** What a person does with a map. */
export interface MapHands {
  readonly map: BlockMap;
  readonly canvas: HTMLCanvasElement;
  readonly choose: (block: number | undefined) => void;
  readonly check: () => void;
}

/** Listens from now on. */
export function watchMap(hands: MapHands): void {
  const { map, canvas } = hands;
  watchPointers(hands);
  canvas.addEventListener('wheel', (event) => { onWheel(event, map); }, { passive: false });
  canvas.addEventListener('dblclick', (event) => { map.zoomBy(event.shiftKey ? 1 / (stepFactor * stepFactor) : stepFactor * stepFactor, pointOf(event)); });
  canvas.addEventListener('keydown', (event) => { if (onKey(event, hands)) event.preventDefault(); });
  byId('zoom-in', HTMLButtonElement).addEventListener('click', () => { map.zoomBy(stepFactor); });
  byId('zoom-out', HTMLButtonElement).addEventListener('click', () => { map.zoomBy(1 / stepFactor); });
  byId('zoom-fit', HTMLButtonElement).addEventListener('click', () => { map.fit(); });
}

/** A wheel that can change nothing is the page's. */
function onWheel(event: WheelEvent, map: BlockMap): void {
  if (event.deltaY === 0 || (event.deltaY > 0 ? map.zoom < 1.001 : map.isLargest)) return;
  event.preventDefault();
  const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 16;
  // The fingers of a touchpad send many small steps with the control key.
  map.zoomBy(Math.exp(-pixels * (event.ctrlKey ? 0.01 : 0.002)), pointOf(event));
}

function onKey(event: KeyboardEvent, { map, choose, check }: MapHands): boolean {
  if (event.altKey || event.ctrlKey || event.metaKey) return false;
  const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (step !== undefined) choose(map.beside(step[0] ?? 0, step[1] ?? 0));
  else if (event.key === 'Enter' || event.key === ' ') check();
  else if (event.key === '+' || event.key === '=') map.zoomBy(stepFactor);
  else if (event.key === '-' || event.key === '_') map.zoomBy(1 / stepFactor);
  else if (event.key === '0') map.fit();
  else return false;
  return true;
}

function pointOf(event: MouseEvent): { readonly x: number; readonly y: number } {
  return { x: event.offsetX, y: event.offsetY };
}

interface Finger {
  readonly x: number;
  readonly y: number;
}

/** One pointer chooses or pans, two pinch. */
function watchPointers({ map, canvas, choose }: MapHands): void {
  const fingers = new Map<number, Finger>();
  let moved = 0;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    if (fingers.size === 0) moved = 0;
    fingers.set(event.pointerId, pointOf(event));
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = fingers.get(event.pointerId);
    if (before === undefined) return;
    const now = pointOf(event);
    const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1];
    moved += Math.abs(now.x - before.x) + Math.abs(now.y - before.y);
    fingers.set(event.pointerId, now);
    if (other !== undefined) pinch(map, other, { before, now });
    else if (moved > clickPixels) map.panBy(now.x - before.x, now.y - before.y);
  });
  const end = (event: PointerEvent): void => {
    const isClick = event.type === 'pointerup' && fingers.size === 1 && fingers.has(event.pointerId) && moved <= clickPixels;
    fingers.delete(event.pointerId);
    // Two fingers that end one after the other have clicked nothing.
    if (fingers.size > 0) moved = Infinity;
    if (isClick) choose(map.at(event.offsetX, event.offsetY));
  };
  canvas.addEventListener('pointerup', end);
  canvas.addEventListener('pointercancel', end);
}

function pinch(map: BlockMap, other: Finger, { before, now }: { readonly before: Finger; readonly now: Finger }): void {
  const [apartBefore, apartNow] = [Math.hypot(before.x - other.x, before.y - other.y), Math.hypot(now.x - other.x, now.y - other.y)];
  map.panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
  if (apartBefore > 0 && apartNow > 0) map.zoomBy(apartNow / apartBefore, { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 });
}
