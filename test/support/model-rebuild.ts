/**
 * What a rebuild may make of a store: all that was acknowledged, and of the rest what records may tell.
 */
import { accountCount } from './model-names.js';
import { emptyStore, wordsOf, type State } from './store-model.js';

/** `viewOfStore` of a rebuilt store, as far as it is looked at. */
export interface SeenRebuilt {
  readonly accounts: readonly ('none' | { readonly keyring: number })[];
  readonly images: readonly (readonly [number, number, number, null])[];
  readonly blocks: readonly (readonly [number, boolean, boolean])[];
}

interface Rebuilt {
  readonly seen: SeenRebuilt;
  readonly references: ReadonlyMap<number, readonly number[]>;
  readonly unsure: ReadonlySet<number>;
}

/** What the store holds after a rebuild, with the images of which nobody was told; a complaint where it may not be. */
export function judgeRebuilt(before: State, { seen, references, unsure }: Rebuilt): { readonly state: State; readonly unsure: ReadonlySet<number> } | string {
  const next = emptyStore(before.now, accountCount);
  Object.assign(next, { buried: [...before.buried], ledger: before.ledger });
  for (const [account, { status, keyring }] of before.accounts.entries()) {
    const found = seen.accounts[account] ?? 'none';
    const isWrong = (status === 'open') !== (found !== 'none') && status !== 'lost';
    if (isWrong || (found !== 'none' && found.keyring < keyring)) return `account ${account} was ${status} and is now ${JSON.stringify(found)}`;
    next.accounts[account] = { status: found === 'none' ? status : 'open', keyring: found === 'none' ? keyring : found.keyring, received: 0 };
  }
  for (const image of Object.keys(before.images).map(Number)) {
    if (references.has(image)) continue;
    // Its owner asked for its removal, and was not told.
    if (wordsOf(before, image).removedAt <= wordsOf(before, image).restoredAt) return `a rebuild lost image ${image}`;
    next.buried.push(image);
  }
  const returned = new Set<number>();
  for (const [image, account, createdAt] of seen.images) {
    next.images[image] = { account, blocks: references.get(image) ?? [], createdAt, trashedAt: null };
    if (before.images[image] !== undefined) continue;
    returned.add(image);
    const { removedAt, restoredAt } = wordsOf(before, image);
    const isTold = before.phantoms.some((phantom) => phantom.image === image) || unsure.has(image);
    // A removal that is not younger than a restoration does not count.
    if (!isTold && !(restoredAt >= removedAt && restoredAt >= 0)) return `a rebuild brought image ${image} back`;
  }
  next.buried = next.buried.filter((image) => next.images[image] === undefined);
  for (const [block, isLive] of seen.blocks) next.blocks[block] = { isLive, touchedAt: before.now };
  return { state: next, unsure: returned };
}
