/**
 * `dice info`: one image, what was recognised of its file, and what each part of it takes.
 */
import type { OpenImage } from '../api.js';
import type { Json } from '../protocol/schema.js';
import { nameText, shareText, tableText, timeText } from './amounts.js';
import type { Context } from './context.js';
import { imageDocument } from './image-verbs.js';
import type { Call, VerbHost } from './verb.js';

export function addInfo(host: VerbHost): void {
  host.verb<{ readonly blocks?: boolean }>('info <image>', 'show one image by id or name', showImage).option('--blocks', 'name every block');
}

async function showImage(context: Context, { options, args }: Call<{ readonly blocks?: boolean }>): Promise<0> {
  const client = await context.member();
  const found = await client.find(args[0] ?? '', { signal: context.signal });
  const opened = await client.open(found.id, { signal: context.signal });
  context.console.say(tableText([...whatItIs(opened), ...recognised(opened), ...costs(opened)]));
  if (options.blocks === true) context.console.say(blocksText(opened));
  context.console.document(infoDocument(opened));
  return 0;
}

type Row = readonly [label: string, text: string];

function whatItIs({ image }: OpenImage): readonly Row[] {
  return [
    ['name', nameText(image.name)],
    ['id', image.id],
    ['size', `${String(image.size)} bytes`],
    ['SHA-256', image.fileHash],
    ['stored', timeText(image.createdAt)],
  ];
}

function recognised({ splitter, description, recipe, image }: OpenImage): readonly Row[] {
  const { container, pages, encoders, correctionBytes } = recipe;
  if (container === undefined) return [['splitter', `${splitter}: ${description}`]];
  const [first] = pages;
  const shape = first === undefined ? '' : `, ${String(first.width)} × ${String(first.height)}, ${String(first.channels)} × ${String(first.depth)} bits`;
  const share = image.size === 0 ? 0 : correctionBytes / image.size;
  return [
    ['splitter', `${splitter}: ${description}`],
    ['container', `${container}${shape}${pages.length > 1 ? `, ${String(pages.length)} pages as tiles` : ''}`],
    ...encoders.map((encoder): Row => ['encoder', encoder]),
    ['corrections', correctionBytes === 0 ? 'none: parameters tell all' : `${String(correctionBytes)} bytes (${shareText(share)} of the file)`],
  ];
}

function costs({ recipe, costs: taken, skeletonBytes, blocks, flatTiles, patchedTiles, image }: OpenImage): readonly Row[] {
  const parts = recipe.parts.map(({ name, bytes }) => `${name} ${String(bytes)}`).join(', ');
  const share = image.size === 0 ? 0 : taken.contentBytes / image.size;
  return [
    ['skeleton', `${String(skeletonBytes)} bytes${parts === '' ? '' : `: ${parts}`}`],
    ['blocks', `${String(blocks.length)}, and ${String(flatTiles)} flat tiles in the recipe`],
    ['block bytes', `${String(taken.contentBytes)} (${shareText(share)} of the file), and ${String(taken.segmentBytes)} of skeleton and lists`],
    ['overhead', `${taken.overheadPerContent.toFixed(1)} bytes for each content, manifest ${String(taken.manifestBytes)} bytes`],
    ...(patchedTiles === 0 ? [] : [['edited copy', `${String(patchedTiles)} tiles are another picture’s, under ${String(taken.patchBytes)} bytes of patches`] as const]),
  ];
}

function infoDocument(opened: OpenImage): Readonly<Record<string, Json>> {
  const { image, splitter, description, skeletonBytes, recipe, flatTiles, patchedTiles } = opened;
  return {
    ...imageDocument(image),
    splitter,
    description,
    skeletonBytes,
    flatTiles,
    patchedTiles,
    recipe: {
      container: recipe.container ?? null,
      pages: recipe.pages.map((page) => ({ ...page })),
      encoders: recipe.encoders,
      correctionBytes: recipe.correctionBytes,
      parts: recipe.parts.map((part) => ({ ...part })),
    },
    costs: { ...opened.costs },
    blockList: blockDocuments(opened),
  };
}

function blocksText(opened: OpenImage): string {
  const rows = opened.blocks.map(({ index, role, block }) => [index, role, block?.tag ?? 'in the manifest', block?.code ?? '']);
  return tableText([['block', 'role', 'tag', 'code'], ...rows]);
}

/** Keys stay out: a document is easily passed on. */
function blockDocuments(opened: OpenImage): Json {
  return opened.blocks.map(({ index, role, region, block }) => {
    return {
      index,
      role,
      region: region === undefined ? null : { ...region },
      block: block === undefined ? null : { tag: block.tag, rehash: block.rehash, code: block.code, domain: block.domain },
    };
  });
}
