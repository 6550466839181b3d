/**
 * An image in words: what was recognised of its file, what it takes, what its upload sent, and its dates. From what was opened alone.
 */
import type { OpenImage } from '../../../client-sdk/browser/page.js';
import { fact } from './block-facts.js';
import { stackedBar } from './chart-stack.js';
import { byId, el } from './dom.js';
import { baseName, bytes, count, moment, percent, things } from './format.js';

const cuts = { raster: 'tiles of its pixels', jpeg: 'tiles of its coefficients, as JPEG keeps them', bytes: 'pieces of the file, as it is' } as const;

/** Fills in name, facts and costs. */
export function showImage(opened: OpenImage): void {
  const { image } = opened;
  document.title = `${baseName(image.name)} · DICE Store`;
  byId('name', HTMLElement).textContent = baseName(image.name);
  const folder = image.name.slice(0, image.name.length - baseName(image.name).length);
  byId('path', HTMLElement).textContent = folder;
  byId('facts', HTMLElement).replaceChildren(...recognised(opened), ...cutInto(opened), ...dates(opened));
  byId('sent', HTMLElement).textContent = sentSentence(image.sentBytes, image.size);
  byId('costs', HTMLElement).replaceChildren(costsBar(opened));
}

/** `41 kB sent instead of 1.2 MB: 96.6 % saved.` */
export function sentSentence(sentBytes: number, size: number): string {
  const start = `${bytes(sentBytes)} sent instead of ${bytes(size)}`;
  if (sentBytes > size) return `${start}: so small a file grows by its keys and seals.`;
  return size === 0 ? `${start}.` : `${start}: ${percent(1 - sentBytes / size)} saved.`;
}

function recognised({ image, description, recipe, picture }: OpenImage): readonly HTMLElement[] {
  const [first] = recipe.pages;
  return [
    ...fact('File', `${bytes(image.size)} (${count(image.size)} bytes), ${image.type}`),
    ...fact('What it is', description),
    ...(picture === undefined ? [] : fact('Picture', `${count(picture.width)} × ${count(picture.height)} pixels`)),
    ...(first === undefined ? [] : fact('Samples', `${things(first.channels, 'channel')} of ${things(first.depth, 'bit')}${recipe.pages.length > 1 ? `, ${things(recipe.pages.length, 'page')}` : ''}`)),
    ...(recipe.encoders.length === 0 ? [] : fact('Written with', recipe.encoders.join('; '))),
    ...(recipe.correctionBytes === 0 ? [] : fact('Corrections', `${bytes(recipe.correctionBytes)} that give the writer’s own choices back`)),
  ];
}

function cutInto({ image, splitter, flatTiles, patchedTiles, skeletonBytes, recipe }: OpenImage): readonly HTMLElement[] {
  const parts = recipe.parts.map((part) => `${part.name} ${bytes(part.bytes)}`).join(', ');
  return [
    ...fact('Cut into', cuts[splitter]),
    ...fact('Blocks', `${things(image.blocks, 'different block')}${flatTiles === 0 ? '' : `, ${things(flatTiles, 'flat tile')}`}${patchedTiles === 0 ? '' : `, ${things(patchedTiles, 'tile')} patched from an earlier image`}`),
    ...(skeletonBytes === 0 ? [] : fact('Skeleton', `${bytes(skeletonBytes)}, all that is no pixel${parts === '' ? '' : `: ${parts}`}`)),
  ];
}

function dates({ image }: OpenImage): readonly HTMLElement[] {
  return [
    ...fact('Stored', moment(image.createdAt)),
    ...(image.modifiedAt === undefined ? [] : fact('File of', moment(image.modifiedAt))),
    ...fact('SHA-256', image.fileHash, 'mono'),
  ];
}

function costsBar({ image, costs }: OpenImage): HTMLElement {
  const total = costs.contentBytes + costs.segmentBytes + costs.manifestBytes;
  const part = (name: string, value: number, tone: string): { name: string; value: number; text: string; tone: string } => ({ name, value, text: bytes(value), tone });
  const bar = stackedBar({
    id: 'costs-chart', title: 'What this image takes before anything is shared', description: 'A bar of three parts: tiles, segments, manifest.',
    parts: [part('Tiles', costs.contentBytes, 'stored'), part('Segments of skeleton and lists', costs.segmentBytes, 'flat'), part('Manifest', costs.manifestBytes, 'patched')],
  });
  const share = image.size === 0 ? '' : `, ${percent(total / image.size)} of the file`;
  const keys = `Keys and tags take ${bytes(costs.listBytes)} of the manifest and its segments${costs.patchBytes === 0 ? '' : `, patches ${bytes(costs.patchBytes)}`}.`;
  return el('div', { class: 'stack-tight' }, bar, el('p', { class: 'small quiet' }, `${bytes(total)} in all${share}. ${keys} Blocks that other images have too are stored once, and count here all the same.`));
}
