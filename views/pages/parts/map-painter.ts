/**
 * Draws a block map on its two canvases, the picture below and the blocks above, at the resolution of the screen: only what is in view,
 * and where that is too many tiles, their overview. It decides nothing and listens to nothing.
 */
import type { Box } from './map-cells.js';
import { looks, strengths, type Palette } from './map-looks.js';
import type { MapLayer } from './map-layers.js';
import type { MapOverview } from './map-overview.js';
import { seenBox, type MapView, type ViewBounds } from './map-view.js';

/** Above so many tiles in view the overview stands for them. */
export const maxDrawnTiles = 20_000;
/** Up to so many tiles in view each has a border and a sign. */
const maxDetailedTiles = 4_000;
/** Device pixels from which a tile has room for a border, and for a sign. */
const borderFrom = 6;
const signFrom = 14;

/** The two canvases of a map. */
export interface MapPlaces {
  readonly picture: HTMLCanvasElement;
  readonly blocks: HTMLCanvasElement;
}

/** All that a drawing shows. */
export interface MapScene {
  readonly layer: MapLayer;
  readonly view: MapView;
  readonly bounds: ViewBounds;
  /** Device pixels for each CSS pixel. */
  readonly density: number;
  readonly palette: Palette;
  readonly stateOf: (cell: number) => number;
  /** `looks.good`, `looks.bad`, or undefined where it was not checked. */
  readonly outcomeOf: (cell: number) => number | undefined;
  readonly chosen: number | undefined;
  readonly isShown: boolean;
  /** For layers of too many tiles. */
  readonly overview: MapOverview | undefined;
}

/** The picture, where it lies; none clears it. Enlarged pixels stay pixels. */
export function paintPicture(canvas: HTMLCanvasElement, scene: MapScene, picture: ImageBitmap | undefined): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (picture === undefined || !scene.layer.isPicture) return;
  const { view, density, layer } = scene;
  const seen = seenBox(view, scene.bounds);
  // Only the part in view: a browser may take long over an image that is mostly outside.
  const [acrossShare, downShare] = [picture.width / layer.width, picture.height / layer.height];
  const left = Math.max(0, Math.floor(seen.x * acrossShare));
  const top = Math.max(0, Math.floor(seen.y * downShare));
  const width = Math.min(picture.width, Math.ceil((seen.x + seen.width) * acrossShare)) - left;
  const height = Math.min(picture.height, Math.ceil((seen.y + seen.height) * downShare)) - top;
  if (width <= 0 || height <= 0) return;
  const [across, down] = [view.scale * density / acrossShare, view.scale * density / downShare];
  context.imageSmoothingEnabled = across < 6;
  context.imageSmoothingQuality = 'medium';
  context.drawImage(picture, left, top, width, height, view.left * density + left * across, view.top * density + top * down, width * across, height * down);
}

/** The blocks and the frame of the chosen one. */
export function paintBlocks(canvas: HTMLCanvasElement, scene: MapScene): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.clearRect(0, 0, canvas.width, canvas.height);
  const { layer: { cells }, bounds, view } = scene;
  if (scene.isShown) {
    const tiles = cells.countWithin(seenBox(view, bounds));
    if (tiles > maxDrawnTiles && scene.overview !== undefined) paintOverview(context, scene, scene.overview);
    else paintTiles(context, scene, tiles <= maxDetailedTiles);
  }
  context.globalAlpha = 1;
  if (scene.chosen !== undefined) paintFrame(context, boxOf(scene, scene.chosen), scene);
}

function paintOverview(context: CanvasRenderingContext2D, { layer, view, density }: MapScene, overview: MapOverview): void {
  context.imageSmoothingEnabled = false;
  context.drawImage(overview.drawn(), view.left * density, view.top * density, layer.width * view.scale * density, layer.height * view.scale * density);
}

interface SeenTile {
  readonly box: Box;
  readonly outcome: number | undefined;
}

