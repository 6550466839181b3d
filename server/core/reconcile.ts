/**
 * Reconciliation: what the tail of the packs tells is compared with the index, once after each start (of this process, or of the index's engine) and before anything is collected, and what a log that rotted or was cut has
 * forgotten is brought back as a rebuild would. Runs beside requests and alone among sweeps, so that no pack goes meanwhile; may be broken off, and begins anew. RECORDS.md says what wins.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { hashBytes } from '../../client-sdk/protocol/limits.js';
import type { Place, RecordType } from '../ports/block-store.js';
import type { ImageRecordRow, ImageRow } from '../ports/image-store.js';
import { clearAccount } from './closing.js';
import type { Parts, Reconciled, ReconcileService, Stop } from './contract.js';
import { readTailLedger, type FoundAccount, type FoundImage, type ImageName, type Ledger } from './ledger.js';
import { accountAt, reinstateImage } from './reinstatement.js';
import { raiseRestoreEpoch } from './restore-epoch.js';
import { readOrRotten } from './stored-block.js';
import { endsOf, isBefore, noteTail, packsBeyond, sweepTurn, tailOf, type PackEnds } from './tail.js';
import { TailBlocks } from './tail-blocks.js';

/** What comparing needs. */
export type ReconcileParts = Pick<Parts, 'stores' | 'world' | 'gate' | 'meter'>;

/** As a sweep uses it, which is alone already and has seen that the store is not held. */
export interface Reconciler extends ReconcileService {
  /** Undefined where it was stopped. Throws StorageError. */
  within(stop: Stop | undefined): Promise<Reconciled | undefined>;
  /** Resolves when no `run` of this process is under way. */
  idle(): Promise<void>;
}

const nothing: Reconciled = { accounts: 0, blocks: 0, images: 0, removals: 0, moved: 0, incomplete: 0 };
const noHash = new Uint8Array(hashBytes);

/** For one process, which has just started. */
export function createReconciler(parts: ReconcileParts): Reconciler {
  const { state } = parts.stores;
  let comparedIn: string | undefined;
  const within = async (stop: Stop | undefined): Promise<Reconciled | undefined> => {
    // Asked before: an engine that is started anew meanwhile makes it due again.
    const incarnation = await state.incarnation();
    if (comparedIn === incarnation) return nothing;
    const answer = await reconcileTail(parts, stop);
    if (answer !== undefined) comparedIn = incarnation;
    return answer;
  };
  let running: Promise<unknown> = Promise.resolve();
  return {
    within,
    isDone: async () => comparedIn === (await state.incarnation()),
    async idle() {
      await running.catch(() => undefined);
    },
    run(stop) {
      const answer = parts.gate.alone(sweepTurn, async () => ((await state.isHeld()) ? undefined : within(stop)));
      running = answer;
      return answer;
    },
  };
}

/** What is done with one tail, which ends at `ends`. `packs`: those that are there. `known`: accounts that have a row. */
interface Run {
  readonly parts: ReconcileParts;
  readonly stop: Stop | undefined;
  readonly tail: PackEnds;
  readonly ends: PackEnds;
  readonly packs: ReadonlySet<number>;
  readonly known: Set<AccountId>;
  readonly counts: { -readonly [Name in keyof Reconciled]: number };
}

async function reconcileTail(parts: ReconcileParts, stop: Stop | undefined): Promise<Reconciled | undefined> {
  const { blocks, state } = parts.stores;
  const tail = await tailOf(state);
  const packs = await blocks.packs();
  if (tail === undefined || packsBeyond(tail, packs).length === 0) return nothing;
  // What is being written gets its row, or the record that withdraws it, before anything is read.
  await parts.gate.settle();
  const ends = endsOf(packs, blocks.numberSlack);
  const run: Run = { parts, stop, tail, ends, packs: new Set(packs.map(({ pack }) => pack)), known: new Set(), counts: { ...nothing } };
  const met = new TailBlocks(parts, run.packs);
  const ledger = await readTail(run, met);
  if (isStopped(stop) || !(await bringBack(run, ledger, met))) return undefined;
  const { counts } = run;
  // Heads are in no pack: a device may remember more than the index has.
  if (counts.accounts + counts.images + counts.removals + counts.moved > 0) await raiseRestoreEpoch(state, parts.world.clock.now());
  await noteTail(state, ends);
  return counts;
}

/** Everything of before `ends` that came since the tail began, and the removals of after it. */
async function readTail({ parts, stop, tail, ends }: Omit<Run, 'counts'>, met?: TailBlocks): Promise<Ledger> {
  const { blocks } = parts.stores;
  const packs = packsBeyond(tail, await blocks.packs());
  const ledger = await readTailLedger({
    packs: () => Promise.resolve(packs),
    async *scan(pack, onDamage) {
      if (isStopped(stop)) return;
      for await (const record of blocks.scan(pack, onDamage)) {
        if (isStopped(stop)) return;
        if (isBefore(tail, record.place)) continue;
        if (record.type === 'removal') yield record;
        else if (!isBefore(ends, record.place)) continue;
        else if (record.type === 'block') await met?.meet(record);
        else yield record;
      }
    },
  });
  await met?.flush();
  return ledger;
}

/** False where it was stopped. */
async function bringBack(run: Run, ledger: Ledger, met: TailBlocks): Promise<boolean> {
  for (const { accountId, at } of ledger.closed) await recloseAccount(run, accountId, at);
  for (const account of [...ledger.accounts, ...ledger.displaced]) {
    if (isStopped(run.stop)) return false;
    await bringAccount(run, account);
  }
  if (!(await bringBlocks(run, met))) return false;
  for (const image of ledger.images) {
    if (isStopped(run.stop)) return false;
    if (await hasAccount(run, image.accountId)) await bringImage(run, image);
  }
  await takeAway(run, ledger.removed);
  return true;
}

