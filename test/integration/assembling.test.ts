/**
 * Larger files joined in threads: the same bytes with any number of them, contents asked for as they are needed, the last bytes only
 * after the hash, errors as they were thrown, cancelling, and a thread that stops. SPEC.md sections 3 and 12.
 */
import { describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { fault, integrityFault } from '../../client-sdk/core/errors.js';
import { nodeTools } from '../../client-sdk/node/node-tools.js';
import { startWorkerThread } from '../../client-sdk/node/worker-threads.js';
import type { ThreadPort } from '../../client-sdk/task-messages.js';
import type { AssembleInput, ContentSource, FilePieces } from '../../client-sdk/tasks.js';
import { concat } from '../../client-sdk/protocol/bytes.js';
import { closingPools } from '../support/closing-pools.js';
import { hostileFiles } from '../support/hostile-files.js';
import { memorySource } from '../support/memory-source.js';
import { photograph } from '../support/sample-images.js';
import { codeOf } from '../support/sdk-client.js';
import { splitBy } from '../support/task-pools.js';

const { opened } = closingPools();

/** Noise: its PNG file comes back in several answers. */
const { width, height } = { width: 900, height: 700 };
const file = pngOf({ ...photograph(width, height, 6), samples: noise(3 * width * height) });
const { plan, contents } = await splitBy(opened(0), { source: memorySource(file), fileHash: await nodeTools.crypto.sha256(file) });

async function inputOf(bytes: Uint8Array, recipe = plan.recipe, count = contents.length): Promise<AssembleInput> {
  return { recipe: { ...recipe, skeleton: Uint8Array.from(recipe.skeleton) }, contents: count, patches: new Uint8Array(), size: bytes.length, fileHash: await nodeTools.crypto.sha256(bytes) };
}

/** `run` contents at a time; tells which were asked for. */
function sourceOf(from: readonly { readonly content: Uint8Array }[], run: number, asked: number[] = []): ContentSource {
  return {
    take: (index) => {
      asked.push(index);
      return Promise.resolve(from.slice(index, index + run).map(({ content }) => Uint8Array.from(content)));
    },
  };
}

async function bytesOf(pieces: FilePieces): Promise<Uint8Array> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return concat(...all);
}

/** The bytes that came before the failure, and its code. */
async function bytesBefore(pieces: FilePieces): Promise<{ readonly bytes: number; readonly code: string }> {
  let bytes = 0;
  const code = await codeOf((async () => { for await (const piece of pieces) bytes += piece.length; })());
  return { bytes, code };
}

describe('a file joined from contents', () => {
  it.each([0, 1, 4])('has its bytes, whatever runs of contents come, with %i threads', async (threads) => {
    const tasks = opened(threads);
    for (const run of [1, 7, 1_000]) {
      const asked: number[] = [];
      expect(Buffer.from(await bytesOf(tasks.assemble(await inputOf(file), sourceOf(contents, run, asked), undefined))).equals(file)).toBe(true);
      expect(asked).toEqual(contents.map((_, i) => i).filter((i) => i % run === 0));
    }
  });

  it('is joined beside others in the same thread', async () => {
    const tasks = opened(1);
    const joined = [1, 5, 100].map(async (run) => bytesOf(tasks.assemble(await inputOf(file), sourceOf(contents, run), undefined)));
    for (const bytes of await Promise.all(joined)) expect(Buffer.from(bytes).equals(file)).toBe(true);
  });

  it('is the same for hostile files', async () => {
    const tasks = opened(1);
    for (const [name, bytes] of await hostileFiles()) {
      const split = await splitBy(opened(0), { source: memorySource(bytes), fileHash: await nodeTools.crypto.sha256(bytes) });
      const input = await inputOf(bytes, split.plan.recipe, split.contents.length);
      expect([name, Buffer.from(await bytesOf(tasks.assemble(input, sourceOf(split.contents, 3), undefined))).equals(bytes)]).toEqual([name, true]);
    }
  });

  it('comes no faster than it is taken', async () => {
    const asked: number[] = [];
    const pieces = opened(1).assemble(await inputOf(file), sourceOf(contents, 1, asked), undefined);
    const first = await pieces.next();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(first.value?.length).toBeLessThan(file.length / 2);
    expect(asked.length).toBeLessThan(contents.length);
    await pieces.return();
  });
});

