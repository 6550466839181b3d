/**
 * Reconciliation: what the tail of the packs tells is compared with the index, once after each start (of this process, or of the index's engine) and before anything is collected, and what a log that rotted or was cut has
 * forgotten is brought back as a rebuild would. Runs beside requests and alone among sweeps, so that no pack goes meanwhile; may be broken off, and begins anew. RECORDS.md says what wins.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { Place, RecordType, ScannedRecord } from '../ports/block-store.js';
import type { ImageRecordRow, ImageRow } from '../ports/image-store.js';
import { clearAccount } from './closing.js';
import { hasAccount, isAny, isStopped, noCounts, recordsBehind, type Comparison, type Counts, type ReconcileParts } from './comparison.js';
import type { Reconciled, ReconcileService, Stop } from './contract.js';
import { checkGeneration } from './generation.js';
import { readTailLedger, type FoundAccount, type FoundImage, type Ledger } from './ledger.js';
import { accountAt, reinstateImage } from './reinstatement.js';
import { raiseRestoreEpoch } from './restore-epoch.js';
import { readOrRotten } from './stored-block.js';
import { endsOf, isBefore, noteTail, packsBeyond, sweepTurn, tailOf } from './tail.js';
import { TailBlocks } from './tail-blocks.js';
import { takeAway, takeBack } from './tail-removals.js';

/** As a sweep uses it, which is alone already and has seen that the store is not held. */
export interface Reconciler extends ReconcileService {
  /** Undefined where it was stopped. Throws StorageError. */
  within(stop: Stop | undefined): Promise<Reconciled | undefined>;
  /** Resolves when no `run` of this process is under way. */
  idle(): Promise<void>;
}

/** For one process, which has just started. */
export function createReconciler(parts: ReconcileParts): Reconciler {
  const { state } = parts.stores;
  let comparedIn: string | undefined;
  let untold = noCounts();
  const within = async (stop: Stop | undefined): Promise<Reconciled | undefined> => {
    // Asked before: an engine that is started anew meanwhile makes it due again.
    const incarnation = await state.incarnation();
    const counts = noCounts();
    if (comparedIn === incarnation) return counts;
    try {
      if (!(await reconcileTail(parts, counts, stop))) return undefined;
    } finally {
      untold = sumOf(untold, counts);
    }
    comparedIn = incarnation;
    return counts;
  };
  let running: Promise<unknown> = Promise.resolve();
  return {
    within,
    isDone: async () => comparedIn === (await state.incarnation()),
    takeUntold() {
      const told = untold;
      untold = noCounts();
      return isAny(told) ? told : undefined;
    },
    async idle() {
      await running.catch(() => undefined);
    },
    run(stop) {
      const answer = parts.gate.alone(sweepTurn, async () => {
        // Another database may have taken the place of the one that was opened.
        await checkGeneration(parts.gate, parts.stores);
        return (await state.isHeld()) ? undefined : within(stop);
      });
      running = answer;
      return answer;
    },
  };
}

function sumOf(a: Counts, b: Counts): Counts {
  return {
    accounts: a.accounts + b.accounts,
    blocks: a.blocks + b.blocks,
    images: a.images + b.images,
    removals: a.removals + b.removals,
    moved: a.moved + b.moved,
    incomplete: a.incomplete + b.incomplete,
  };
}

/** False where it was stopped. */
async function reconcileTail(parts: ReconcileParts, counts: Counts, stop: Stop | undefined): Promise<boolean> {
  const { blocks, state } = parts.stores;
  const tail = await tailOf(state);
  const packs = await blocks.packs();
  if (tail === undefined || packsBeyond(tail, packs).length === 0) return true;
  // What is being written gets its row, or the record that withdraws it, before anything is read.
  await parts.gate.settle(stop);
  const ends = endsOf(packs, blocks.numberSlack);
  const run: Comparison = { parts, stop, tail, ends, packs: new Set(packs.map(({ pack }) => pack)), known: new Set(), counts };
  const met = new TailBlocks(parts, run.packs);
  const ledger = await readTail(run, met);
  if (isStopped(stop)) return false;
  try {
    if (!(await bringBack(run, ledger, met))) return false;
  } finally {
    // Heads are in no pack: a device may remember more than the index has. What comes next counts only what is left to bring.
    if (counts.accounts + counts.images + counts.removals + counts.moved > 0) await raiseRestoreEpoch(state, parts.world.clock.now());
  }
  await noteTail(state, ends);
  return true;
}

