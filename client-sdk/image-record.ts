/**
 * One image as the server has it now: its record, or that there is none. Opens nothing. SPEC.md section 12.
 */
import type { Connection } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { isEqual } from './protocol/bytes.js';
import type { HeadLeaf } from './protocol/head-tree.js';
import type { ImageId } from './protocol/ids.js';
import { manifestHashBytes } from './protocol/limits.js';
import type { ImageRecord } from './protocol/messages.js';

/** Undefined where the server has none. Throws `answer-invalid` for another image's. */
export async function recordOf({ transport }: Connection, imageId: ImageId, signal: AbortSignal | undefined): Promise<ImageRecord | undefined> {
  try {
    const record = await transport.call('readImage', { body: undefined, params: { imageId }, signal });
    if (record.card.imageId !== imageId) throw fault('answer-invalid', 'The server answered with another image.');
    return record;
  } catch (thrown) {
    if (thrown instanceof DiceError && thrown.code === 'not-found') return undefined;
    throw thrown;
  }
}

/** The server has it, and not in the trash. */
export async function isInGallery(connection: Connection, imageId: ImageId, signal: AbortSignal | undefined): Promise<boolean> {
  const record = await recordOf(connection, imageId, signal);
  return record !== undefined && record.card.trashedAt === undefined;
}

/** The hash of the manifest that the server has, as a leaf names it, where that is another than the leaf's. */
export async function otherManifestOf(connection: Connection, { imageId, manifestHash }: HeadLeaf, signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
  const record = await recordOf(connection, imageId, signal);
  const now = record && (await connection.platform.crypto.sha256(record.manifest)).slice(0, manifestHashBytes);
  return now === undefined || isEqual(now, manifestHash) ? undefined : now;
}
