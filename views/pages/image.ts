/** One image: its block map, the facts of each block, live integrity checks, the picture itself. DESIGN.md section 7 (Pages). */
import type { Image, OpenImage } from '../../client-sdk/browser/page.js';
import { BlockMap } from './parts/block-map.js';
import { BlockPanel } from './parts/block-panel.js';
import { BlockTable } from './parts/block-table.js';
import { offerCheckAll } from './parts/check-all.js';
import { byId, el, show } from './parts/dom.js';
import { bytes, count, things } from './parts/format.js';
import { offerFullPicture } from './parts/full-picture.js';
import { offerActs, offerNeighbours, openOrExplain, withoutNeighbours } from './parts/image-acts.js';
import { showImage } from './parts/image-facts.js';
import { watchMap } from './parts/map-gestures.js';
import { startApp, type AppPage } from './parts/shell.js';
import { WholeFile } from './parts/whole-file.js';

startApp(async (page) => {
  const id = byId('image', HTMLElement).dataset['image'] ?? '';
  const opened = await openOrExplain(page, id);
  if (opened === undefined) return;
  showImage(opened);
  const map = makeMap(opened);
  const file = new WholeFile(page, id, map);
  offerActs(page, opened.image, file);
  offerFullPicture({ opened, map, file });
  const { table } = watchBlocks(page, opened, map);
  await Promise.all([
    showPreview(page, opened.image, map),
    showStates(page, opened.image, map).then(() => { table.refresh(); }),
    offerNeighbours(page, id).catch(withoutNeighbours),
  ]);
});

function makeMap(opened: OpenImage): BlockMap {
  const frame = byId('map-frame', HTMLElement);
  const { width, height } = opened.picture ?? { width: 1, height: 1 };
  const places = { picture: byId('picture', HTMLCanvasElement), blocks: byId('blocks', HTMLCanvasElement) };
  frame.dataset['shape'] = opened.picture === undefined ? 'strip' : width > 2 * height ? 'broad' : height > 1.2 * width ? 'tall' : 'usual';
  const map = new BlockMap(opened, places, showZoom);
  offerLayers(map);
  new ResizeObserver(() => { map.resize({ width: frame.clientWidth, height: frame.clientHeight }, devicePixelRatio); }).observe(frame);
  byId('overlay', HTMLInputElement).addEventListener('change', (event) => { map.setShown((event.target as HTMLInputElement).checked); }); // it is the checkbox
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { map.recolour(); });
  return map;
}

/** A finger scrolls the page over a map that shows everything, and moves a map that does not. */
function showZoom(map: BlockMap): void {
  const isFit = map.zoom < 1.001;
  byId('map-frame', HTMLElement).classList.toggle('is-zoomed', !isFit);
  byId('zoom-out', HTMLButtonElement).disabled = isFit;
  byId('zoom-fit', HTMLButtonElement).disabled = isFit;
  byId('zoom-in', HTMLButtonElement).disabled = map.isLargest;
  const select = byId('layer', HTMLSelectElement);
  if (select.selectedIndex !== map.layer) select.selectedIndex = map.layer;
}

/** A choice where there is more than one layer: the planes of a JPEG file, parts that lie on no picture, the skeleton. */
function offerLayers(map: BlockMap): void {
  const select = byId('layer', HTMLSelectElement);
  select.replaceChildren(...map.layers.map(({ name, cells }, i) => el('option', { value: i }, `${name}: ${things(cells.length, 'block')}`)));
  select.addEventListener('change', () => { map.setLayer(select.selectedIndex); });
  show(byId('layer-choice', HTMLElement), map.layers.length > 1);
  const planes = map.layers.filter(({ isPicture }) => isPicture).length;
  show(byId('layer-note', HTMLElement), planes > 1);
  byId('layer-note', HTMLElement).textContent = `This file keeps its picture in ${count(planes)} planes, and each is cut into blocks of its own. The map shows one plane at a time.`;
}

function watchBlocks(page: AppPage, opened: OpenImage, map: BlockMap): { readonly table: BlockTable } {
  const canvas = byId('blocks', HTMLCanvasElement);
  const table = new BlockTable(map, (block) => { panel.choose(block); });
  const panel: BlockPanel = new BlockPanel({ page, imageId: opened.image.id, map, onOutcome: () => { table.refresh(); } });
  watchMap({ map, canvas, choose: (block) => { panel.choose(block); }, check: () => { panel.checkChosen(); } });
  offerCheckAll({ page, imageId: opened.image.id, map, panel });
  return { table };
}

async function showPreview({ client }: AppPage, image: Image, map: BlockMap): Promise<void> {
  if (!image.hasPreview) return;
  const blob = await client.call('preview', image.id);
  if (blob !== undefined) map.showPicture(await createImageBitmap(blob));
}

async function showStates({ client }: AppPage, image: Image, map: BlockMap): Promise<void> {
  const { codes, from, comparedWith } = await client.call('tileStates', image.id);
  map.setStates(codes);
  const counts = map.counts();
  const total = counts.new + counts.stored + counts.patched + counts.flat + counts.unknown;
  byId('legend-new', HTMLElement).textContent = `${count(counts.new)} new`;
  byId('legend-stored', HTMLElement).textContent = `${count(counts.stored)} already stored`;
  byId('legend-patched', HTMLElement).textContent = `${count(counts.patched)} an earlier image’s, patched`;
  byId('legend-flat', HTMLElement).textContent = `${count(counts.flat)} flat, kept in the manifest`;
  const origin = from === 'upload' ? 'As this browser saw it at upload.' : `Compared with your ${things(comparedWith, 'earlier image')}.`;
  byId('map-summary', HTMLElement).textContent = `${things(total, 'block')}: ${count(counts.new)} new, ${count(counts.stored)} already stored, ${count(counts.patched)} patched, ${count(counts.flat)} flat. ${origin}`;
  byId('new-sentence', HTMLElement).textContent = `${count(counts.new)} of ${things(total, 'block')}${map.layers.some(({ isPicture }) => isPicture) ? ' of the picture' : ''} ${counts.new === 1 ? 'was' : 'were'} new: ${bytes(image.sentBytes)} sent instead of ${bytes(image.size)}.`;
}
