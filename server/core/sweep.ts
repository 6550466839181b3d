/**
 * The collector: what nothing refers to and nothing pins is removed, equal copies are merged, packs are compacted. It
 * runs beside uploads, one sweep at a time; every step can be repeated and stopped. A held store is left alone.
 * Removal goes image, trash, references, grace, row, bytes.
 */
import type { CollectAnswer } from '../../client-sdk/protocol/messages.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { CorruptionError, StorageError } from '../ports/errors.js';
import { finishClosings } from './closing.js';
import { compactPack, isWorthCompacting, listCompactable, type Compacted, type RemovalSizes } from './compaction.js';
import type { ImageService, Parts, Stop, SweepOrder, SweepService } from './contract.js';
import type { Times } from '../ports/meter.js';
import { advanceGeneration, checkGeneration } from './generation.js';
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

interface Run extends SweepServices {
  readonly parts: Parts;
  readonly stop: Stop | undefined;
  readonly minDeadShare: number;
  readonly sizes: RemovalSizes;
}

/** Services that a sweep calls. */
interface SweepServices {
  readonly images: Pick<ImageService, 'purge'>;
  readonly reconciler: Pick<Reconciler, 'within' | 'idle'>;
}

export function createSweep(parts: Parts, services: SweepServices): SweepService {
  const sizes: RemovalSizes = new Map();
  return {
    async sweep({ isThorough, stop }: SweepOrder) {
      const run = { parts, ...services, stop, sizes, minDeadShare: minDeadShareOf(isThorough) };
      return counted(parts, async () => {
        await services.reconciler.idle();
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

/** What a sweep did, and why packs that it would have compacted had to stay. */
interface Swept {
  readonly answer: CollectAnswer;
  readonly kept: readonly CorruptionError[];
}

/** Counts what `sweep` did, or that it was refused or failed. Packs that had to stay are a failure after all else was done, so that somebody hears of them. */
async function counted({ meter, world }: Parts, sweep: () => Promise<Swept>): Promise<CollectAnswer> {
  try {
    const { answer, kept } = await timed({ meter, world }, 'whole', sweep);
    meter?.add('swept', 'uploads', answer.expiredUploads);
    meter?.add('swept', 'images', answer.purgedImages);
    meter?.add('swept', 'blocks', answer.collectedBlocks);
    meter?.add('swept', 'copies', answer.mergedCopies);
    meter?.add('swept', 'packs', answer.compactedPacks);
    meter?.add('sweptBytes', 'compacted', answer.freedBytes);
    const [first] = kept;
    if (first !== undefined) throw new CorruptionError(`The sweep did all else, and left ${String(kept.length)} pack(s) as they were, for the index is damaged: ${first.message}`, { cause: first });
    meter?.add('sweeps', 'done', 1);
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

async function sweepAll(run: Run): Promise<Swept> {
  const { stores, world } = run.parts;
  await checkGeneration(run.parts.gate, stores);
  if (await stores.state.isHeld()) {
    throw new Refusal('unavailable', 'The store is held: its database was rebuilt or is older than its packs. Check it and release it.');
  }
  await reconcile(run);
  await endTail(run.parts.gate, stores, run.stop);
  await advanceGeneration(run.parts.gate, stores);
  const now = world.clock.now();
  const expiredUploads = await stores.tags.expireUploads(now);
  await stores.accounts.expireSessions(now);
  await finishClosings(run.parts, run.stop);
  const purgedImages = await purgeExpired(run, now);
  await unite(run);
  const collectedBlocks = await timed(run.parts, 'collect', () => collect(run, now));
  const mergedCopies = await timed(run.parts, 'merge', () => mergeCopies(run.parts, run.stop));
  const { kept, ...compacted } = await timed(run.parts, 'compact', () => compact(run));
  const { unreferencedBlocks } = await stores.tags.figures();
  return { answer: { expiredUploads, purgedImages, collectedBlocks, mergedCopies, ...compacted, pendingBlocks: unreferencedBlocks }, kept };
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

async function unite({ parts, stop }: Run): Promise<void> {
  for (let after: string | undefined, isBegun = false; !isBegun || after !== undefined; isBegun = true) {
    if (stop?.aborted === true) return;
    after = await parts.stores.tags.uniteSome(after);
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

async function compact(run: Run): Promise<{ readonly compactedPacks: number; readonly freedBytes: number; readonly kept: readonly CorruptionError[] }> {
  const { parts, stop } = run;
  const kept: CorruptionError[] = [];
  let [compactedPacks, freedBytes] = [0, 0];
  // While a backup copies packs nothing would be freed, and what is copied now would have to be copied again.
  for (const { pack, bytes } of (await parts.gate.mayDrop()) ? await choose(run) : []) {
    if (stop?.aborted === true) break;
    const outcome = await compactOne(run, pack);
    if (outcome instanceof CorruptionError) kept.push(outcome);
    else {
      freedBytes += (outcome.isDropped ? bytes : 0) - outcome.copiedBytes;
      compactedPacks += outcome.isDropped ? 1 : 0;
    }
  }
  return { compactedPacks, freedBytes: Math.max(0, freedBytes), kept };
}

/** A pack of which the index is damaged stays, and keeps no other one from being compacted. */
async function compactOne({ parts, stop, sizes }: Run, pack: number): Promise<Compacted | CorruptionError> {
  try {
    const compacted = await compactPack(parts, pack, stop);
    if (compacted.isDropped) sizes.delete(pack);
    return compacted;
  } catch (error) {
    if (error instanceof CorruptionError) return new CorruptionError(`pack ${String(pack)}: ${error.message}`, { cause: error });
    throw error;
  }
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
  await parts.gate.settle(run.stop);
  if (run.stop?.aborted === true) return [];
  const wanted = new Set(first.map((use) => use.pack));
  return (await listCompactable(parts, minDeadShare)).filter((use) => use.isSealed && wanted.has(use.pack));
}
