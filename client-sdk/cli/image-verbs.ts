/**
 * `dice list`, `rm`, `trash` and `restore`.
 */
import type { Image } from '../api.js';
import type { Json } from '../protocol/schema.js';
import { bytesText, nameText, timeText } from './amounts.js';
import type { Context } from './context.js';
import type { ExitStatus } from './exit-status.js';
import type { Call, VerbHost } from './verb.js';

export function addImageVerbs(host: VerbHost): void {
  host.verb('list', 'show the images, newest first', (context) => list(context, false));
  host.verb('trash', 'show what lies in the trash', (context) => list(context, true));
  host.verb('rm <images...>', 'move images to the trash', (context, call) => removal(context, call, 'remove'));
  host.verb('restore <images...>', 'take images out of the trash', (context, call) => removal(context, call, 'restore'));
}

async function list(context: Context, trash: boolean): Promise<0> {
  const client = await context.member();
  const document = context.console.documentOf('images');
  let count = 0;
  for await (const image of client.list({ trash, signal: context.signal })) {
    count++;
    document.item(imageDocument(image));
    if (!context.console.options.isJson) context.console.say(`${image.id}  ${timeText(image.createdAt).slice(0, 19)}  ${bytesText(image.size).padStart(8)}  ${nameText(image.name)}`);
  }
  document.end({});
  context.console.note(`${String(count)} ${trash ? 'images in the trash' : 'images'}`);
  return 0;
}

/** An image as every `--json` document shows it. */
export function imageDocument(image: Image): Readonly<Record<string, Json>> {
  return {
    id: image.id,
    name: image.name,
    size: image.size,
    type: image.type,
    fileHash: image.fileHash,
    modifiedAt: image.modifiedAt === undefined ? null : timeText(image.modifiedAt),
    createdAt: timeText(image.createdAt),
    trashedAt: image.trashedAt === undefined ? null : timeText(image.trashedAt),
    hasPreview: image.hasPreview,
    blocks: image.blocks,
    codedBytes: image.codedBytes,
    sentBytes: image.sentBytes,
  };
}

async function removal(context: Context, { args }: Call<unknown>, verb: 'remove' | 'restore'): Promise<ExitStatus> {
  const client = await context.member();
  const done: Json[] = [];
  for (const name of args) {
    const image = await client.find(name, { trash: verb === 'restore', signal: context.signal });
    await client[verb](image.id, { signal: context.signal });
    context.console.say(verb === 'remove' ? `${nameText(image.name)} is in the trash for ${String(client.server.trashDays)} days.` : `${nameText(image.name)} is back.`);
    done.push(imageDocument(image));
  }
  context.console.document({ images: done });
  return 0;
}
