/**
 * Rounds of damage to a rotting store, each with a seed of its own, and how they went in sum.
 */
import { fileRotKinds, folderRotKinds, type RotKind } from './file-rot.js';
import type { RotOutcome, RottingStore, RotTarget } from './rotting-store.js';

const kinds: Readonly<Record<RotTarget, readonly RotKind[]>> = { packs: [...fileRotKinds, ...folderRotKinds], database: fileRotKinds, log: fileRotKinds };
const targets = Object.keys(kinds) as readonly RotTarget[]; // Object.keys widens.

/** How many rounds ended how, by what was damaged; `failures` says which promises were broken. */
export interface RotSummary {
  readonly rounds: number;
  readonly outcomes: Readonly<Record<RotTarget, Readonly<Record<RotOutcome, number>>>>;
  readonly failures: readonly string[];
}

/** Every kind of damage (or of every so many one) to every target `times` times, at places that follow from `seed`. */
export async function rotRounds(store: RottingStore, { times, seed, every = 1 }: { readonly times: number; readonly seed: number; readonly every?: number }): Promise<RotSummary> {
  const none = (): Record<RotOutcome, number> => ({ harmless: 0, healed: 0, named: 0, refused: 0, rebuilt: 0 });
  const outcomes = { packs: none(), database: none(), log: none() };
  const failures: string[] = [];
  let rounds = 0;
  for (let time = 0; time < times; time++) {
    for (const target of targets) {
      for (const kind of kinds[target].filter((_, at) => at % every === 0)) {
        try {
          outcomes[target][await store.round(seed + rounds++, target, kind)]++;
        } catch (error) {
          failures.push(`${target}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
    }
  }
  return { rounds, outcomes, failures };
}

/** The summary in lines for people. */
export function linesOf({ rounds, outcomes, failures }: RotSummary): readonly string[] {
  const told = targets.map((target) => `${target.padEnd(8)}  ${Object.entries(outcomes[target]).map(([outcome, count]) => `${outcome} ${String(count)}`).join(', ')}`);
  return [`${String(rounds)} rounds of damage, ${String(failures.length)} broken promise(s)`, ...told, ...failures];
}
