/**
 * The collector: what nothing refers to and nothing pins is removed, equal copies are merged, packs are compacted. It
 * runs beside uploads, one sweep at a time; every step can be repeated and stopped. A held store is left alone.
 * Removal goes image, trash, references, grace, row, bytes.
 */
import type { CollectAnswer } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { StorageError } from '../ports/errors.js';
import { finishClosings } from './closing.js';
import { compactPack, isWorthCompacting, listCompactable, type RemovalSizes } from './compaction.js';
import type { ImageService, Parts, Stop, SweepOrder, SweepService } from './contract.js';
import type { Times } from '../ports/meter.js';
import { advanceGeneration } from './generation.js';
import type { Reconciler } from './reconcile.js';
import { mergeCopies } from './merge-copies.js';
import { sideBySide } from './side-by-side.js';
import { forecastSweep } from './sweep-forecast.js';
import type { PackUse } from './sweep-plan.js';
import { endTail, sweepTurn } from './tail.js';

const batch = 1_000;
/** Removed in one transaction: others wait for it. */
const collectBatch = 250;
/** Images that are removed at once, so that they share syncs. */
const purgesAtOnce = 8;
const thoroughDeadShare = 0.02;
const ordinaryDeadShare = 0.25;

interface Run extends Helpers {
  readonly parts: Parts;
  readonly stop: Stop | undefined;
  readonly minDeadShare: number;
  readonly sizes: RemovalSizes;
}

/** What a sweep works with beside the parts. */
interface Helpers {
  readonly images: Pick<ImageService, 'purge'>;
  readonly reconciler: Pick<Reconciler, 'within' | 'idle'>;
}

export function createSweep(parts: Parts, helpers: Helpers): SweepService {
  const sizes: RemovalSizes = new Map();
  return {
    async sweep({ isThorough, stop }: SweepOrder) {
      const run = { parts, ...helpers, stop, sizes, minDeadShare: minDeadShareOf(isThorough) };
      return counted(parts, async () => {
        await helpers.reconciler.idle();
        const answer = await parts.gate.alone(sweepTurn, () => sweepAll(run));
        if (answer === undefined) throw new Refusal('unavailable', 'A sweep is running.');
        return answer;
      });
    },
    forecast: ({ isThorough }) => forecastSweep(parts, minDeadShareOf(isThorough)),
  };
}

function minDeadShareOf(isThorough: boolean): number {
  return isThorough ? thoroughDeadShare : ordinaryDeadShare;
}

/** Counts what `sweep` did, or that it was refused or failed. */
async function counted({ meter, world }: Parts, sweep: () => Promise<CollectAnswer>): Promise<CollectAnswer> {
  try {
    const answer = await timed({ meter, world }, 'whole', sweep);
    meter?.add('sweeps', 'done', 1);
    meter?.add('swept', 'uploads', answer.expiredUploads);
    meter?.add('swept', 'images', answer.purgedImages);
    meter?.add('swept', 'blocks', answer.collectedBlocks);
    meter?.add('swept', 'copies', answer.mergedCopies);
    meter?.add('swept', 'packs', answer.compactedPacks);
    meter?.add('sweptBytes', 'compacted', answer.freedBytes);
    return answer;
  } catch (error) {
    meter?.add('sweeps', error instanceof Refusal ? 'refused' : 'failed', 1);
    throw error;
  }
}

async function timed<T>({ meter, world }: Pick<Parts, 'meter' | 'world'>, step: Times['sweep'], work: () => Promise<T>): Promise<T> {
  const startedAt = world.clock.now();
  const result = await work();
  // A clock that was set back must not make a duration of less than nothing.
  meter?.time('sweep', step, Math.max(0, world.clock.now() - startedAt) / 1_000);
  return result;
}

