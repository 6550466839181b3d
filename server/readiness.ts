/**
 * Whether this process should be given requests: its index answers and has the schema that it knows, its blocks can be written, and it is not about
 * to stop. For balancers, not for people: names of what fails, never why. The reason goes to the log.
 */
import type { Logger } from 'pino';
import type { Stores } from './core/contract.js';
import { loggable } from './http/loggable.js';
import { type Patience, recently } from './recently.js';

/** What can keep a process from being ready. */
export type Obstacle = 'index' | 'migrations' | 'blocks' | 'draining';

export interface Readiness {
  /** What fails now; empty where the process is ready. Never rejects. Answers are some seconds old. */
  failing(): Promise<readonly Obstacle[]>;
  /** From now on the process is not ready. */
  drain(): void;
}

const usualPatience: Patience = { holdMs: 5_000, withinMs: 2_000 };

/** Readiness over `stores`. */
export function createReadiness(stores: Pick<Stores, 'state' | 'blocks'>, log: Logger, patience: Patience = usualPatience): Readiness {
  const { state, blocks } = stores;
  let isDraining = false;
  const check = (obstacle: Obstacle, ask: () => Promise<unknown>): (() => Promise<Obstacle | undefined>) => {
    const asked = recently(ask, patience);
    let wasFailing = false;
    return async () => {
      try {
        await asked();
        wasFailing = false;
        return undefined;
      } catch (error) {
        // Said once: a balancer asks every few seconds.
        if (!wasFailing) log.error({ check: obstacle, error: loggable(error) }, 'not ready');
        wasFailing = true;
        return obstacle;
      }
    };
  };
  const checks = [
    check('index', () => state.generation()),
    check('migrations', () => mustBeMigrated(state)),
    check('blocks', () => blocks.checkWritable()),
  ];
  return {
    async failing() {
      if (isDraining) return ['draining'];
      return (await Promise.all(checks.map((isFine) => isFine()))).filter((obstacle) => obstacle !== undefined);
    },
    drain() {
      isDraining = true;
    },
  };
}

async function mustBeMigrated(state: Stores['state']): Promise<void> {
  if (!(await state.isMigrated())) throw new Error('the schema of the database is not the one that this program knows: another version runs on it');
}
