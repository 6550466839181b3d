/**
 * The small picture of an image: the preview that was made at upload, or the file itself where that is small. SPEC.md section 10.
 */
import { accountOf, type Connection } from './connection.js';
import { fault } from './core/errors.js';
import { openImagePart } from './core/keys/hierarchy.js';
import { isOwnPreview } from './core/preview-plan.js';
import { openCard } from './listing.js';
import { concat } from './protocol/bytes.js';
import type { ImageId } from './protocol/ids.js';
import { bytesOfImage } from './whole-file.js';

/** Undefined where there is none. Throws DiceError. */
export async function previewOf(connection: Connection, imageId: ImageId, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  const { transport, platform } = connection;
  const { card } = await connection.reads.record(imageId, signal);
  if (card.imageId !== imageId) throw fault('integrity-failed', 'The server sent another image’s record.');
  const { imageKey, entry } = await openCard(connection, card);
  if (!card.hasPreview) return isOwnPreview(entry) ? await wholeFile(connection, imageId, signal) : undefined;
  const sealed = await transport.call('readPreview', { body: undefined, params: { imageId }, signal });
  const { accountId } = accountOf(connection).record;
  return openImagePart(platform.crypto, { accountId, imageId, imageKey, part: 'preview' }, sealed);
}

async function wholeFile(connection: Connection, imageId: ImageId, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of bytesOfImage(connection, imageId, { signal })) pieces.push(piece.slice());
  return concat(...pieces);
}
