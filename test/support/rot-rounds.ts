/**
 * Rounds of damage to a rotting store, each with a seed of its own, and how they went in sum.
 */
import { fileRotKinds, folderRotKinds, type RotKind } from './file-rot.js';
import type { RotOutcome, RotTarget } from './rot-round.js';
import type { RottingStore } from './rotting-store.js';

const kinds: Readonly<Record<RotTarget, readonly RotKind[]>> = { packs: [...fileRotKinds, ...folderRotKinds], database: fileRotKinds, log: fileRotKinds, swept: fileRotKinds };
const targets = Object.keys(kinds) as readonly RotTarget[]; // Object.keys widens.
/** Of the values of rows so many are damaged for each time that every kind is. */
export const rowsAtATime = 12;

/** How many rounds ended how, by what was damaged; `failures` says which promises were broken. */
export interface RotSummary {
  readonly rounds: number;
  readonly outcomes: Readonly<Record<RotTarget | 'rows', Readonly<Record<RotOutcome, number>>>>;
  readonly failures: readonly string[];
}

/** Every kind of damage (to packs: of every so many one) to every target, and some rows, `times` times, at places that follow from `seed`. */
export async function rotRounds(store: RottingStore, { times, seed, everyOfPacks = 1 }: { readonly times: number; readonly seed: number; readonly everyOfPacks?: number }): Promise<RotSummary> {
  const none = (): Record<RotOutcome, number> => ({ harmless: 0, healed: 0, named: 0, refused: 0, rebuilt: 0 });
  const outcomes = { packs: none(), database: none(), log: none(), swept: none(), rows: none() };
  const failures: string[] = [];
  let rounds = 0;
  const add = async (what: RotTarget | 'rows', round: (seed: number) => Promise<RotOutcome>): Promise<void> => {
    try {
      outcomes[what][await round(seed + rounds++)]++;
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  for (let time = 0; time < times; time++) {
    for (const target of targets) {
      for (const kind of kinds[target].filter((_, at) => target !== 'packs' || at % everyOfPacks === 0)) await add(target, (at) => store.round(at, target, kind));
    }
    for (let row = 0; row < rowsAtATime; row++) await add('rows', (at) => store.rowRound(at));
  }
  return { rounds, outcomes, failures };
}

/** The summary in lines for people. */
export function linesOf({ rounds, outcomes, failures }: RotSummary): readonly string[] {
  const told = [...targets, 'rows' as const].map((target) => `${target.padEnd(8)}  ${Object.entries(outcomes[target]).map(([outcome, count]) => `${outcome} ${String(count)}`).join(', ')}`);
  return [`${String(rounds)} rounds of damage, ${String(failures.length)} broken promise(s)`, ...told, ...failures];
}
