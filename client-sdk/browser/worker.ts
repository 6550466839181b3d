/**
 * The worker of a page: holds the client, its keys and traffic, and starts itself again as threads for the work on files. Answers
 * the messages of page-calls.ts, and no one else's. DESIGN.md section 7 (Pages).
 */
import type { DiceClient } from '../api.js';
import { connectWith } from '../client.js';
import { DiceError } from '../core/errors.js';
import { callHandlers } from './call-handlers.js';
import type { FromWorker, StreamOptions, ToWorker } from './page-calls.js';
import type { PlainFault } from './plain-outcome.js';
import { plainFault } from './plain.js';
import { browserPlatform } from './platform.js';
import { workerScriptUrl } from './script-url.js';
import { streamHandlers } from './stream-handlers.js';
import { serveTasks, taskWorkerName } from './task-role.js';

/** Items wait this long for company before they cross. */
const batchMs = 40;

/** A call or stream that is under way; words that come before its stream listens are kept. */
interface UnderWay {
  readonly controller: AbortController;
  hear: (word: unknown) => void;
  readonly early: unknown[];
}

const underWay = new Map<number, UnderWay>();
let connecting: Promise<DiceClient> | undefined;

if (self.name === taskWorkerName) serveTasks();
else self.onmessage = take;

function take(event: MessageEvent<ToWorker>): void {
  const message = event.data;
  if (message.kind === 'abort') underWay.get(message.id)?.controller.abort();
  else if (message.kind === 'tell') underWay.get(message.id)?.hear(message.word);
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

/** What is carried out, not said about it. */
type Order = Extract<ToWorker, { kind: 'call' | 'stream' }>;

async function answer(message: Order): Promise<void> {
  const begun = begin(message.id);
  try {
    const client = await connected();
    const value = await carryOut(client, message, begun);
    post({ kind: 'answer', id: message.id, value, account: client.account });
  } catch (thrown) {
    post({ kind: 'failed', id: message.id, fault: faultOf(thrown) });
  } finally {
    underWay.delete(message.id);
  }
}

function begin(id: number): UnderWay {
  const early: unknown[] = [];
  const begun: UnderWay = { controller: new AbortController(), hear: (word) => void early.push(word), early };
  underWay.set(id, begun);
  return begun;
}

async function carryOut(client: DiceClient, message: Order, begun: UnderWay): Promise<unknown> {
  const { signal } = begun.controller;
  if (message.kind === 'stream') {
    const onWord = (hear: (word: unknown) => void): void => {
      begun.hear = hear;
      for (const word of begun.early.splice(0)) hear(word);
    };
    await carryStream(client, message, { signal, onWord });
    return undefined;
  }
  // The page's typed call() put name and argument together.
  const handler = callHandlers[message.name] as (client: DiceClient, argument: unknown, options: { signal: AbortSignal }) => Promise<unknown>;
  return await handler(client, message.argument, { signal });
}

async function carryStream(client: DiceClient, message: Extract<ToWorker, { kind: 'stream' }>, options: StreamOptions<unknown>): Promise<void> {
  // The page's typed stream() and tell() put name, argument and words together.
  const handler = streamHandlers[message.name] as (client: DiceClient, argument: unknown, options: StreamOptions<unknown>) => AsyncIterable<unknown>;
  let items: unknown[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (items.length > 0) post({ kind: 'items', id: message.id, items });
    items = [];
  };
  try {
    for await (const item of handler(client, message.argument, options)) {
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