/** Everything of before `ends` that came since the tail began, and the removals of after it. */
async function readTail({ parts, stop, tail, ends }: Comparison, met: TailBlocks): Promise<Ledger> {
  const isWanted = async (record: ScannedRecord): Promise<boolean> => {
    if (record.type === 'removal') return true;
    if (!isBefore(ends, record.place)) return false;
    if (record.type === 'block') await met.meet(record);
    return record.type !== 'block';
  };
  const ledger = await readTailLedger(await recordsBehind(parts.stores.blocks, tail, { isWanted, stop }));
  await met.flush();
  return ledger;
}

/** False where it was stopped. */
async function bringBack(run: Comparison, ledger: Ledger, met: TailBlocks): Promise<boolean> {
  for (const { accountId, at } of ledger.closed) {
    if (isStopped(run.stop)) return false;
    await recloseAccount(run, accountId, at);
  }
  for (const account of [...ledger.accounts, ...ledger.displaced]) {
    if (isStopped(run.stop)) return false;
    await bringAccount(run, account);
  }
  if (!(await bringBlocks(run, met))) return false;
  for (const image of ledger.images) {
    if (isStopped(run.stop)) return false;
    if (await hasAccount(run, image.accountId)) await bringImage(run, image);
  }
  return (await takeBack(run, ledger.restored)) && takeAway(run, ledger.removed);
}

/** Whether it has a row or not: its id is never taken again. */
async function recloseAccount({ parts, counts }: Comparison, accountId: AccountId, at: number): Promise<void> {
  const { accounts } = parts.stores;
  if ((await accounts.find(accountId)) !== undefined) counts.removals++;
  await accounts.reclose(accountId, at);
  await clearAccount(parts, accountId);
}

/** A row that is as new as the record, or newer, stays: it was written later. A name that another account bears by now is that one's. */
async function bringAccount(run: Comparison, { accountId, place }: FoundAccount): Promise<void> {
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
async function bringBlocks({ stop, counts }: Comparison, met: TailBlocks): Promise<boolean> {
  const moved = await met.leadMisplaced(stop);
  const filed = await met.fileLost(stop);
  if (filed === undefined || moved === undefined) return false;
  counts.blocks += filed;
  counts.moved += moved;
  return true;
}

async function bringImage(run: Comparison, image: FoundImage): Promise<void> {
  const { parts, counts } = run;
  const row = await parts.stores.images.find(image.accountId, image.imageId);
  if (row !== undefined) return leadRecords(run, image, row);
  const { isComplete } = await reinstateImage(parts, image);
  counts.images++;
  if (!isComplete) counts.incomplete++;
}

/** Records of which the compaction into the tail was forgotten. */
async function leadRecords(run: Comparison, { accountId, imageId, place, previews }: FoundImage, { manifestPlace, manifestHash, preview }: ImageRow): Promise<void> {
  await leadRecord(run, { accountId, imageId, type: 'manifest', place: manifestPlace }, place);
  const found = [...previews].find(([hash]) => hash.startsWith(hexOf(manifestHash)))?.[1];
  if (preview !== undefined && found !== undefined) await leadRecord(run, { accountId, imageId, type: 'preview', place: preview.place }, found);
}

async function leadRecord(run: Comparison, row: ImageRecordRow, to: Place): Promise<void> {
  if ((await hasGone(run, row.place, row.type)) && (await run.parts.stores.images.move(row, to))) run.counts.moved++;
}

/** A pack that is begun meanwhile is not among those of the beginning. */
async function hasGone({ parts, packs }: Comparison, place: Place, type: RecordType): Promise<boolean> {
  return !packs.has(place.pack) && (await readOrRotten(parts, place, type)) === undefined;
}
