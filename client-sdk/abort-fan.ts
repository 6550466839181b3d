/**
 * Many short steps that listen to one long-lived signal: one listener on the signal, a set of callbacks behind it, so that
 * thousands of requests neither pile up listeners nor hold memory once they have ended.
 */

const fans = new WeakMap<AbortSignal, Set<() => void>>();

/** Calls `onAbort` when `signal` aborts, at once where it has. Answers what takes it back. */
export function onAbortOf(signal: AbortSignal, onAbort: () => void): () => void {
  if (signal.aborted) {
    onAbort();
    return () => undefined;
  }
  const fan = fans.get(signal) ?? newFan(signal);
  fan.add(onAbort);
  return () => { fan.delete(onAbort); };
}

function newFan(signal: AbortSignal): Set<() => void> {
  const fan = new Set<() => void>();
  fans.set(signal, fan);
  signal.addEventListener('abort', () => { for (const onAbort of fan) onAbort(); }, { once: true });
  return fan;
}