/** Whether it has a row or not: its id is never taken again. */
async function recloseAccount({ parts, counts }: Run, accountId: AccountId, at: number): Promise<void> {
  const { accounts } = parts.stores;
  if ((await accounts.find(accountId)) !== undefined) counts.removals++;
  await accounts.reclose(accountId, at);
  await clearAccount(parts, accountId);
}

/** A row that is as new as the record, or newer, stays: it was written later. A name that another account bears by now is that one's. */
async function bringAccount(run: Run, { accountId, place }: FoundAccount): Promise<void> {
  const { parts, counts } = run;
  const { accounts } = parts.stores;
  const row = await accounts.find(accountId);
  const found = await accountAt(parts, place);
  if (row === undefined) {
    const outcome = await accounts.create(found, { mustBeFirst: false, invitation: undefined, now: parts.world.clock.now() });
    if (outcome === 'created') counts.accounts++;
    return;
  }
  const newer = found.revision + found.keyringRevision - row.revision - row.keyringRevision;
  // Sessions that the change had ended are there again.
  if (newer > 0 && (await accounts.replace(found, row, found.revision !== row.revision))) counts.accounts++;
  if (newer === 0 && (await hasGone(run, row.place, 'account')) && (await accounts.move(accountId, row.place, place))) counts.moved++;
}

/** False where it was stopped. */
async function bringBlocks({ parts, stop, counts }: Run, met: TailBlocks): Promise<boolean> {
  const [owner] = await parts.stores.accounts.list(undefined, 1);
  const moved = await met.leadMisplaced(stop);
  const filed = owner === undefined ? 0 : await met.fileLost(owner.accountId, stop);
  if (filed === undefined || moved === undefined) return false;
  counts.blocks += filed;
  counts.moved += moved;
  return true;
}

async function bringImage(run: Run, image: FoundImage): Promise<void> {
  const { parts, counts } = run;
  const row = await parts.stores.images.find(image.accountId, image.imageId);
  if (row !== undefined) return leadRecords(run, image, row);
  const { isComplete } = await reinstateImage(parts, image);
  counts.images++;
  if (!isComplete) counts.incomplete++;
}

/** Records of which the compaction into the tail was forgotten. */
async function leadRecords(run: Run, { accountId, imageId, place, previews }: FoundImage, { manifestPlace, manifestHash, preview }: ImageRow): Promise<void> {
  await leadRecord(run, { accountId, imageId, type: 'manifest', place: manifestPlace }, place);
  const found = [...previews].find(([hash]) => hash.startsWith(hexOf(manifestHash)))?.[1];
  if (preview !== undefined && found !== undefined) await leadRecord(run, { accountId, imageId, type: 'preview', place: preview.place }, found);
}

async function leadRecord(run: Run, row: ImageRecordRow, to: Place): Promise<void> {
  if ((await hasGone(run, row.place, row.type)) && (await run.parts.stores.images.move(row, to))) run.counts.moved++;
}

/** A pack that is begun meanwhile is not among those of the beginning. */
async function hasGone({ parts, packs }: Run, place: Place, type: RecordType): Promise<boolean> {
  return !packs.has(place.pack) && (await readOrRotten(parts, place, type)) === undefined;
}

/** Removals whose rows stayed. */
async function takeAway(run: Run, removed: readonly ImageName[]): Promise<void> {
  const standing: ImageName[] = [];
  for (const name of removed) {
    if (!(await hasAccount(run, name.accountId))) continue;
    const row = await run.parts.stores.images.find(name.accountId, name.imageId);
    if (row === undefined) await leaveTombstone(run, name);
    else if (row.trashedAt === undefined) standing.push(name);
    else await purge(run, name);
  }
  if (standing.length > 0) await takeStanding(run, standing);
}

/** Images out of the trash: the way there was forgotten, or the owner restored them since the packs were read. From the trash nobody takes one without a word in the packs. */
async function takeStanding(run: Run, standing: readonly ImageName[]): Promise<void> {
  const { stores, gate, world } = run.parts;
  for (const { accountId, imageId } of standing) await stores.images.trash(accountId, imageId, world.clock.now());
  await gate.settle();
  const since = await readTail({ ...run, tail: run.ends, stop: undefined });
  const restored = new Set(since.restored.map(({ accountId, imageId }) => accountId + imageId));
  for (const name of standing) {
    if (restored.has(name.accountId + name.imageId)) await stores.images.restore(name.accountId, name.imageId);
    else await purge(run, name);
  }
}

/** Its commit was forgotten too. The id is never taken again, for a rebuild would remove what took it. */
async function leaveTombstone({ parts: { stores } }: Run, { accountId, imageId }: ImageName): Promise<void> {
  if ((await stores.images.probe(accountId, imageId, noHash)) === undefined) await stores.images.bury(accountId, imageId);
}

async function purge({ parts, counts }: Run, { accountId, imageId }: ImageName): Promise<void> {
  if (await parts.stores.images.purge(accountId, imageId, parts.world.clock.now())) counts.removals++;
}

function isStopped(stop: Stop | undefined): boolean {
  return stop?.aborted === true;
}

async function hasAccount({ parts, known }: Run, accountId: AccountId): Promise<boolean> {
  if (known.has(accountId)) return true;
  if ((await parts.stores.accounts.find(accountId)) === undefined) return false;
  known.add(accountId);
  return true;
}
