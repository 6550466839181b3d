/**
 * How far a scrub has come, kept in the state of the store so that the next process goes on there, and what it has read of how much. Figures and
 * a position alone: no block and no image.
 */
import type { StoreState } from '../ports/world.js';

/** What is read, in this order. `packs` finds what has no row: removal records, and stretches that hold no record. */
export const scrubPhases = ['blocks', 'images', 'accounts', 'packs'] as const;
export type ScrubPhase = (typeof scrubPhases)[number];

/**
 * What was met. `blocks`: rows; `copies`, `manifests`, `previews`, `accounts`, `removals`: records whose bytes were hashed and are what was stored. Repairs are
 * counted by what had rotted; `healed`: ciphers replaced by an equal copy; `revived`: quarantined ones that read well again, or were found elsewhere in the packs; `droppedCopies`: rotten
 * copies of a sound block; `healedPacks`: packs of which parity put something right, `remadeParity`: parity that was damaged; `lost` and `lostRecords`: what stays damaged; `damagedStretches`: of packs, without an intact record.
 */
const countNames = [
  'blocks', 'copies', 'manifests', 'previews', 'accounts', 'removals', 'packs', 'bytes', 'repairedTags', 'repairedCodes', 'repairedRehashes', 'mendedKeys',
  'healedCiphers', 'revived', 'droppedCopies', 'repairedImages', 'repairedAccounts', 'lost', 'lostRecords', 'damagedStretches',
  'healedPacks', 'remadeParity',
] as const;
export type ScrubCounts = Readonly<Record<(typeof countNames)[number], number>>;

/** Where to go on: in `phase`, after what `after` names. Times in milliseconds; `tookMs` sums the runs. */
export interface ScrubPosition {
  readonly beganAt: number;
  readonly tookMs: number;
  readonly phase: ScrubPhase;
  readonly after: string | undefined;
  readonly counts: ScrubCounts;
}

const name = 'scrub-position';
export const noCounts: ScrubCounts = countsOf(() => 0);

/** The counts in which something was put right. */
export function repairsOf(counts: ScrubCounts): number {
  const { repairedTags, repairedCodes, repairedRehashes, mendedKeys, healedCiphers, revived, droppedCopies, repairedImages, repairedAccounts, healedPacks, remadeParity } = counts;
  return repairedTags + repairedCodes + repairedRehashes + mendedKeys + healedCiphers + revived + droppedCopies + repairedImages + repairedAccounts + healedPacks + remadeParity;
}

/** The scrub that has not come to its end; undefined where there is none. */
export async function readPosition(state: StoreState): Promise<ScrubPosition | undefined> {
  const { beganAt, tookMs, phase, after, counts } = objectIn(await state.read(name));
  const known = scrubPhases.find((one) => one === phase);
  if (typeof beganAt !== 'number' || typeof tookMs !== 'number' || known === undefined || typeof counts !== 'object' || counts === null) return undefined;
  const noted = counts as Readonly<Record<string, unknown>>; // any object may be asked for its members
  return { beganAt, tookMs, phase: known, after: typeof after === 'string' ? after : undefined, counts: countsOf((count) => numberIn(noted[count])) };
}

/** Notes where the next run goes on; undefined: a scrub came to its end, and the next one begins anew. */
export async function writePosition(state: StoreState, position: ScrubPosition | undefined): Promise<void> {
  await state.write(name, position === undefined ? '' : JSON.stringify(position));
}

/** What a text noted as JSON holds. What another version may have written is no reason to fail. */
export function objectIn(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    // Any object may be asked for its members.
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}

function countsOf(count: (name: keyof ScrubCounts) => number): ScrubCounts {
  // Each name is mapped to a number.
  return Object.fromEntries(countNames.map((one) => [one, count(one)])) as ScrubCounts;
}

function numberIn(value: unknown): number {
  return typeof value === 'number' ? value : 0;
}
