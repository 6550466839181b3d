/**
 * Reads everything that is stored, hashes it and puts right what can be put right: index and blocks, then records of images and accounts, then the packs
 * from end to end. Goes on where an earlier run was interrupted; one scrub at a time. SPEC.md section 4.
 */
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Stop } from './contract.js';
import { noteScrub } from './last-scrub.js';
import { scrubBlocks } from './scrub-blocks.js';
import { coverageOf, type Coverage } from './scrub-coverage.js';
import { readPosition, scrubPhases, writePosition, type ScrubCounts, type ScrubPhase } from './scrub-progress.js';
import { scrubAccounts, scrubImages, scrubPacks } from './scrub-records.js';
import { ScrubRun, type ScrubOrder, type ScrubParts } from './scrub-run.js';

/** What a scrub did since it began, its earlier runs included. `coverage`: how much of what is stored it has read. */
export interface ScrubAnswer extends ScrubCounts {
  readonly isComplete: boolean;
  readonly coverage: Coverage;
}

const steps: Readonly<Record<ScrubPhase, (run: ScrubRun, from: string | undefined) => Promise<boolean>>> = {
  blocks: scrubBlocks,
  images: scrubImages,
  accounts: scrubAccounts,
  packs: scrubPacks,
};

/** Scrubs to the end, or until it is stopped. What stays damaged goes to `onLost`. Refusal `unavailable` where another one runs. Memory: a page of rows and a few blocks. */
export async function scrubStore(parts: ScrubParts, order: ScrubOrder): Promise<ScrubAnswer> {
  // A slow one goes on for days: who settles waits for what it is writing, and not for all of it.
  const answer = await parts.gate.alone('scrub', (lost) => scrub(parts, { ...order, stop: eitherOf(order.stop, lost) }), { isWaitedFor: false });
  if (answer === undefined) throw new Refusal('unavailable', 'A scrub is running.');
  return answer;
}

function eitherOf(one: Stop | undefined, other: Stop): Stop {
  return { get aborted() { return one?.aborted === true || other.aborted; } };
}

async function scrub(parts: ScrubParts, order: ScrubOrder): Promise<ScrubAnswer> {
  const run = new ScrubRun(parts, order, order.isRestart === true ? undefined : await readPosition(parts.stores.state));
  const isComplete = await runPhases(run);
  const { counts, beganAt, tookMs } = run.position;
  const coverage = await coverageOf(parts, run.position, isComplete);
  if (isComplete) {
    await noteScrub(parts.stores.state, counts, { beganAt, endedAt: parts.world.clock.now(), tookMs });
    await writePosition(parts.stores.state, undefined);
  }
  return { ...counts, isComplete, coverage };
}

/** The position is kept however the run ends, so that what fails is tried again where it failed. */
async function runPhases(run: ScrubRun): Promise<boolean> {
  try {
    const isComplete = await runSteps(run);
    await run.save();
    return isComplete;
  } catch (error) {
    await run.save().catch(() => undefined); // the failure that counts is the first
    throw error;
  }
}

/** False where it was stopped. */
async function runSteps(run: ScrubRun): Promise<boolean> {
  const { phase: first, after } = run.position;
  for (const phase of scrubPhases.slice(scrubPhases.indexOf(first))) {
    if (phase !== first) run.enter(phase);
    await run.save();
    if (!(await steps[phase](run, phase === first ? after : undefined))) return false;
  }
  return true;
}
