/**
 * `dice verify`: fetches every block of one image or of all, compares H(i) with H(j), hash, key and decoding, and at
 * the end the hash of the joined file.
 */
import type { BlockCheck, DiceClient, FileCheck, Image } from '../api.js';
import type { Json } from '../protocol/schema.js';
import { nameText } from './amounts.js';
import type { Context } from './context.js';
import type { ExitStatus } from './exit-status.js';
import { unbroken } from './unbroken.js';
import type { Call, VerbHost } from './verb.js';
import { WholeList } from './whole-list.js';

/** As many as there are large files on their way in an upload. */
const imagesAtOnce = 4;

export function addVerify(host: VerbHost): void {
  host.verb('verify [image]', 'check every block of one image, or of all', verify);
}

async function verify(context: Context, { args }: Call<unknown>): Promise<ExitStatus> {
  const client = await context.member();
  const document = context.console.documentOf('images');
  const totals = { images: 0, blocks: 0, failedBlocks: 0, failedImages: 0 };
  const list = new WholeList(chosen(context, client, args[0]));
  for await (const { image, checks, file } of checked(context, client, list.items())) {
    totals.images++;
    totals.blocks += checks.length;
    totals.failedBlocks += file.failedBlocks;
    if (!file.isFileHashRight) totals.failedImages++;
    document.item({ id: image.id, name: image.name, isFileHashRight: file.isFileHashRight, failedBlocks: file.failedBlocks, error: errorOf(file), blocks: checks.map(checkDocument) });
    report(context, image, file);
  }
  if (!list.isBroken || totals.images > 0) context.console.say(`${String(totals.images)} images, ${String(totals.blocks)} blocks checked: ${String(totals.failedBlocks)} blocks and ${String(totals.failedImages)} images failed`);
  list.rethrow();
  document.end({ totals });
  return totals.failedImages === 0 && totals.failedBlocks === 0 ? 0 : 4;
}

async function* chosen(context: Context, client: DiceClient, name: string | undefined): AsyncIterable<Image> {
  if (name === undefined) yield* client.list({ signal: context.signal });
  else yield await client.find(name, { signal: context.signal });
}

/** What was found out about one image. */
interface Checked {
  readonly image: Image;
  readonly checks: readonly BlockCheck[];
  readonly file: FileCheck;
}

/** Checks several images at once: while one is fetched, another is joined. Tells of them in their order; the first failure ends it. */
async function* checked(context: Context, client: DiceClient, images: AsyncIterable<Image>): AsyncGenerator<Checked, void, void> {
  const running: Promise<Checked>[] = [];
  try {
    for await (const image of images) {
      const check = checkImage(context, client, image);
      // Heard when its turn comes.
      check.catch(() => undefined);
      running.push(check);
      if (running.length === imagesAtOnce) yield await firstOf(running);
    }
    while (running.length > 0) yield await firstOf(running);
  } finally {
    await Promise.allSettled(running);
  }
}

async function firstOf(running: Promise<Checked>[]): Promise<Checked> {
  const [first] = running;
  if (first === undefined) throw new RangeError('nothing is being checked');
  const done = await first;
  void running.shift();
  return done;
}

async function checkImage(context: Context, client: DiceClient, image: Image): Promise<Checked> {
  const checks: BlockCheck[] = [];
  let file: FileCheck = { kind: 'file', id: image.id, name: image.name, blocks: 0, failedBlocks: 0, isFileHashRight: false };
  for await (const check of unbroken(client.verify(image.id, { signal: context.signal }))) {
    if (check.kind === 'file') file = check;
    else checks.push(check);
  }
  return { image, checks, file };
}

function checkDocument(check: BlockCheck): Json {
  return {
    index: check.index,
    role: check.role,
    region: check.region === undefined ? null : { ...check.region },
    tag: check.tag,
    rehash: check.rehash,
    isFetched: check.isFetched,
    storedCode: check.storedCode ?? null,
    receivedCode: check.receivedCode ?? null,
    isCodeEqual: check.isCodeEqual,
    isHashRight: check.isHashRight,
    isKeyRight: check.isKeyRight,
    isDecoded: check.isDecoded,
    error: errorOf(check),
  };
}

function errorOf({ error }: BlockCheck | FileCheck): Json {
  return error === undefined ? null : { code: error.code, message: error.message };
}

function report({ console }: Context, image: Image, file: FileCheck): void {
  if (file.isFileHashRight && file.failedBlocks === 0) console.note(`${nameText(image.name)}: ${String(file.blocks)} blocks intact`);
  else console.complain(`${nameText(image.name)}: ${String(file.failedBlocks)} of ${String(file.blocks)} blocks failed${file.error === undefined ? '' : `; ${file.error.message}`}`);
}
