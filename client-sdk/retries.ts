/**
 * Repeats a step that may be repeated, while the network or the server is away: bounded, with growing waits and
 * jitter, so that many clients do not come back at once. SPEC.md section 12.
 */
import { DiceError, fault } from './core/errors.js';
import type { Platform } from './ports.js';

const maxTries = 6;
const firstWaitMs = 250;
const maxWaitMs = 15_000;
/** A person is told of longer waits; only short ones are waited in silence. */
const maxAskedSeconds = 60;

/** `attempt` until it succeeds, fails for good, or has failed six times. Throws `cancelled` when the signal says so. */
export async function withRetries<T>(platform: Platform, signal: AbortSignal | undefined, attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (thrown) {
      if (tries >= maxTries || !isPassing(thrown) || (thrown.extra.retryAfterSeconds ?? 0) > maxAskedSeconds) throw thrown;
      await pause(platform, waitMs(platform, tries, thrown), signal);
    }
  }
}

/** The failure may be gone at the next try. */
export function isPassing(thrown: unknown): thrown is DiceError {
  return thrown instanceof DiceError && (thrown.code === 'server-unreachable' || thrown.code === 'unavailable' || thrown.code === 'rate-limited');
}

/** Whether the request was carried out is not known: it may have been. */
export function isLostAnswer(thrown: unknown): thrown is DiceError {
  return thrown instanceof DiceError && (thrown.code === 'server-unreachable' || thrown.code === 'unavailable' || thrown.code === 'internal');
}

/** Waits. Throws `cancelled` when the signal says so. */
export async function pause(platform: Platform, ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await platform.sleep(ms, signal);
  } catch {
    throw fault('cancelled');
  }
}

/** Half of it fixed, half of it random; the server's own word counts where it gave one. */
function waitMs(platform: Platform, tries: number, thrown: DiceError): number {
  const base = Math.min(maxWaitMs, firstWaitMs * 2 ** (tries - 1));
  const share = ((platform.randomBytes(1)[0] ?? 0) / 255 + 1) / 2;
  return Math.max(base * share, (thrown.extra.retryAfterSeconds ?? 0) * 1_000);
}