async function sweepAll(run: Run): Promise<CollectAnswer> {
  const { stores, world } = run.parts;
  if (await stores.state.isHeld()) {
    throw new Refusal('unavailable', 'The store is held: its database was rebuilt or is older than its packs. Check it and release it.');
  }
  await reconcile(run);
  await endTail(run.parts.gate, stores);
  await advanceGeneration(run.parts.gate, stores);
  const now = world.clock.now();
  const expiredUploads = await stores.tags.expireUploads(now);
  await stores.accounts.expireSessions(now);
  await finishClosings(run.parts, run.stop);
  const purgedImages = await purgeExpired(run, now);
  const collectedBlocks = await timed(run.parts, 'collect', () => collect(run, now));
  const mergedCopies = await timed(run.parts, 'merge', () => mergeCopies(run.parts, run.stop));
  const { compactedPacks, freedBytes } = await timed(run.parts, 'compact', () => compact(run));
  const { unreferencedBlocks } = await stores.tags.figures();
  return { expiredUploads, purgedImages, collectedBlocks, mergedCopies, compactedPacks, freedBytes, pendingBlocks: unreferencedBlocks };
}

/** Nothing is collected on the word of an index that may have forgotten what the packs hold. */
async function reconcile({ reconciler, stop }: Run): Promise<void> {
  const why = await reconciler.within(stop).then((answer) => (answer === undefined ? 'it was stopped' : undefined), (error: unknown) => {
    if (error instanceof StorageError) return error.message;
    throw error;
  });
  if (why !== undefined) throw new Refusal('unavailable', `Nothing is collected before the index was compared with what the packs hold since the last sweep: ${why}.`);
}

async function purgeExpired({ parts, images, stop }: Run, now: number): Promise<number> {
  let purged = 0;
  for (;;) {
    const expired = await parts.stores.images.listExpired(now - parts.policy.trashMs, batch);
    const before = purged;
    const purging = sideBySide(expired, purgesAtOnce, async ({ accountId, imageId }) => stop?.aborted !== true && (await wasPurged(images.purge(accountId, imageId))));
    for await (const isGone of purging) if (isGone) purged++;
    if (expired.length < batch || purged === before || stop?.aborted === true) return purged;
  }
}

/** False where the image was restored or purged by its owner meanwhile. */
async function wasPurged(purging: Promise<void>): Promise<boolean> {
  try {
    await purging;
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not-found') return false;
    throw error;
  }
}

async function collect({ parts, stop }: Run, now: number): Promise<number> {
  let collected = 0;
  for (;;) {
    if (stop?.aborted === true) return collected;
    const removed = await parts.stores.tags.collect(now - parts.policy.graceMs, collectBatch);
    collected += removed.length;
    parts.meter?.add('sweptBytes', 'collected', removed.reduce((sum, { place }) => sum + place.length, 0));
    if (removed.length < collectBatch) return collected;
  }
}

async function compact(run: Run): Promise<{ readonly compactedPacks: number; readonly freedBytes: number }> {
  const { parts, stop } = run;
  const outcome = { compactedPacks: 0, freedBytes: 0 };
  // While a backup copies packs nothing would be freed, and what is copied now would have to be copied again.
  if (!(await parts.gate.mayDrop())) return outcome;
  for (const { pack, bytes } of await choose(run)) {
    if (stop?.aborted === true) break;
    const { isDropped, copiedBytes } = await compactPack(parts, pack, stop);
    outcome.freedBytes += (isDropped ? bytes : 0) - copiedBytes;
    outcome.compactedPacks += isDropped ? 1 : 0;
    if (isDropped) run.sizes.delete(pack);
  }
  return { ...outcome, freedBytes: Math.max(0, outcome.freedBytes) };
}

/** Sealed packs worth compacting, into which nothing is being written any more. */
async function choose(run: Run): Promise<readonly PackUse[]> {
  const { parts, minDeadShare } = run;
  const first: PackUse[] = [];
  for (const use of await listCompactable(parts, minDeadShare)) {
    if (await isWorthCompacting(parts, use, run)) first.push(use);
  }
  if (first.length === 0) return [];
  if (first.some((use) => !use.isSealed)) await parts.stores.blocks.seal();
  // Writes under way may have records in these packs whose rows are still to come; after this they count as live.
  await parts.gate.settle();
  const wanted = new Set(first.map((use) => use.pack));
  return (await listCompactable(parts, minDeadShare)).filter((use) => use.isSealed && wanted.has(use.pack));
}
