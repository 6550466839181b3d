/**
 * Rebuilds the database from the packs: accounts, blocks, images, removals. What the packs cannot tell (sessions,
 * invitations, what is in the trash) is lost; trashed images come back. The store is held until the operator releases it.
 * Repeatable; over an old database, rows that name packs which are gone are led to the records that were found.
 */
import type { AccountId, ImageId } from '../../client-sdk/protocol/ids.js';
import type { Damage } from '../ports/block-store.js';
import type { NewImage } from '../ports/image-store.js';
import type { HealedPack } from '../ports/pack-parity.js';
import type { FiledBlock } from '../ports/tag-store.js';
import type { StoreState } from '../ports/world.js';
import type { Parts } from './contract.js';
import { clearAccount } from './closing.js';
import { advanceGeneration } from './generation.js';
import { mergeCopies } from './merge-copies.js';
import { healPacks } from './parity.js';
import { accountAt, filedAt, fileFound, reinstateImage, restoreAsTold } from './reinstatement.js';
import { raiseRestoreEpoch } from './restore-epoch.js';
import { readLedger, type Ledger } from './ledger.js';
import { isSamePlace } from './stored-block.js';
import { endTail } from './tail.js';

/** A note in the state: what is there is not all. */
const underWay = 'rebuild';

/** What rebuilding needs. */
export type RebuildParts = Pick<Parts, 'stores' | 'world' | 'gate'>;

/** What came back. `incomplete`: images that refer to blocks which the packs no longer hold. `healed`: what parity put right before the packs were read. */
export interface RebuildAnswer {
  readonly accounts: number;
  readonly blocks: number;
  readonly images: number;
  readonly removals: number;
  /** Names of accounts that lost their user name to a later account of the same name. */
  readonly displaced: readonly AccountId[];
  readonly incomplete: readonly { readonly accountId: AccountId; readonly imageId: ImageId }[];
  readonly damage: readonly Damage[];
  readonly healed: readonly HealedPack[];
}

/** Rebuilds. The database is empty or old; nothing else writes meanwhile. */
export async function rebuildStore(parts: RebuildParts): Promise<RebuildAnswer> {
  await parts.stores.state.setHeld(true);
  await noteRebuild(parts.stores.state);
  const healed = await healPacks(parts.stores.blocks);
  const damage: Damage[] = [];
  const ledger = await readLedger(parts.stores.blocks, (stretch) => damage.push(stretch));
  for (const { accountId, at } of ledger.closed) await recloseAccount(parts, accountId, at);
  for (const account of ledger.accounts) await reinstateAccount(parts, account.place);
  const blocks = await fileFound(parts, blocksOf(parts));
  // A place that an old database names and that is gone gives way to the one that was found.
  await mergeCopies(parts, undefined);
  const incomplete: RebuildAnswer['incomplete'][number][] = [];
  for (const image of ledger.images) {
    const { row, isComplete } = await reinstateImage(parts, image);
    await leadToRecords(parts, image.accountId, row);
    if (!isComplete) incomplete.push({ accountId: image.accountId, imageId: image.imageId });
  }
  // An old database may have them in the trash.
  for (const word of ledger.restored) await restoreAsTold(parts, word);
  for (const { accountId, imageId } of ledger.removed) await parts.stores.images.bury(accountId, imageId);
  await raiseRestoreEpoch(parts.stores.state, parts.world.clock.now());
  await endTail(parts.gate, parts.stores);
  await advanceGeneration(parts.gate, parts.stores);
  await parts.stores.state.write(underWay, '');
  return { ...countsOf(ledger), blocks, incomplete, damage, healed };
}

/** Notes that what is there is not all. Written into an index that is new before it is a store's: however soon a rebuild dies, nobody takes that for an empty store. */
export async function noteRebuild(state: Pick<StoreState, 'write'>): Promise<void> {
  await state.write(underWay, 'yes');
}

/** A rebuild began and has not ended. */
export async function isHalfRebuilt(state: Pick<StoreState, 'read'>): Promise<boolean> {
  return (await state.read(underWay)) === 'yes';
}

function countsOf(ledger: Ledger): Pick<RebuildAnswer, 'accounts' | 'images' | 'removals' | 'displaced'> {
  const { accounts, images, removed, displaced } = ledger;
  return { accounts: accounts.length, images: images.length, removals: removed.length, displaced: displaced.map(({ accountId }) => accountId) };
}

/** Over an old database the account may still have all its rows. */
async function recloseAccount(parts: RebuildParts, accountId: AccountId, at: number): Promise<void> {
  await parts.stores.accounts.reclose(accountId, at);
  await clearAccount(parts, accountId);
}

async function reinstateAccount(parts: RebuildParts, place: Ledger['accounts'][number]['place']): Promise<void> {
  const { stores } = parts;
  const row = await accountAt(parts, place);
  await stores.accounts.reinstate(row);
  const now = await stores.accounts.find(row.accountId);
  if (now !== undefined && !isSamePlace(now.place, place)) await stores.accounts.move(row.accountId, now.place, place);
}

/** Every block that the packs hold. */
async function* blocksOf(parts: RebuildParts): AsyncGenerator<FiledBlock> {
  const { blocks } = parts.stores;
  for (const { pack } of await blocks.packs()) {
    for await (const record of blocks.scan(pack, () => undefined)) if (record.type === 'block') yield filedAt(parts, record);
  }
}

/** An image that an old database knew already keeps its row; its records lie where they were found. */
async function leadToRecords({ stores: { images } }: RebuildParts, accountId: AccountId, { imageId, manifestPlace, preview }: NewImage): Promise<void> {
  const row = await images.find(accountId, imageId);
  if (row !== undefined && !isSamePlace(row.manifestPlace, manifestPlace)) {
    await images.move({ accountId, imageId, type: 'manifest', place: row.manifestPlace }, manifestPlace);
  }
  if (row?.preview !== undefined && preview !== undefined && !isSamePlace(row.preview.place, preview.place)) {
    await images.move({ accountId, imageId, type: 'preview', place: row.preview.place }, preview.place);
  }
}
