/**
 * What a scrub counted as lost because its row says another place than where its record lies: met again when the packs are read from end to end. The record is written anew and the
 * row led to it, so that nothing depends on the pack that it was found in. Costs nothing where nothing was lost.
 */
import { CorruptionError } from '../ports/errors.js';
import type { ScannedRecord } from '../ports/block-store.js';
import { strayOf, type Mover } from './record-claim.js';
import { recordOf } from './records.js';
import type { ScrubRun } from './scrub-run.js';

/** Types of records of which some are sought. */
export type Sought = ReadonlySet<ScannedRecord['type']>;

/** Blocks where any is quarantined, manifests and previews where this scrub lost one. */
export async function soughtBy(run: ScrubRun): Promise<Sought> {
  const { quarantinedBlocks } = await run.parts.stores.tags.figures();
  const lost = quarantinedBlocks > 0 ? (['block'] as const) : [];
  return new Set([...lost, ...(run.position.counts.lostRecords > 0 ? (['manifest', 'preview'] as const) : [])]);
}

/** Leads the row of a record to it, where it names another place and finds nothing there. */
export async function leadStray(run: ScrubRun, record: ScannedRecord): Promise<void> {
  const move = await stray(run, record);
  if (move === undefined || !(await appendAndMove(run, record, move))) return;
  const [found, lost] = record.type === 'block' ? (['revived', 'lost'] as const) : (['repairedImages', 'lostRecords'] as const);
  run.add(found);
  if (run.position.counts[lost] > 0) run.add(lost, -1);
}

/** Undefined, too, where it cannot be told whether the record is the one that is lost. */
async function stray(run: ScrubRun, record: ScannedRecord): Promise<Mover | undefined> {
  try {
    return await strayOf(run.parts, record);
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}

/** Within the gate: the collector waits for a record whose row is still to come. */
function appendAndMove({ parts }: ScrubRun, { type, payload }: ScannedRecord, move: Mover): Promise<boolean> {
  return parts.gate.run(async () => {
    const [to] = await parts.stores.blocks.append([recordOf(parts, type, payload)]);
    return to !== undefined && move(to);
  });
}
