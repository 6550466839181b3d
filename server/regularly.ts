/**
 * What a process does now and then beside its service: never twice at a time, and stopped at once. What it does, and what is said where it fails, is the work's.
 */

/** Stops the work; resolves when the piece at hand is done. */
export interface Regular {
  close(): Promise<void>;
}

/** Does `work`, which never rejects, every `everyMs`, and with `isBegun` at once too; 0 never. One that is still at it is not begun again. */
export function regularly(everyMs: number, work: (stop: AbortSignal) => Promise<void>, isBegun = false): Regular {
  const stop = new AbortController();
  let running: Promise<void> | undefined;
  const begin = (): void => {
    running ??= work(stop.signal).finally(() => { running = undefined; });
  };
  const timer = everyMs === 0 ? undefined : setInterval(begin, everyMs);
  timer?.unref();
  if (isBegun) begin();
  return {
    async close() {
      clearInterval(timer);
      stop.abort();
      await running;
    },
  };
}
