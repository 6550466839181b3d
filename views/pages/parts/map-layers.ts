/**
 * What a block map can show of one image: the planes of its picture, the contents that lie on no picture, and the segments of its
 * skeleton and lists. Each layer is a set of places, and each place leads to a block. Pure.
 */
import type { OpenImage } from '../../../client-sdk/browser/page.js';
import { MapCells, type Box } from './map-cells.js';

/** One layer. Cell c shows `opened.blocks[blockOf[c]]`, or a flat tile without a content where that is -1. */
export interface MapLayer {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly cells: MapCells;
  readonly blockOf: Int32Array;
  /** The picture lies under it. */
  readonly isPicture: boolean;
}

/** A layer without places in the picture is a strip of this many in a row. */
const stripColumns = 16;
const stripCell = 40;
const flat = -1;

/** The layers of an image, the picture's first; at least one. */
export function layersOf(opened: OpenImage): readonly MapLayer[] {
  const planes = new Map<number, number[]>();
  const [rest, segments]: [number[], number[]] = [[], []];
  for (const [i, block] of opened.blocks.entries()) {
    if (block.role === 'segment') segments.push(i);
    else if (opened.picture === undefined || block.place === undefined) rest.push(i);
    else listOf(planes, block.place.plane).push(i);
  }
  const layers = pictureLayers(opened, planes);
  if (rest.length > 0 || layers.length === 0) layers.push(stripOf(opened.picture === undefined ? 'The file, piece by piece' : 'Parts beside the picture', rest));
  if (segments.length > 0) layers.push(stripOf('Skeleton and lists', segments));
  return layers;
}

function listOf(planes: Map<number, number[]>, plane: number): number[] {
  const list = planes.get(plane) ?? [];
  planes.set(plane, list);
  return list;
}

function pictureLayers(opened: OpenImage, planes: ReadonlyMap<number, readonly number[]>): MapLayer[] {
  const { picture } = opened;
  if (picture === undefined) return [];
  const numbers = [...planes.keys()].sort((a, b) => a - b);
  if (numbers.length === 0 && picture.flat.length > 0) numbers.push(0);
  const names = planeNames(opened, numbers.length);
  return numbers.map((plane): MapLayer => {
    const blocks = planes.get(plane) ?? [];
    const tiles = plane === 0 ? picture.flat : [];
    const boxes: Box[] = [...blocks.map((i) => opened.blocks[i]?.place?.region ?? nowhere), ...tiles];
    const blockOf = Int32Array.from([...blocks, ...tiles.map(() => flat)]);
    return { name: names[plane] ?? `Plane ${String(plane + 1)}`, width: picture.width, height: picture.height, cells: new MapCells(boxes, picture), blockOf, isPicture: true };
  });
}

const nowhere: Box = { x: 0, y: 0, width: 0, height: 0 };

/** A JPEG file of three components has, as good as always, brightness and two of colour. */
function planeNames(opened: OpenImage, planes: number): readonly string[] {
  if (planes <= 1) return ['The picture'];
  if (opened.splitter === 'jpeg' && planes === 3) return ['Brightness (Y)', 'Colour: blue (Cb)', 'Colour: red (Cr)'];
  return [];
}

function stripOf(name: string, blocks: readonly number[]): MapLayer {
  const width = stripCell * Math.min(stripColumns, Math.max(1, blocks.length));
  const height = stripCell * Math.max(1, Math.ceil(blocks.length / stripColumns));
  const boxes = blocks.map((_, i) => ({ x: (i % stripColumns) * stripCell + 2, y: Math.floor(i / stripColumns) * stripCell + 2, width: stripCell - 4, height: stripCell - 4 }));
  return { name, width, height, cells: new MapCells(boxes, { width, height }), blockOf: Int32Array.from(blocks), isPicture: false };
}
