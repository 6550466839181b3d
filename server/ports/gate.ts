/**
 * What the processes that serve one store agree on while they run. Nothing of it is kept: a process that dies lets go of all
 * that it had. One process agrees with itself.
 */

/** Anything that can say stop. */
type Stop = { readonly aborted: boolean };

/** How others take work that is done alone. */
export interface AloneOptions {
  /**
   * Whoever settles waits for the whole of it, which is so unless this says otherwise. It may for work that goes on for long: then each of its writes is in `run`, or one transaction that asks itself whether what it changes is
   * still so, and two processes that do it at once, because one lost the name without noticing, do no harm.
   */
  readonly isWaitedFor?: boolean;
}

export interface Gate {
  /** Runs a write of the form "append, then row"; it counts from now until it settles. Delays nothing. */
  run<T>(write: () => Promise<T>): Promise<T>;
  /**
   * Resolves when all writes that run now, in any process, have settled; later ones are not waited for. A process that no longer
   * answers is shut out instead: none of its writes makes a row any more. Other processes are waited for no longer than until `stop` says so: who gives one
   * asks it before going on, for then nothing is promised.
   */
  settle(stop?: Stop): Promise<void>;
  /**
   * Runs `work` unless work of that name runs already, in any process: then undefined, at once. It hears through `lost` that the name was lost, or this process shut out: then it writes nothing
   * more, and this process nothing either before it has ended.
   */
  alone<T>(name: string, work: (lost: Stop) => Promise<T>, options?: AloneOptions): Promise<T | undefined>;
  /** Runs `work` when no other work of that name runs, in any process; waits for its turn. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * No backup copies packs now, in any process. Asked after the rows of a pack moved: a backup that begins later copies an index that names their new places. A
   * pack that is not dropped stays for a later sweep.
   */
  mayDrop(): Promise<boolean>;
}
