/**
 * What an account lost with its server, and the owner's word that it is so. Nothing here happens by itself. SPEC.md section 14.
 */
import { type AcceptedState, type AccountHeads, otherByNow } from './account-head.js';
import type { CallOptions, HeadDifference, HeadDifferenceKind, HeadDifferences, HeadFigures } from './api.js';
import type { Connection } from './connection.js';
import { isKept, leafOfCard, removedLeaf, withHeads } from './head-check.js';
import { HeadLeaves } from './head-leaves.js';
import { otherManifestOf } from './image-record.js';
import { listImages } from './listing.js';
import { concat, hexOf, isEqual, utf8 } from './protocol/bytes.js';
import { type HeadLeaf, packLeaf } from './protocol/head-tree.js';
import type { ImageId } from './protocol/ids.js';
import type { ImageCard } from './protocol/messages.js';

/** What the newest head says. Throws `account-rolled-back` where this device has seen a later one. */
export function headFigures(connection: Connection, { signal }: CallOptions): Promise<HeadFigures | undefined> {
  return withHeads(connection, signal, async (heads) => {
    const { head } = await heads.trusted();
    return head.counter === 0 ? undefined : { counter: head.counter, epoch: head.epoch, signedAt: head.signedAt, leaves: head.leaves };
  });
}

/** Where the server differs from the head that it shows; whether that is a trusted one does not matter here. */
export function missingImages(connection: Connection, { signal }: CallOptions): Promise<HeadDifferences> {
  return withHeads(connection, signal, async (heads) => {
    const { images, digest } = await differences(connection, heads, signal);
    return { images: images.map(({ id, kind, isTrashed }) => ({ id, kind, isTrashed })), digest };
  });
}

/** Signs what was shown under this digest. Answers how many images were given up. Throws `revision-conflict` where it is something else by now. */
export function acceptLoss(connection: Connection, digest: string, { signal }: CallOptions): Promise<number> {
  return withHeads(connection, signal, async (heads) => {
    const shown = await differences(connection, heads, signal);
    if (shown.digest !== digest) throw otherByNow();
    await heads.accept(shown.state, shown.images.map(({ accepted }) => accepted));
    return shown.images.filter(({ kind }) => kind === 'missing').length;
  });
}

/** And the leaf that the image has once it is accepted. */
interface Found extends HeadDifference {
  readonly accepted: HeadLeaf;
}

interface Shown extends HeadDifferences {
  readonly state: AcceptedState;
  readonly images: readonly Found[];
}

async function differences(connection: Connection, heads: AccountHeads, signal: AbortSignal | undefined): Promise<Shown> {
  const leaves = await HeadLeaves.shown(connection, heads, signal);
  const listed = new Map<ImageId, Found | undefined>();
  for (const trash of [false, true]) {
    // Opened, all of them: what is signed is this account's, and a server cannot invent it.
    for await (const { card } of listImages(connection, { trash, signal })) listed.set(card.imageId, await differenceOf(connection, { card, leaf: leaves.of(card.imageId) }, signal));
  }
  for (let index = 0; index < leaves.count; index++) {
    const leaf = leaves.at(index);
    if (leaf.state === 'removed' || listed.has(leaf.imageId) || (leaf.state === 'trashed' && !isKept(connection, leaf))) continue;
    listed.set(leaf.imageId, { id: leaf.imageId, kind: 'missing', isTrashed: leaf.state === 'trashed', accepted: removedLeaf(leaf.imageId) });
  }
  const images = [...listed.values()].filter((found) => found !== undefined).sort((one, other) => (one.id < other.id ? -1 : 1));
  const { keyringRevision, revision } = await connection.transport.call('readAccount', { body: undefined, signal });
  const newest = leaves.trusted;
  const signed = concat(newest.hash, utf8(`${String(keyringRevision)} ${String(revision)} `), ...images.map(({ accepted }) => packLeaf(accepted)));
  return { images, state: { newest, keyringRevision, revision }, digest: hexOf(heads.sha256(signed)) };
}

/** Undefined where the leaf says what is listed. */
async function differenceOf(connection: Connection, { card, leaf }: { readonly card: ImageCard; readonly leaf: HeadLeaf | undefined }, signal: AbortSignal | undefined): Promise<Found | undefined> {
  const id = card.imageId;
  const accepted = leafOfCard(card);
  const found = (kind: HeadDifferenceKind): Found => ({ id, kind, isTrashed: leaf?.state === 'trashed', accepted });
  if (leaf?.state === 'removed' && accepted.state === 'live') return found('returned');
  if (leaf?.state !== accepted.state) return found(leaf?.state === 'live' ? 'trashed' : 'unsaid');
  if (leaf.state === 'trashed' || isEqual(accepted.manifestHash, leaf.manifestHash)) return undefined;
  const manifestHash = await otherManifestOf(connection, leaf, signal);
  return manifestHash && { ...found('changed'), accepted: { ...accepted, manifestHash } };
}
