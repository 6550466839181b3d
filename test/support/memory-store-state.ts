/**
 * The state of a store in memory: a Map of small texts, and no files.
 */
import type { StoreState } from '../../server/ports/world.js';
import { type MemoryIndex, promised, type Sync } from './memory-index.js';

/** What is kept in `kept`. */
export interface KeptState {
  generation: number;
  isHeld: boolean;
  readonly named: Map<string, string>;
}

export function emptyState(): KeptState {
  return { generation: 0, isHeld: false, named: new Map() };
}

/** The state in `kept` of a store with that index. */
export function memoryStoreState(kept: KeptState, index: Pick<MemoryIndex, 'sessions' | 'uploads'>): StoreState {
  const live = (rows: Iterable<{ readonly expiresAt: number }>, now: number): number => [...rows].filter(({ expiresAt }) => expiresAt > now).length;
  const state: Sync<StoreState> = {
    generation: () => kept.generation,
    setGeneration: (generation) => { kept.generation = generation; },
    isHeld: () => kept.isHeld,
    setHeld: (isHeld) => { kept.isHeld = isHeld; },
    read: (name) => kept.named.get(name),
    write: (name, value) => { kept.named.set(name, value); },
    databaseFileBytes: () => 0,
    isMigrated: () => true,
    countOpen: (now) => ({ sessions: live(index.sessions.values(), now), uploads: live(index.uploads.values(), now) }),
    incarnation: () => 'here',
    findFaults: () => [],
    truncateLog: () => undefined,
  };
  return promised<StoreState>(state);
}
