/**
 * Moving images to the trash, out of it, and away for good. The account head is told first where something goes, and afterwards where it
 * comes back, so that whatever breaks in between leaves a state that is right. SPEC.md section 14.
 */
import type { AccountHeads } from './account-head.js';
import type { Connection } from './connection.js';
import { DiceError } from './core/errors.js';
import { removedLeaf, withHeads } from './head-check.js';
import { recordOf } from './image-record.js';
import type { ImageId } from './protocol/ids.js';
import { refusalTitles } from './protocol/refusals.js';

/** To the trash. Throws `not-found`. */
export function trashImage(connection: Connection, imageId: ImageId, signal: AbortSignal | undefined): Promise<void> {
  return withHeads(connection, signal, async (heads) => {
    const manifestHash = await manifestHashOf(connection, { heads, imageId }, signal);
    const at = connection.platform.now();
    await heads.change([{ imageId, to: (now) => (now === undefined || now.state === 'live' ? { imageId, state: 'trashed', at, manifestHash } : undefined) }]);
    await connection.transport.call('trashImage', { body: undefined, params: { imageId }, signal });
  });
}

/** Out of the trash. Throws `not-found`. */
export function restoreImage(connection: Connection, imageId: ImageId, signal: AbortSignal | undefined): Promise<void> {
  return withHeads(connection, signal, async (heads) => {
    await connection.transport.call('restoreImage', { body: undefined, params: { imageId }, signal });
    // The leaf may say removed: a client said that it goes, and died before it went. It is here, and its owner wants it.
    await sayLive(connection, { heads, imageId }, signal);
  });
}

/** Out of the trash, for good. Throws `not-found`. */
export function purgeImage(connection: Connection, imageId: ImageId, signal: AbortSignal | undefined): Promise<void> {
  return withHeads(connection, signal, async (heads) => {
    // What is not in the trash is not removed: the head must not say so first.
    if ((await recordOf(connection, imageId, signal))?.card.trashedAt === undefined) throw notFound();
    await heads.change([{ imageId, to: (now) => (now?.state === 'removed' ? undefined : removedLeaf(imageId)) }]);
    try {
      await connection.transport.call('purgeImage', { body: undefined, params: { imageId }, signal });
    } catch (thrown) {
      if (!(thrown instanceof DiceError) || thrown.code !== 'not-found') throw thrown;
      // It went with a try whose answer was lost, or by another device; or one took it out of the trash meanwhile, and it stays.
      if ((await recordOf(connection, imageId, signal)) === undefined) return;
      await sayLive(connection, { heads, imageId }, signal);
      throw thrown;
    }
  });
}

interface Placed {
  readonly heads: AccountHeads;
  readonly imageId: ImageId;
}

async function sayLive(connection: Connection, { heads, imageId }: Placed, signal: AbortSignal | undefined): Promise<void> {
  const manifestHash = await manifestHashOf(connection, { heads, imageId }, signal);
  await heads.change([{ imageId, to: (now) => (now?.state === 'live' ? undefined : { imageId, state: 'live', at: 0, manifestHash }) }]);
}

/** As the head has it, else as the server says of an image that it knows. Throws `not-found`. */
async function manifestHashOf(connection: Connection, { heads, imageId }: Placed, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const [leaf] = await heads.leavesOf([imageId]);
  if (leaf?.state === 'live' || leaf?.state === 'trashed') return leaf.manifestHash;
  const record = await recordOf(connection, imageId, signal);
  if (record === undefined) throw notFound();
  return record.card.manifestHash;
}

function notFound(): DiceError {
  return new DiceError('not-found', refusalTitles['not-found']);
}
