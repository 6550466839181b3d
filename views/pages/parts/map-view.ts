/**
 * Which part of a picture a map shows: scale and offset, in CSS pixels, between "the whole picture" and "one tile fills the view".
 * Pure; each change answers a new view.
 */
import type { Box } from './map-cells.js';

/** Width and height. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Point p of the picture is seen at `left + p.x * scale`, `top + p.y * scale`. */
export interface MapView {
  readonly scale: number;
  readonly left: number;
  readonly top: number;
}

/** Between what a view must stay. */
export interface ViewBounds {
  readonly frame: Size;
  readonly picture: Size;
  /** Of an ordinary tile. */
  readonly tile: Size;
}

/** How much of the frame a whole picture leaves free on each side. */
const marginShare = 0.02;

/** The whole picture, in the middle. */
export function fitView(bounds: ViewBounds): MapView {
  return within({ scale: fitScale(bounds), left: 0, top: 0 }, bounds);
}

/** The scale at which the whole picture is seen. */
export function fitScale({ frame, picture }: ViewBounds): number {
  return (1 - 2 * marginShare) * Math.min(frame.width / picture.width, frame.height / picture.height);
}

/** The scale at which a tile fills the view. */
export function maxScale(bounds: ViewBounds): number {
  const { frame, tile } = bounds;
  return Math.max(fitScale(bounds), (1 - 2 * marginShare) * Math.min(frame.width / tile.width, frame.height / tile.height));
}

/** Larger by `factor`, while the point of the picture under (x, y) of the frame stays where it is, as far as the bounds let it. */
export function zoomed(view: MapView, bounds: ViewBounds, { factor, x, y }: { readonly factor: number; readonly x: number; readonly y: number }): MapView {
  const scale = Math.max(fitScale(bounds), Math.min(maxScale(bounds), view.scale * factor));
  const grown = scale / view.scale;
  return within({ scale, left: x - (x - view.left) * grown, top: y - (y - view.top) * grown }, bounds);
}

/** Moved by so many CSS pixels. */
export function panned(view: MapView, bounds: ViewBounds, { x, y }: { readonly x: number; readonly y: number }): MapView {
  return within({ ...view, left: view.left + x, top: view.top + y }, bounds);
}

/** Moved as little as shows the whole box, or its middle where it is larger than the view. */
export function showing(view: MapView, bounds: ViewBounds, box: Box): MapView {
  const shift = (start: number, length: number, frame: number): number => {
    if (length > frame) return frame / 2 - (start + length / 2);
    return start < 0 ? -start : Math.min(0, frame - start - length);
  };
  const x = shift(view.left + box.x * view.scale, box.width * view.scale, bounds.frame.width);
  const y = shift(view.top + box.y * view.scale, box.height * view.scale, bounds.frame.height);
  return panned(view, bounds, { x, y });
}

/** What of the picture is seen, in its own units. */
export function seenBox(view: MapView, { frame }: ViewBounds): Box {
  return { x: -view.left / view.scale, y: -view.top / view.scale, width: frame.width / view.scale, height: frame.height / view.scale };
}

/** A picture that is smaller than the view stands in its middle; a larger one leaves no gap. */
function within({ scale, left, top }: MapView, { frame, picture }: ViewBounds): MapView {
  const held = (offset: number, length: number, room: number): number => {
    const margin = marginShare * room;
    return length <= room - 2 * margin ? (room - length) / 2 : Math.max(room - length - margin, Math.min(margin, offset));
  };
  return { scale, left: held(left, picture.width * scale, frame.width), top: held(top, picture.height * scale, frame.height) };
}
