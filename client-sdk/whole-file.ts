/**
 * A small image at once: its blocks in one request, which it shares with others that are fetched at the same time, opened and joined
 * in one task. Anything out of the ordinary is left to who goes step by step. SPEC.md section 12.
 */
import { accountOf, type Connection } from './connection.js';
import type { BlockRef } from './core/block-list.js';
import { DiceError } from './core/errors.js';
import { domainOf } from './core/keys/keyring.js';
import { shuffled } from './core/plan.js';
import { tasksOf } from './local-tasks.js';
import { hexOf } from './protocol/bytes.js';
import type { Frame } from './protocol/frames.js';
import type { ImageId } from './protocol/ids.js';
import { joinedBytes, openImage, type OpeningOptions, type StoredImage } from './stored-image.js';
import type { JoinInput, OpenInput } from './tasks.js';

/** Bytes of the file. */
const maxWholeBytes = 262_144;
const maxWholeBlocks = 64;

/** The exact bytes of a stored image, as joinedBytes gives them. */
export async function* bytesOfImage(connection: Connection, imageId: ImageId, options: Pick<OpeningOptions, 'signal' | 'memory'>): AsyncGenerator<Uint8Array, void, void> {
  const stored = await openImage(connection, imageId, options);
  const whole = await wholeFile(connection, stored);
  if (whole === undefined) yield* joinedBytes(connection, stored);
  else if (whole.length > 0) yield whole;
}

/** The verified bytes; undefined where the image is not small, or anything was not as it should be. Throws only `cancelled`. */
async function wholeFile(connection: Connection, stored: StoredImage): Promise<Uint8Array | undefined> {
  const { manifest, refs, patches } = stored;
  if (manifest.size > maxWholeBytes || refs.length > maxWholeBlocks || patches.size > 0) return undefined;
  try {
    const distinct = new Map(refs.flatMap((ref) => (ref.kind === 'block' ? [[hexOf(ref.tag), ref] as const] : [])));
    const asked = shuffled([...distinct.values()], connection.platform.randomBytes);
    const frames = await framesOf(connection, stored, asked);
    return frames === undefined ? undefined : await joined(connection, stored, { asked, frames });
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code !== 'cancelled') return undefined;
    throw thrown;
  }
}

async function framesOf({ reads }: Connection, { fetcher, listed }: StoredImage, asked: readonly BlockRef[]): Promise<readonly Frame[] | undefined> {
  if (asked.length === 0) return [];
  return reads.blocks({ imageId: fetcher.imageId, tags: asked.map(({ tag }) => tag), bytes: listed.entry.codedBytes }, fetcher.signal);
}

async function joined(connection: Connection, { recipe, refs, manifest, fetcher }: StoredImage, got: { readonly asked: readonly BlockRef[]; readonly frames: readonly Frame[] }): Promise<Uint8Array | undefined> {
  const { keyring } = accountOf(connection);
  const blocks: OpenInput['blocks'][number][] = [];
  for (const [i, { tag, key, domain }] of got.asked.entries()) {
    const frame = got.frames[i];
    if (frame?.kind !== 'block') return undefined;
    blocks.push({ cipher: frame.cipher, tag, key, domain: domainOf(keyring, domain) });
  }
  const places = new Map(got.asked.map(({ tag }, i) => [hexOf(tag), i]));
  const contents = refs.map((ref) => (ref.kind === 'inline' ? Uint8Array.from(ref.coded) : (places.get(hexOf(ref.tag)) ?? -1)));
  // What goes into a task is given up, and the recipe may be needed once more.
  const input: JoinInput = { recipe: { ...recipe, skeleton: Uint8Array.from(recipe.skeleton) }, contents, blocks, size: manifest.size, fileHash: manifest.fileHash };
  return (await tasksOf(connection.platform).join(input, fetcher.signal)).bytes;
}
