/**
 * A folder as a machine that goes down may leave it: names that were synced, and of what was done to names after that any part. A renaming is done whole or not at all.
 */
import { type Survival, type UnsyncedFile } from './unsynced-file.js';

export type Entry = UnsyncedFile | UnsyncedFolder;
type Names = ReadonlyMap<string, Entry>;
/** What one call does to names: each is another entry afterwards, or none. */
type NameChange = readonly (readonly [name: string, entry: Entry | undefined])[];

export class UnsyncedFolder {
  #changes: NameChange[] = [];
  #now: Names;

  constructor(private durable: Names = new Map()) {
    this.#now = durable;
  }

  /** The names as every process sees them. */
  get now(): Names {
    return this.#now;
  }

  /** True where a sync here or below would change what a crash leaves. */
  get isUnsynced(): boolean {
    return this.#changes.length > 0 || [...this.#now.values()].some((entry) => entry.isUnsynced);
  }

  change(...changed: NameChange): void {
    this.#changes.push(changed);
    this.#now = after(this.#now, changed);
  }

  sync(): void {
    [this.durable, this.#changes] = [this.#now, []];
  }

  /** The names that a crash leaves. */
  left(survival: Survival): Names {
    return this.#changes.reduce((names, changed) => (survival.name() ? after(names, changed) : names), this.durable);
  }
}

function after(names: Names, changed: NameChange): Names {
  const next = new Map(names);
  for (const [name, entry] of changed) {
    if (entry === undefined) next.delete(name);
    else next.set(name, entry);
  }
  return next;
}
