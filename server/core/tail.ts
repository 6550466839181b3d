/**
 * The tail of the packs: what was written since the index was last known to have all that lies before. Its beginning is noted in the state of the
 * store. Who reads the note has an index in which every row of before the note stands too, for a log that forgets its end forgets the note first.
 */
import type { BlockStore, PackSummary, Place } from '../ports/block-store.js';
import type { Gate } from '../ports/gate.js';
import type { StoreState } from '../ports/world.js';
import type { Stop } from './contract.js';
import { objectIn } from './scrub-progress.js';

/** Where the packs ended at one moment. `bytes`: of each pack from `from` on; those below had ended for good. */
export interface PackEnds {
  readonly from: number;
  readonly bytes: ReadonlyMap<number, number>;
}

/** What has a tail. */
export interface Tailed {
  readonly blocks: Pick<BlockStore, 'packs' | 'numberSlack'>;
  readonly state: Pick<StoreState, 'read' | 'write'>;
}

/** The name under which sweeps are alone, and whatever compares the index with the tail. */
export const sweepTurn = 'sweep';
const name = 'tail';
/** The row of the note among those of the state. */
export const tailRow = `named.${name}`;
/** A tail that all packs are. */
export const everything: PackEnds = { from: 0, bytes: new Map() };

/** Where `packs`, which are all, end. `slack`: of their numbers. */
export function endsOf(packs: readonly PackSummary[], slack: number): PackEnds {
  const from = Math.max(0, (packs.at(-1)?.pack ?? 0) - slack);
  return { from, bytes: new Map(packs.filter(({ pack }) => pack >= from).map(({ pack, bytes }) => [pack, bytes])) };
}

/** The record at `place` lay there before the packs ended so. */
export function isBefore({ from, bytes }: PackEnds, place: Place): boolean {
  return place.pack < from || place.offset < (bytes.get(place.pack) ?? 0);
}

/** Those of `packs` in which something may lie that came since. */
export function packsBeyond({ from, bytes }: PackEnds, packs: readonly PackSummary[]): readonly PackSummary[] {
  return packs.filter((summary) => summary.pack >= from && summary.bytes > (bytes.get(summary.pack) ?? 0));
}

/** Where the tail begins; undefined where nothing is noted, as in a store of an older release. */
export async function tailOf(state: Pick<StoreState, 'read'>): Promise<PackEnds | undefined> {
  const text = await state.read(name);
  return text === undefined ? undefined : parseEnds(text);
}

/** Notes that the tail begins at `ends`: all that lies before stands in the index. */
export async function noteTail(state: Pick<StoreState, 'write'>, ends: PackEnds): Promise<void> {
  await state.write(name, textOf(ends));
}

/** The tail begins at the end of now, or where it began where it was stopped. For an index that has all, in which no sweep runs: one that did would be waited for. */
export async function endTail(gate: Pick<Gate, 'settle'>, { blocks, state }: Tailed, stop?: Stop): Promise<void> {
  const ends = endsOf(await blocks.packs(), blocks.numberSlack);
  // A record that lies before may have its row still to come; then the row must come before the note.
  await gate.settle(stop);
  if (stop?.aborted === true) return;
  await noteTail(state, ends);
}

/** The note where the packs have other numbers, in the same order: `numbers` has the new one of each old one. */
export function renumberedTail(text: string, numbers: Iterable<readonly [was: number, is: number]>): string {
  const ends = parseEnds(text);
  const bytes = new Map<number, number>();
  let from = Infinity;
  let highest = 0;
  for (const [was, is] of numbers) {
    highest = Math.max(highest, is);
    if (was >= ends.from) from = Math.min(from, is);
    const end = ends.bytes.get(was);
    if (end !== undefined) bytes.set(is, end);
  }
  return textOf({ from: from === Infinity ? highest + 1 : from, bytes });
}

function textOf({ from, bytes }: PackEnds): string {
  return JSON.stringify({ from, bytes: [...bytes] });
}

/** What another version may have written: then everything is read. */
function parseEnds(text: string): PackEnds {
  const { from, bytes } = objectIn(text);
  if (!isCount(from) || !Array.isArray(bytes)) return everything;
  const pairs = bytes.filter((pair): pair is readonly [number, number] => Array.isArray(pair) && pair.length === 2 && pair.every(isCount));
  return { from, bytes: new Map(pairs) };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
