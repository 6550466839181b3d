/**
 * The worker of a page: holds the client, its keys and traffic, and starts itself again as threads for the work on files. Answers
 * the messages of page-calls.ts, and no one else's. DESIGN.md section 7 (Pages).
 */
import type { DiceClient } from '../api.js';
import { connectWith } from '../client.js';
import { DiceError } from '../core/errors.js';
import { callHandlers } from './call-handlers.js';
import type { FromWorker, PlainFault, ToWorker } from './page-calls.js';
import { plainFault } from './plain.js';
import { browserPlatform } from './platform.js';
import { workerScriptUrl } from './script-url.js';
import { streamHandlers } from './stream-handlers.js';
import { serveTasks, taskWorkerName } from './task-role.js';

/** Items wait this long for company before they cross. */
const batchMs = 40;

const underWay = new Map<number, AbortController>();
let connecting: Promise<DiceClient> | undefined;

if (self.name === taskWorkerName) serveTasks();
else self.onmessage = take;

function take(event: MessageEvent<ToWorker>): void {
  const message = event.data;
  if (message.kind === 'abort') underWay.get(message.id)?.abort();
  else void answer(message);
}

/** The one client, connected at the first call; a failed try is not remembered. */
async function connected(): Promise<DiceClient> {
  connecting ??= connectWith(browserPlatform('cookie', { scriptUrl: workerScriptUrl(self.location.href) }), { server: self.location.origin });
  try {
    return await connecting;
  } catch (thrown) {
    connecting = undefined;
    throw thrown;
  }
}

async function answer(message: Exclude<ToWorker, { kind: 'abort' }>): Promise<void> {
  const controller = new AbortController();
  underWay.set(message.id, controller);
  try {
    const client = await connected();
    const value = await carryOut(client, message, controller.signal);
    post({ kind: 'answer', id: message.id, value, account: client.account });
  } catch (thrown) {
    post({ kind: 'failed', id: message.id, fault: faultOf(thrown) });
  } finally {
    underWay.delete(message.id);
  }
}

async function carryOut(client: DiceClient, message: Exclude<ToWorker, { kind: 'abort' }>, signal: AbortSignal): Promise<unknown> {
  if (message.kind === 'stream') {
    await carryStream(client, message, signal);
    return undefined;
  }
  // The page's typed call() put name and argument together.
  const handler = callHandlers[message.name] as (client: DiceClient, argument: unknown, options: { signal: AbortSignal }) => Promise<unknown>;
  return await handler(client, message.argument, { signal });
}

async function carryStream(client: DiceClient, message: Extract<ToWorker, { kind: 'stream' }>, signal: AbortSignal): Promise<void> {
  // The page's typed stream() put name and argument together.
  const handler = streamHandlers[message.name] as (client: DiceClient, argument: unknown, options: { signal: AbortSignal }) => AsyncIterable<unknown>;
  let items: unknown[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (items.length > 0) post({ kind: 'items', id: message.id, items });
    items = [];
  };
  try {
    for await (const item of handler(client, message.argument, { signal })) {
      items.push(item);
      timer ??= setTimeout(flush, batchMs);
    }
  } finally {
    flush();
  }
}

function post(message: FromWorker): void {
  self.postMessage(message);
}

function faultOf(thrown: unknown): PlainFault {
  if (thrown instanceof DiceError) return plainFault(thrown);
  return { code: 'internal', message: thrown instanceof Error ? `The page failed: ${thrown.message}` : 'The page failed.', extra: {} };
}