describe('what is not the file', () => {
  it.each([0, 1])('never comes whole, with %i threads', async (threads) => {
    const tasks = opened(threads);
    const input = await inputOf(file);
    const wrong = contents.map(({ content }, i) => ({ content: i === contents.length - 1 ? content.map((byte, at) => (at === content.length - 1 ? byte ^ 1 : byte)) : content }));
    for (const pieces of [
      tasks.assemble({ ...input, fileHash: new Uint8Array(32) }, sourceOf(contents, 9), undefined),
      tasks.assemble({ ...(await inputOf(file)), size: file.length - 1 }, sourceOf(contents, 9), undefined),
      tasks.assemble({ ...(await inputOf(file)), size: file.length + 1 }, sourceOf(contents, 9), undefined),
      tasks.assemble(await inputOf(file), sourceOf(wrong, 9), undefined),
    ]) {
      const { bytes, code } = await bytesBefore(pieces);
      expect(code).toBe('integrity-failed');
      expect(bytes).toBeLessThan(file.length);
    }
  });

  it('is refused by name: a recipe of another number of contents, a table of patches that is none, contents that do not come', async () => {
    const tasks = opened(1);
    const input = await inputOf(file);
    expect(await codeOf(bytesOf(tasks.assemble({ ...input, contents: 1 }, sourceOf(contents.slice(0, 1), 1), undefined)))).toBe('recipe-invalid');
    expect(await codeOf(bytesOf(tasks.assemble({ ...(await inputOf(file)), patches: Uint8Array.of(1, 2, 3) }, sourceOf(contents, 1), undefined)))).toBe('recipe-invalid');
    expect(await codeOf(bytesOf(tasks.assemble(await inputOf(file), sourceOf([], 1), undefined)))).toBe('integrity-failed');
  });

  it('is told as it was thrown, with its cause and its place', async () => {
    const cause = new Error('the cable');
    for (const thrown of [fault('server-unreachable', 'Gone.', cause), integrityFault('tag', 'Of another.'), new RangeError('strange')]) {
      const source = sourceOf(contents, 5);
      const pieces = opened(1).assemble(await inputOf(file), { take: (index) => (index < 50 ? source.take(index) : Promise.reject(thrown)) }, undefined);
      await expect(bytesOf(pieces)).rejects.toBe(thrown);
    }
  });
});

describe('a join that ends early', () => {
  it('is cancelled while it waits for contents, and its thread goes on with other work', async () => {
    const tasks = opened(1);
    const stopping = new AbortController();
    const never: ContentSource = { take: () => { setTimeout(() => { stopping.abort(); }, 1); return new Promise(() => undefined); } };
    expect(await codeOf(bytesOf(tasks.assemble(await inputOf(file), never, stopping.signal)))).toBe('cancelled');
    expect(await codeOf(bytesOf(tasks.assemble(await inputOf(file), never, stopping.signal)))).toBe('cancelled');
    expect((await bytesOf(tasks.assemble(await inputOf(file), sourceOf(contents, 100), undefined))).length).toBe(file.length);
  });

  it('is left by its reader, and asks for nothing more', async () => {
    const tasks = opened(1);
    const asked: number[] = [];
    for await (const piece of tasks.assemble(await inputOf(file), sourceOf(contents, 1, asked), undefined)) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
    expect((await bytesOf(tasks.assemble(await inputOf(file), sourceOf(contents, 100), undefined))).length).toBe(file.length);
    const before = asked.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked.length).toBe(before);
  });

  it('fails where its thread stops between two pieces', async () => {
    const ports: ThreadPort[] = [];
    const tasks = opened(1, (listener) => {
      const port = startWorkerThread(listener);
      ports.push({ ...port, end: async () => { await port.end(); listener.onEnd('pulled out'); } });
      return port;
    });
    const pieces = tasks.assemble(await inputOf(file), sourceOf(contents, 1), undefined);
    await pieces.next();
    await ports[0]?.end();
    await expect(bytesOf(pieces)).rejects.toMatchObject({ code: 'internal' });
    expect((await bytesOf(tasks.assemble(await inputOf(file), sourceOf(contents, 100), undefined))).length).toBe(file.length);
  });
});

function noise(length: number): Uint8Array {
  let state = 5;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 24) ^ (state >>> 16);
  });
}
