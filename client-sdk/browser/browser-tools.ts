/**
 * What tasks need of a browser, in a page's worker and in the threads of its pool: cryptography and a clock. SPEC.md section 1.
 */
import { fault } from '../core/errors.js';
import { newRunningSha256 } from '../core/running-hash.js';
import type { TaskTools } from '../local-tasks.js';
import { browserProvider } from './webcrypto-provider.js';

/** The tools of this page or worker. */
export function browserTools(): TaskTools {
  return { crypto: browserProvider(subtleOfPage()), now: () => Date.now(), sleep: (ms, signal) => (ms === 0 ? turn() : sleep(ms, signal)), newHash: newRunningSha256 };
}

/** Absent on plain http off loopback, whatever the types say. */
function subtleOfPage(): SubtleCrypto | undefined {
  return isSecureContext ? crypto.subtle : undefined;
}

/** Lets waiting messages through. A timer would wait for four milliseconds each time. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(fault('cancelled'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, ms);
    if (signal?.aborted === true) stop();
    else signal?.addEventListener('abort', stop, { once: true });
  });
}
