/**
 * Pools of real worker threads for tests, and everything that tasks make of a file: its recipe, its contents, their blocks, and the
 * contents opened again.
 */
import { startWorkerThread } from '../../client-sdk/node/worker-threads.js';
import { nodeTools } from '../../client-sdk/node/node-tools.js';
import { localTasks } from '../../client-sdk/local-tasks.js';
import { TaskPool } from '../../client-sdk/task-pool.js';
import type { StartThread } from '../../client-sdk/task-messages.js';
import type { FilePlan, FingerprintedContent, SealedContent, Tasks } from '../../client-sdk/tasks.js';
import type { Domain } from '../../client-sdk/core/domain.js';
import { blockKey } from '../../client-sdk/core/domain.js';
import { encodeCbor } from '../../client-sdk/core/cbor.js';
import type { Geometry, Source, SplitterId } from '../../client-sdk/core/image/splitter.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { memorySource } from './memory-source.js';

/** Tasks in `threads` worker threads, from the first byte on; 0: in this one. */
export function tasksIn(threads: number, startThread: StartThread = (listener) => startWorkerThread(listener)): Tasks {
  return threads === 0 ? localTasks(nodeTools) : new TaskPool({ threads, startThread, tools: nodeTools, startBytes: 0 });
}

/** A script that a worker runs instead of serving tasks. */
export function scriptOf(code: string): URL {
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}

/** A file, and the hash that it should have. */
export interface SplitFrom {
  readonly source: Source;
  readonly fileHash: Uint8Array;
}

/** How a file is split in tests. */
export interface SplitWish {
  readonly splitter?: 'auto' | SplitterId;
  readonly geometry?: Geometry;
  readonly keepBytes?: number;
  readonly signal?: AbortSignal;
}

/** Plan and contents of a file. */
export async function splitBy(tasks: Tasks, { source, fileHash }: SplitFrom, wish: SplitWish = {}): Promise<{ readonly plan: FilePlan; readonly contents: readonly FingerprintedContent[] }> {
  const input = { fileHash, splitter: wish.splitter ?? 'auto', geometry: wish.geometry ?? { kind: 'tile' as const, tilePixels: 64 }, keepBytes: wish.keepBytes ?? 0 };
  const contents: FingerprintedContent[] = [];
  let plan: FilePlan | undefined;
  for await (const step of tasks.split(input, source, wish.signal)) {
    if (step.kind === 'plan') ({ plan } = step);
    // Unsealed, as it was asked for.
    if (step.kind === 'chunk') contents.push(...step.contents.flatMap((item) => ('content' in item ? [item] : [])));
  }
  if (plan === undefined) throw new Error('a split without a plan');
  return { plan, contents };
}

/** All that becomes of a file, in hex, so that it can be compared. */
export async function madeBy(tasks: Tasks, bytes: Uint8Array, domain: Domain): Promise<unknown> {
  const fileHash = await nodeTools.crypto.sha256(bytes);
  const { plan, contents } = await splitBy(tasks, { source: memorySource(bytes), fileHash });
  const names = contents.map(({ content, fingerprint }) => [content.length, hexOf(fingerprint)]);
  const fingerprints = contents.map(({ fingerprint }) => Uint8Array.from(fingerprint));
  const sealed = await tasks.seal({ domain, contents }, undefined);
  const blocks = sealed.map(inHex);
  const opened = await openedBy(tasks, sealed, { domain, fingerprints });
  return { recipe: [plan.recipe.splitter, hexOf(encodeCbor(plan.recipe.params)), hexOf(plan.recipe.skeleton)], description: plan.description, names, blocks, opened };
}

/** SHA-256 of what the sealed blocks open to. */
async function openedBy(tasks: Tasks, sealed: readonly SealedContent[], of: { readonly domain: Domain; readonly fingerprints: readonly Uint8Array[] }): Promise<readonly string[]> {
  const blocks = await Promise.all(sealed.flatMap((block, i) => (block.kind === 'inline' ? [] : [openingOf(block, of.domain, of.fingerprints[i] ?? new Uint8Array())])));
  const opened = await tasks.open({ blocks }, undefined);
  return Promise.all(opened.map(async ({ content, error }) => (content === undefined ? String(error) : hexOf(await nodeTools.crypto.sha256(content)))));
}

async function openingOf({ cipher, tag }: Extract<SealedContent, { kind: 'block' }>, domain: Domain, fingerprint: Uint8Array): Promise<{ cipher: Uint8Array; tag: Uint8Array; key: Uint8Array; domain: Domain }> {
  return { cipher, tag, key: await blockKey(nodeTools.crypto, domain, fingerprint), domain };
}

function inHex(block: SealedContent): unknown {
  if (block.kind === 'inline') return { kind: block.kind, coded: hexOf(block.coded) };
  const { kind, cipher, tag, rehash, code } = block;
  return { kind, cipher: hexOf(cipher), tag: hexOf(tag), rehash: hexOf(rehash), code };
}
