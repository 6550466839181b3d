/**
 * A browser as a platform of the SDK: its randomness, clock, network, cryptography, decoders, workers and database. Works in a page
 * and in a worker; on plain http too, with noble's cryptography. SPEC.md section 1.
 */
import type { Platform } from '../ports.js';
import { browserTools } from './browser-tools.js';
import { openIndexedCache } from './indexed-cache.js';
import { makePreview } from './preview.js';
import { browserTasks, type BrowserTasksSetting } from './web-workers.js';

/** Bytes that one call of getRandomValues may ask for. */
const maxRandomBytes = 65_536;
/** A larger body goes as a blob. */
const maxDirectBytes = 65_536;

/** The platform of this page or worker; files are taken apart in workers where there are some, see browserTasks. */
export function browserPlatform(carrier: 'cookie' | 'bearer', workers: BrowserTasksSetting = {}): Platform {
  const tasks = browserTasks(workers);
  return {
    ...browserTools(),
    randomBytes,
    fetch: fetchWithBlob,
    carrier,
    makePreview,
    openCache: openIndexedCache,
    ...(tasks === undefined ? {} : { tasks }),
    close: async () => { await tasks?.close(); },
  };
}

/** A blob goes to the network beside the thread that asks, and developer tools that look on do not keep it, as they keep bytes. */
function fetchWithBlob(url: string, init: RequestInit): Promise<Response> {
  const { body } = init;
  if (!(body instanceof Uint8Array) || body.length <= maxDirectBytes) return fetch(url, init);
  // Nothing here is shared between threads.
  return fetch(url, { ...init, body: new Blob([body as Uint8Array<ArrayBuffer>]) });
}

function randomBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += maxRandomBytes) crypto.getRandomValues(bytes.subarray(at, at + maxRandomBytes));
  return bytes;
}
