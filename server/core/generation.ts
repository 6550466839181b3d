/**
 * Tells whether database and packs belong together. Both carry a generation that only grows; a copy of the
 * database from before the last step has a smaller one. A store that does not fit is held: nothing is collected or
 * compacted until `dice-admin check` passes and the operator releases it.
 */
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { BlockStore } from '../ports/block-store.js';
import type { Gate } from '../ports/gate.js';
import type { StoreState } from '../ports/world.js';
import type { Stop } from './contract.js';
import { endTail, sweepTurn, tailOf } from './tail.js';

/** The two that are compared. */
export interface Marked {
  readonly blocks: BlockStore;
  readonly state: StoreState;
}

/** `database-older` and `packs-older` hold the store. `fits` after a crash between the two marks of one step too. */
export type Fit = 'fits' | 'database-older' | 'packs-older';

/** One process at a time makes a step. */
const turn = 'generation';

/** Pure comparison. The database is marked first, so after a crash it may be one ahead. */
export function compareGenerations(database: number, packs: number): Fit {
  if (database < packs) return 'database-older';
  return database > packs + 1 ? 'packs-older' : 'fits';
}

/**
 * To be called once at start, before anything else: holds a store that does not fit, then makes a new generation. In between a store that never noted where its tail begins, new or of an older release, notes
 * it: a log that forgets the note then forgets the step behind it too, and the store is held.
 */
export async function openGeneration(gate: Gate, marked: Marked): Promise<Fit> {
  const fit = await checkGeneration(gate, marked);
  // Where another process sweeps it notes the tail itself.
  if ((await tailOf(marked.state)) === undefined) await gate.alone(sweepTurn, () => endTail(gate, marked));
  await advanceGeneration(gate, marked);
  return fit;
}

/** Holds a store that does not fit, as where another database took the place of the one that was opened. To be called before anything is concluded from the index. */
export function checkGeneration(gate: Gate, { state, blocks }: Marked): Promise<Fit> {
  return gate.inTurn(turn, async () => {
    const fit = compareGenerations(await state.generation(), await blocks.generation());
    if (fit !== 'fits') await state.setHeld(true);
    return fit;
  });
}

/** How a store is closed. `isReconciled`: its index was compared with the packs. `stop` ends the waiting for writes of other processes. */
export interface Closing {
  readonly isReconciled: boolean;
  readonly stop?: Stop;
}

/** The last step of a clean stop. Where the index was compared with the packs, and nobody had to be waited for too long, the next start has nothing to read. */
export async function closeGeneration(gate: Gate, marked: Marked, { isReconciled, stop }: Closing): Promise<void> {
  const fits = (await checkGeneration(gate, marked)) === 'fits';
  // A sweep of another process has ended the tail itself.
  if (isReconciled && fits) await gate.alone(sweepTurn, () => endTail(gate, marked, stop));
  await advanceGeneration(gate, marked);
}

/**
 * Makes a new generation: at start, before each sweep, after a rebuild and at a clean stop. Every copy of the database made
 * before is older from now on; one that a backup makes is older from the beginning.
 */
export function advanceGeneration(gate: Gate, { state, blocks }: Marked): Promise<void> {
  return gate.inTurn(turn, async () => {
    const reached = await state.generation();
    // A step whose second half failed is finished first: packs that cannot be marked must not be left behind again and again.
    if (reached > (await blocks.generation())) await blocks.mark(reached);
    const next = Math.max(reached, await blocks.generation()) + 1;
    await state.setGeneration(next);
    await blocks.mark(next);
  });
}

/**
 * The operator's word, after a check that found nothing, or although the packs hold what the index does not know: what it does not know now is forgotten. Refusal unavailable while a sweep runs or the tail is
 * compared, for then the tail would not end here, and what was to be forgotten would come back.
 */
export async function releaseStore(gate: Gate, marked: Marked): Promise<void> {
  const released = await gate.alone(sweepTurn, async () => {
    await endTail(gate, marked);
    await marked.state.setHeld(false);
    return true;
  });
  if (released === undefined) throw new Refusal('unavailable', 'Not released: a sweep of another process has not ended. Try again in a minute.');
}
