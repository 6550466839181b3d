/**
 * The client process of bench:library: does one thing with the SDK, under the profile of its environment, and prints one line of JSON.
 * `library-client.js WHAT [COUNT]`. What it counts begins when it is logged in; memory grows from what it had then.
 */
import { writeFile } from 'node:fs/promises';
import type { DiceClient } from '../client-sdk/api.js';
import { connectWith } from '../client-sdk/client.js';
import { nodePlatform } from '../client-sdk/node/platform.js';
import { loadProfile, saveProfile } from '../client-sdk/node/profile.js';
import { bytesOfBase64 } from '../client-sdk/protocol/bytes.js';
import { Transport } from '../client-sdk/transport.js';
import { benchCredentials } from './library-account.js';
import { peakMemoryOf } from './measured-process.js';

/** What one thing took. */
export interface ClientFigures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly requests: number;
  /** Bytes of the answers as they are after decoding. */
  readonly receivedBytes: number;
  readonly peakMemoryBytes: number;
  /** Largest resident memory less that of the process that was logged in and had done nothing yet. */
  readonly growthBytes: number;
  /** Of whatever it is about. */
  readonly count: number;
}

const inFlight = 4;
const traffic = { requests: 0, receivedBytes: 0 };
const [what = '', countText] = process.argv.slice(2);
const wished = Number(countText ?? 0);
const home = process.env['DICE_HOME'] ?? '';
const plain = nodePlatform(home);
const client = await connectWith({ ...plain, fetch: counted }, { server: process.env['DICE_SERVER'] ?? '' });
const things: Readonly<Record<string, () => Promise<number>>> = {
  login: async () => { await client.login(benchCredentials); return 1; },
  'first page': () => firstOf(1),
  list: async () => (await all()).length,
  'list, nothing kept': () => counting(client.list()),
  report: async () => (await client.report()).growth.length,
  'report of the server': async () => (await ownTransport()).call('readReport', { body: undefined }).then(({ usage }) => usage.images),
  'report of the operator': async () => (await client.operatorReport()).images,
  'find by id': async () => { await client.find(chosen.at(-1)?.id ?? ''); return 1; },
  'find by name': async () => { await client.find(chosen.at(-1)?.name ?? ''); return 1; },
  remove: () => forEach(chosen, async ({ id }) => { await client.remove(id); }),
  download: () => forEach(chosen, async ({ id }) => { await counting(client.download(id)); }),
  collect: async () => (await client.collect()).collectedBlocks,
};
const thing = things[what];
if (thing === undefined) throw new Error(`the bench cannot ${what}`);
if (what !== 'login') await resume();
const chosen = wished === 0 ? [] : what === 'remove' ? await spread(wished) : await some(wished);
process.stdout.write(`${JSON.stringify(await measured(thing))}\n`);
if (what === 'login') await saveProfile(home, await client.saveSession());
await client.close();

/** The SDK's report asks the server and lists everything beside: this asks the server alone. */
async function ownTransport(): Promise<Transport> {
  const session = await loadProfile(home);
  const transport = new Transport({ ...plain, fetch: counted }, client.serverUrl);
  transport.useSession({ kind: 'bearer', token: bytesOfBase64(session?.token ?? '') ?? new Uint8Array() });
  return transport;
}

async function resume(): Promise<void> {
  const session = await loadProfile(home);
  if (session === undefined) throw new Error('the bench is not logged in');
  await client.resumeSession(session);
}

async function measured(work: () => Promise<number>): Promise<ClientFigures> {
  await writeFile('/proc/self/clear_refs', '5').catch(() => undefined);
  const before = { memory: process.memoryUsage.rss(), cpu: process.cpuUsage(), at: performance.now(), ...traffic };
  const count = await work();
  const seconds = (performance.now() - before.at) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  const peakMemoryBytes = await peakMemoryOf(process.pid);
  return {
    seconds, cpuSeconds: (user + system) / 1e6, requests: traffic.requests - before.requests, receivedBytes: traffic.receivedBytes - before.receivedBytes,
    peakMemoryBytes, growthBytes: peakMemoryBytes - before.memory, count,
  };
}

async function counted(url: string, init: RequestInit): Promise<Response> {
  traffic.requests++;
  const response = await fetch(url, init);
  const body = response.body?.pipeThrough(new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      traffic.receivedBytes += piece.length;
      controller.enqueue(piece);
    },
  }));
  return new Response(body ?? null, { status: response.status, headers: response.headers });
}

async function all(): Promise<readonly unknown[]> {
  const images: unknown[] = [];
  for await (const image of client.list()) images.push(image);
  return images;
}

async function firstOf(count: number): Promise<number> {
  return (await some(count)).length;
}

async function some(count: number): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const found: { readonly id: string; readonly name: string }[] = [];
  for await (const { id, name } of (client satisfies DiceClient).list()) {
    found.push({ id, name });
    if (found.length === count) break;
  }
  return found;
}

/** Images evenly spaced over the library, so that every pack loses some. */
async function spread(count: number): Promise<readonly { readonly id: string; readonly name: string }[]> {
  const found: { readonly id: string; readonly name: string }[] = [];
  for await (const { id, name } of client.list()) found.push({ id, name });
  return found.filter((_, i) => Math.floor((i * count) / found.length) !== Math.floor(((i - 1) * count) / found.length));
}

async function counting(items: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const item of items) count += item === undefined ? 0 : 1;
  return count;
}

async function forEach<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<number> {
  const left = items.values();
  await Promise.all(Array.from({ length: inFlight }, async () => { for (const item of left) await work(item); }));
  return items.length;
}