function paintTiles(context: CanvasRenderingContext2D, scene: MapScene, isDetailed: boolean): void {
  const byLook: SeenTile[][] = strengths.map(() => []);
  scene.layer.cells.within(seenBox(scene.view, scene.bounds), (cell) => {
    const box = boxOf(scene, cell);
    const outcome = scene.outcomeOf(cell);
    // A small tile has no room for a sign: its colour tells the outcome instead of the state.
    const isOutcomeSeen = outcome === looks.bad || (outcome !== undefined && !(isDetailed && hasRoom(box, signFrom)));
    byLook[isOutcomeSeen ? outcome : scene.stateOf(cell)]?.push({ box, outcome });
  });
  for (const [look, tiles] of byLook.entries()) paintLook(context, scene, { look, tiles, isDetailed });
}

function paintLook(context: CanvasRenderingContext2D, { palette, density }: MapScene, { look, tiles, isDetailed }: { readonly look: number; readonly tiles: readonly SeenTile[]; readonly isDetailed: boolean }): void {
  context.fillStyle = palette.colours[look] ?? palette.ink;
  context.strokeStyle = context.fillStyle;
  context.globalAlpha = strengths[look] ?? 1;
  for (const { box } of tiles) context.fillRect(box.x, box.y, box.width, box.height);
  if (!isDetailed) return;
  context.globalAlpha = 0.9;
  context.lineWidth = Math.max(1, Math.round(density));
  const inset = context.lineWidth / 2;
  for (const { box } of tiles) if (hasRoom(box, borderFrom * density)) context.strokeRect(box.x + inset, box.y + inset, box.width - 2 * inset, box.height - 2 * inset);
  context.globalAlpha = 1;
  for (const { box, outcome } of tiles) if (outcome !== undefined && hasRoom(box, signFrom)) paintSign(context, box, { isGood: outcome === looks.good, palette, density });
}

/** A tick or a cross on a disc in the corner, so that the colour of the state stays and colour alone tells nothing. */
function paintSign(context: CanvasRenderingContext2D, box: Box, { isGood, palette, density }: { readonly isGood: boolean; readonly palette: Palette; readonly density: number }): void {
  const radius = Math.min(9 * density, box.width / 3, box.height / 3);
  const [x, y] = [box.x + box.width - radius * 1.3, box.y + radius * 1.3];
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = isGood ? palette.good : palette.paper;
  context.fill();
  context.beginPath();
  const at = (right: number, down: number): readonly [number, number] => [x + right * radius, y + down * radius];
  const strokes = isGood ? [[at(-0.5, 0.05), at(-0.1, 0.45), at(0.5, -0.4)]] : [[at(-0.45, -0.45), at(0.45, 0.45)], [at(0.45, -0.45), at(-0.45, 0.45)]];
  for (const [first, ...others] of strokes) {
    if (first !== undefined) context.moveTo(...first);
    for (const other of others) context.lineTo(...other);
  }
  context.lineWidth = Math.max(1.5, radius / 4);
  context.strokeStyle = isGood ? palette.paper : (palette.colours[looks.bad] ?? palette.ink);
  context.stroke();
}

function paintFrame(context: CanvasRenderingContext2D, box: Box, { palette, density }: MapScene): void {
  context.lineWidth = 6 * density;
  context.strokeStyle = palette.paper;
  context.strokeRect(box.x, box.y, box.width, box.height);
  context.lineWidth = 3 * density;
  context.strokeStyle = palette.ink;
  context.strokeRect(box.x, box.y, box.width, box.height);
}

/** In device pixels; neighbours meet without a gap. */
function boxOf({ layer, view, density }: MapScene, cell: number): Box {
  const { x, y, width, height } = layer.cells.box(cell);
  const left = Math.round((view.left + x * view.scale) * density);
  const top = Math.round((view.top + y * view.scale) * density);
  return { x: left, y: top, width: Math.max(1, Math.round((view.left + (x + width) * view.scale) * density) - left), height: Math.max(1, Math.round((view.top + (y + height) * view.scale) * density) - top) };
}

function hasRoom(box: Box, side: number): boolean {
  return box.width >= side && box.height >= side;
}
