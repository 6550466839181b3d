/**
 * What an account lost with its server, and the owner's word that it is so. Nothing here happens by itself. SPEC.md section 14.
 */
import type { AccountHeads, LeafChange } from './account-head.js';
import type { CallOptions, HeadFigures, MissingImage } from './api.js';
import type { Connection } from './connection.js';
import { adopted, leafOfCard, removedLeaf, withHeads } from './head-check.js';
import { HeadLeaves } from './head-leaves.js';
import { listCards } from './listing.js';
import type { HeadLeaf } from './protocol/head-tree.js';
import type { ImageId } from './protocol/ids.js';
import type { ImageCard } from './protocol/messages.js';

const dayMs = 86_400_000;

/** What the newest head says. Throws `account-rolled-back` where this device has seen a later one. */
export function headFigures(connection: Connection, { signal }: CallOptions): Promise<HeadFigures | undefined> {
  return withHeads(connection, signal, async (heads) => {
    const { head } = await heads.trusted();
    return head.counter === 0 ? undefined : { counter: head.counter, epoch: head.epoch, signedAt: head.signedAt, leaves: head.leaves };
  });
}

/** Images that the head which the server shows names, and the server does not have; whether it is a trusted one does not matter here. */
export async function missingImages(connection: Connection, { signal }: CallOptions): Promise<readonly MissingImage[]> {
  const { missing } = await withHeads(connection, signal, (heads) => differences(connection, heads, signal));
  return missing.map(({ imageId, state }) => ({ id: imageId, isTrashed: state === 'trashed' }));
}

/** Signs that what is missing is gone, and that the state which the server shows is the account's. Answers how many images were given up. */
export function acceptLoss(connection: Connection, { signal }: CallOptions): Promise<number> {
  return withHeads(connection, signal, async (heads) => {
    const { missing, strangers, returned } = await differences(connection, heads, signal);
    const gone = missing.map(({ imageId }): LeafChange => ({ imageId, to: () => removedLeaf(imageId) }));
    const back = returned.map((card): LeafChange => ({ imageId: card.imageId, to: () => leafOfCard(card) }));
    await heads.accept((await heads.knownEpoch()) + 1, [...gone, ...back, ...strangers.map((card) => adopted(leafOfCard(card)))]);
    return missing.length;
  });
}

interface Differences {
  readonly missing: readonly HeadLeaf[];
  /** Listed, and no leaf. */
  readonly strangers: readonly ImageCard[];
  /** Listed otherwise than the leaf says. */
  readonly returned: readonly ImageCard[];
}

async function differences(connection: Connection, heads: AccountHeads, signal: AbortSignal | undefined): Promise<Differences> {
  const leaves = await HeadLeaves.shown(connection, heads, signal);
  const listed = new Set<ImageId>();
  const [strangers, returned]: [ImageCard[], ImageCard[]] = [[], []];
  for (const trash of [false, true]) {
    for await (const card of listCards(connection, { trash, signal })) {
      listed.add(card.imageId);
      const index = leaves?.indexOf(card.imageId) ?? -1;
      if (leaves === undefined || index === -1) strangers.push(card);
      else if (leaves.at(index).state !== (trash ? 'trashed' : 'live')) returned.push(card);
    }
  }
  const missing: HeadLeaf[] = [];
  for (let index = 0; index < (leaves?.count ?? 0); index++) {
    const leaf = leaves?.at(index);
    if (leaf === undefined || leaf.state === 'removed' || listed.has(leaf.imageId) || isExpired(connection, leaf)) continue;
    missing.push(leaf);
  }
  return { missing, strangers, returned };
}

function isExpired({ server, platform }: Connection, { state, at }: HeadLeaf): boolean {
  return state === 'trashed' && at + (server.trashDays - 1) * dayMs <= platform.now();
}
