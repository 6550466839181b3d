/**
 * What the last scrub found, kept in the state of the store: scrubs run in a process of their own, and whoever watches the servers must
 * learn of them. Figures alone, no block and no image.
 */
import type { StoreState } from '../ports/world.js';
import type { ScrubAnswer } from './scrub.js';

/** Times in milliseconds. */
export interface LastScrub {
  readonly endedAt: number;
  readonly tookMs: number;
  /** How many ran to their end in all. */
  readonly runs: number;
  readonly blocks: number;
  readonly repaired: number;
  readonly lost: number;
}

const name = 'last-scrub';
const members = ['endedAt', 'tookMs', 'runs', 'blocks', 'repaired', 'lost'] as const;

/** Notes a scrub that ran to its end. */
export async function noteScrub(state: StoreState, answer: ScrubAnswer, times: Pick<LastScrub, 'endedAt' | 'tookMs'>): Promise<void> {
  const { blocks, repairedTags, repairedCodes, repairedRehashes, healedCiphers, revived, lost } = answer;
  const repaired = repairedTags + repairedCodes + repairedRehashes + healedCiphers + revived;
  const runs = ((await lastScrub(state))?.runs ?? 0) + 1;
  const noted: LastScrub = { ...times, runs, blocks, repaired, lost };
  await state.write(name, JSON.stringify(noted));
}

/** The last scrub that ran to its end; undefined where none has. */
export async function lastScrub(state: StoreState): Promise<LastScrub | undefined> {
  const noted = parsed(await state.read(name));
  const values = members.map((member) => noted[member]);
  if (!values.every((value) => typeof value === 'number')) return undefined;
  // Each member was just seen to be a number.
  return Object.fromEntries(members.map((member) => [member, noted[member]])) as unknown as LastScrub;
}

/** What another version may have written is no reason to fail. */
function parsed(text: string | undefined): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text ?? '');
    // Any object may be asked for its members.
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
