/**
 * What the processes that serve one store agree on while they run. Nothing of it is kept: a process that dies lets go of all
 * that it had. One process agrees with itself.
 */

export interface Gate {
  /** Runs a write of the form "append, then row"; it counts from now until it settles. Delays nothing. */
  run<T>(write: () => Promise<T>): Promise<T>;
  /**
   * Resolves when all writes that run now, in any process, have settled; later ones are not waited for. A process that no longer
   * answers is shut out instead: none of its writes makes a row any more.
   */
  settle(): Promise<void>;
  /** Runs `work` unless work of that name runs already, in any process: then undefined, at once. */
  alone<T>(name: string, work: () => Promise<T>): Promise<T | undefined>;
  /** Runs `work` when no other work of that name runs, in any process; waits for its turn. */
  inTurn<T>(name: string, work: () => Promise<T>): Promise<T>;
  /**
   * No backup copies packs now, in any process. Asked after the rows of a pack moved: a backup that begins later copies an index that names their new places. A
   * pack that is not dropped stays for a later sweep.
   */
  mayDrop(): Promise<boolean>;
}
