/**
 * Tasks in worker threads: the same blocks with any number of them, errors that keep their code, cancelling, a thread that stops, hostile
 * files, and no thread that outlives its client. SPEC.md section 12.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { pngOf, tiffOf } from '../../bench/plain-images.js';
import { openDomain, personalDomain } from '../../client-sdk/core/domain.js';
import { fault } from '../../client-sdk/core/errors.js';
import { splitters } from '../../client-sdk/core/image/detect.js';
import { applyPatch } from '../../client-sdk/core/image/patch.js';
import type { Source } from '../../client-sdk/core/image/splitter.js';
import { nodeTools } from '../../client-sdk/node/node-tools.js';
import { startWorkerThread } from '../../client-sdk/node/worker-threads.js';
import { TaskPool } from '../../client-sdk/task-pool.js';
import type { StartThread, ThreadPort } from '../../client-sdk/task-messages.js';
import { localTasks } from '../../client-sdk/local-tasks.js';
import type { ContentSealedEarly, JoinInput } from '../../client-sdk/tasks.js';
import { concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { changedBlocks, contentOfBlocks, photographed, turnedBlocks } from '../support/coefficient-picture.js';
import { closingPools } from '../support/closing-pools.js';
import { hostileFiles } from '../support/hostile-files.js';
import { memoryContents, memorySource } from '../support/memory-source.js';
import { photograph } from '../support/sample-images.js';
import { codeOf } from '../support/sdk-client.js';
import { madeBy, scriptOf, splitBy } from '../support/task-pools.js';

const { opened, closing } = closingPools();

const picture = photograph(200, 130, 6);
const png = pngOf(picture);
const noise = incompressible(600_000);
const fileHash = await nodeTools.crypto.sha256(png);
/** Too large to go to a thread whole. */
const large = pngOf(photograph(700, 500, 6));
const largeHash = await nodeTools.crypto.sha256(large);

describe('tasks', () => {
  it('make the same blocks in this thread, in one other and in four, and open them to the same contents', async () => {
    const domains = [openDomain, personalDomain(new Uint8Array(32).fill(7))];
    const files = [png, tiffOf(photograph(100, 90, 2)), noise.subarray(0, 280_000), new Uint8Array()];
    for (const [i, bytes] of files.entries()) {
      const domain = domains[i % 2] ?? openDomain;
      const expected = await madeBy(opened(0), bytes, domain);
      expect(await madeBy(opened(1), bytes, domain)).toEqual(expected);
      expect(await Promise.all([opened(4), opened(4)].map((tasks) => madeBy(tasks, bytes, domain)))).toEqual([expected, expected]);
    }
  });

  it('read contents again where they are too many to keep, and keep them where they are few', async () => {
    const tasks = opened(1);
    const read = await splitBy(tasks, { source: memorySource(png), fileHash }, { keepBytes: 0 });
    const kept = await splitBy(tasks, { source: memorySource(png), fileHash }, { keepBytes: 10_000_000 });
    expect(kept.contents.length).toBe(read.contents.length);
    for (const [i, { content, fingerprint }] of kept.contents.entries()) {
      expect(Buffer.compare(content, read.contents[i]?.content ?? new Uint8Array())).toBe(0);
      expect(hexOf(fingerprint)).toBe(hexOf(read.contents[i]?.fingerprint ?? new Uint8Array()));
    }
  });

  it('leave what a source gave them untouched', async () => {
    const bytes = Uint8Array.from(png);
    const source: Source = { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)) };
    await splitBy(opened(1), { source, fileHash });
    expect(Buffer.from(bytes).equals(png)).toBe(true);
  });
});

describe('contents sealed where they are taken apart', () => {
  it.each([0, 1])('are what sealing them afterwards makes of them, with %i threads', async (threads) => {
    const tasks = threads === 0 ? localTasks(nodeTools) : opened(threads);
    const domain = personalDomain(new Uint8Array(32).fill(5));
    const { contents } = await splitBy(tasks, { source: memorySource(large), fileHash: largeHash }, { splitter: 'bytes' });
    const fingerprints = contents.map(({ fingerprint }) => hexOf(fingerprint));
    const later = await tasks.seal({ domain, contents }, undefined);
    const early: ContentSealedEarly[] = [];
    const input = { fileHash: largeHash, splitter: 'bytes', geometry: { kind: 'tile', tilePixels: 64 }, keepBytes: 0, sealFor: domain } as const;
    for await (const step of tasks.split(input, memorySource(large), undefined)) {
      if (step.kind === 'chunk') early.push(...step.contents.flatMap((item) => ('sealed' in item ? [item] : [])));
    }
    expect(early.length).toBeGreaterThan(1);
    expect(early.map(({ fingerprint }) => hexOf(fingerprint))).toEqual(fingerprints);
    expect(early.map(({ sealed }) => sealed)).toEqual(later);
  });
});

describe('contents of a raster', () => {
  it('are never sealed early: that takes too long for nothing', async () => {
    const input = { fileHash, splitter: 'auto', geometry: { kind: 'tile', tilePixels: 64 }, keepBytes: 0, sealFor: openDomain } as const;
    let contents = 0;
    for await (const step of opened(1).split(input, memorySource(png), undefined)) {
      if (step.kind !== 'chunk') continue;
      contents += step.contents.length;
      expect(step.contents.every((item) => 'content' in item)).toBe(true);
    }
    expect(contents).toBe(12);
  });
});

describe('a small image joined in one task', () => {
  it.each([0, 1])('has the bytes of its file, or none where anything is wrong, with %i threads', async (threads) => {
    const tasks = threads === 0 ? localTasks(nodeTools) : opened(threads);
    const { plan, contents } = await splitBy(tasks, { source: memorySource(png), fileHash });
    const fingerprints = contents.map(({ fingerprint }) => Uint8Array.from(fingerprint));
    const sealed = await tasks.seal({ domain: openDomain, contents }, undefined);
    const inputOf = (flip?: number): JoinInput => {
      const blocks: JoinInput['blocks'][number][] = [];
      const places = sealed.map((item, i) => {
        if (item.kind === 'inline') return Uint8Array.from(item.coded);
        const cipher = item.cipher.map((byte, at) => (i === flip && at === 40 ? byte ^ 1 : byte));
        return blocks.push({ cipher, tag: item.tag, key: fingerprints[i] ?? item.tag, domain: openDomain }) - 1;
      });
      return { recipe: { ...plan.recipe, skeleton: Uint8Array.from(plan.recipe.skeleton) }, contents: places, blocks, size: png.length, fileHash };
    };
    expect(sealed[3]?.kind).toBe('block');
    expect((await tasks.join(inputOf(), undefined)).bytes).toEqual(png);
    expect(await tasks.join(inputOf(3), undefined)).toEqual({ bytes: undefined });
    expect(await tasks.join({ ...inputOf(), fileHash: new Uint8Array(32) }, undefined)).toEqual({ bytes: undefined });
    expect(await tasks.join({ ...inputOf(), size: png.length - 1 }, undefined)).toEqual({ bytes: undefined });
    expect(await tasks.join({ ...inputOf(), contents: [0, 0, -1] }, undefined)).toEqual({ bytes: undefined });
  });
});

describe('patches of tiles', () => {
  const upright = { orientation: 0, x: 0, y: 0 };
  const stored = contentOfBlocks(photographed(60, 50, 3));
  const pairs = [
    { target: contentOfBlocks(turnedBlocks(photographed(60, 50, 3), 5)), base: stored, view: { ...upright, orientation: 5 } },
    { target: contentOfBlocks(changedBlocks(photographed(60, 50, 3), (value, [x, y]) => (x + y === 20 ? value + 1 : value))), base: stored, view: upright },
    { target: contentOfBlocks(photographed(60, 50, 9)), base: stored, view: upright },
  ];

  it('are the same in this thread and in others, in the order given, and leave the tiles to the caller', async () => {
    const expected = await localTasks(nodeTools).patch({ pairs }, undefined);
    expect(expected.map((patch) => patch === undefined)).toEqual([false, false, true]);
    for (const threads of [1, 3]) expect(await opened(threads).patch({ pairs }, undefined)).toEqual(expected);
    for (const [i, { target, base }] of pairs.entries()) {
      const patch = expected[i];
      if (patch !== undefined) expect(Buffer.compare(applyPatch(patch, base), target)).toBe(0);
    }
  });

  it('of what is no tile are refused, in a thread as without', async () => {
    const cut = { target: stored.subarray(0, stored.length - 1), base: stored, view: upright };
    for (const tasks of [localTasks(nodeTools), opened(1)]) await expect(tasks.patch({ pairs: [cut] }, undefined)).rejects.toMatchObject({ code: 'recipe-invalid' });
  });

  it('are not made for who leaves', async () => {
    await expect(opened(1).patch({ pairs }, AbortSignal.abort())).rejects.toMatchObject({ code: 'cancelled' });
  });
});

describe('errors of threads', () => {
  it('keep code and message, whoever raised them', async () => {
    const tasks = opened(1);
    const gone: Source = { size: 900_000, read: () => Promise.reject(fault('file-unreadable', 'It was on a stick.')) };
    await expect(splitBy(tasks, { source: gone, fileHash })).rejects.toMatchObject({ code: 'file-unreadable', message: expect.stringContaining('stick') });
    await expect(splitBy(tasks, { source: memorySource(png), fileHash }, { geometry: { kind: 'grid', cells: 5 } })).rejects.toMatchObject({ code: 'argument-invalid' });
    await expect(splitBy(tasks, { source: memorySource(noise), fileHash })).rejects.toMatchObject({ code: 'file-changed' });
  });

  it('stand beside the blocks that open, and name the step', async () => {
    const tasks = opened(2);
    const fingerprint = await nodeTools.crypto.sha256(noise);
    const content = concat(new TextEncoder().encode('DCby'), noise);
    const [block] = await tasks.seal({ domain: openDomain, contents: [{ content, fingerprint }] }, undefined);
    if (block?.kind !== 'block') throw new Error('no block');
    const right = { cipher: Uint8Array.from(block.cipher), tag: block.tag, key: Uint8Array.from(fingerprint), domain: undefined };
    const wrong = Uint8Array.from(block.cipher);
    wrong[300_000] = (wrong[300_000] ?? 0) ^ 1;
    const outcomes = await tasks.open({ blocks: [right, { ...right, cipher: wrong }, { ...right, cipher: Uint8Array.from(right.cipher), key: new Uint8Array(32) }] }, undefined);
    expect(outcomes.map(({ error }) => error?.extra.step)).toEqual([undefined, 'tag', 'iv']);
    expect(outcomes[0]?.content?.length).toBe(noise.length + 4);
    expect(outcomes[1]?.error).toMatchObject({ name: 'DiceError', code: 'integrity-failed' });
  });

  it('of a content that nothing can code are RangeErrors or refusals, as without threads', async () => {
    const strange = { domain: openDomain, contents: [{ content: new Uint8Array(300_000).fill(9), fingerprint: new Uint8Array(32) }] };
    expect(await codeOf(opened(1).seal(strange, undefined))).toBe('recipe-invalid');
  });
});

describe('cancelling', () => {
  it('ends a split and a batch at once, and the threads go on with other work', async () => {
    const tasks = opened(1);
    const stopping = new AbortController();
    let reads = 0;
    const slow: Source = { size: large.length, read: (offset, length) => {
      if (++reads === 2) stopping.abort();
      return memorySource(large).read(offset, length);
    } };
    expect(await codeOf(splitBy(tasks, { source: slow, fileHash: largeHash }, { signal: stopping.signal }))).toBe('cancelled');
    expect(reads).toBeGreaterThan(1);
    expect(await codeOf(tasks.seal({ domain: openDomain, contents: [{ content: noise, fingerprint: fileHash }] }, stopping.signal))).toBe('cancelled');
    expect((await splitBy(tasks, { source: memorySource(png), fileHash })).plan.recipe.splitter).toBe('raster');
  });

  it('is noticed while a small file is read', async () => {
    const stopping = new AbortController();
    const read = (offset: number, length: number): Promise<Uint8Array> => {
      stopping.abort();
      return memorySource(png).read(offset, length);
    };
    expect(await codeOf(splitBy(opened(1), { source: { size: png.length, read }, fileHash }, { signal: stopping.signal }))).toBe('cancelled');
  });

  it('happens to all that is under way when a pool is closed; later work runs without threads', async () => {
    const tasks = opened(2);
    const never: Source = { size: 900_000, read: () => new Promise(() => undefined) };
    const code = codeOf(splitBy(tasks, { source: never, fileHash }));
    await splitBy(tasks, { source: memorySource(png), fileHash });
    await tasks.close();
    expect(await code).toBe('cancelled');
    expect((await splitBy(tasks, { source: memorySource(png), fileHash })).plan.recipe.splitter).toBe('raster');
  });
});

describe('a thread that cannot be started', () => {
  const kinds: Readonly<Record<string, StartThread>> = {
    'its script is missing': (listener) => startWorkerThread(listener, new URL('file:///nowhere/at/all/task-worker.js')),
    'its script fails': (listener) => startWorkerThread(listener, scriptOf("throw new Error('not today')")),
    'its script ends': (listener) => startWorkerThread(listener, scriptOf('')),
    'its script says nothing': (listener) => startWorkerThread(listener, scriptOf("import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => undefined);")),
    'the platform refuses': () => { throw new Error('not here'); },
  };

  it.each(Object.entries(kinds))('leaves the work to this one, which says so once: %s', async (_name, startThread) => {
    const warnings: string[] = [];
    let starts = 0;
    const tasks = new TaskPool({
      threads: 3, tools: nodeTools, startBytes: 0, maxStartMs: 700, onWarning: (message) => void warnings.push(message),
      startThread: (listener) => {
        starts++;
        return startThread(listener);
      },
    });
    closing.push(tasks);
    const expected = await madeBy(opened(0), png, openDomain);
    expect(await Promise.all([1, 2, 3, 4].map(() => madeBy(tasks, png, openDomain)))).toEqual([expected, expected, expected, expected]);
    expect(await madeBy(tasks, noise.subarray(0, 280_000), openDomain)).toEqual(await madeBy(opened(0), noise.subarray(0, 280_000), openDomain));
    expect(warnings).toEqual([expect.stringMatching(/could not be started.*this takes longer. The reason: ./)]);
    expect(starts).toBeLessThanOrEqual(3);
  });

  it('is done without where others run', async () => {
    const warnings: string[] = [];
    let starts = 0;
    const tasks = new TaskPool({
      threads: 3, tools: nodeTools, startBytes: 0, onWarning: (message) => void warnings.push(message),
      startThread: (listener) => (++starts === 1 ? startWorkerThread(listener) : startWorkerThread(listener, new URL('file:///nowhere.js'))),
    });
    closing.push(tasks);
    const expected = await madeBy(opened(0), png, openDomain);
    expect(await Promise.all([1, 2, 3, 4].map(() => madeBy(tasks, png, openDomain)))).toEqual([expected, expected, expected, expected]);
    expect(warnings).toEqual([expect.stringContaining('nowhere.js')]);
  });

  it('does not keep work from being cancelled', async () => {
    const tasks = new TaskPool({ threads: 1, tools: nodeTools, startBytes: 0, maxStartMs: 60_000, startThread: (listener) => startWorkerThread(listener, scriptOf('setInterval(() => undefined, 1000)')) });
    const code = codeOf(splitBy(tasks, { source: memorySource(png), fileHash }));
    await tasks.close();
    expect(await code).toBe('cancelled');
  });

  it('is not waited for once the work was cancelled', async () => {
    const tasks = new TaskPool({ threads: 1, tools: nodeTools, startBytes: 0, maxStartMs: 600_000, startThread: (listener) => startWorkerThread(listener, scriptOf('setInterval(() => undefined, 1000)')) });
    closing.push(tasks);
    const controller = new AbortController();
    const code = codeOf(splitBy(tasks, { source: memorySource(png), fileHash }, { signal: controller.signal }));
    setTimeout(() => { controller.abort(); }, 1);
    expect(await code).toBe('cancelled');
  });
});

describe('a thread that stops', () => {
  it('fails its work by name and is replaced', async () => {
    let started = 0;
    const crashing: StartThread = (listener) => {
      const isFirst = ++started === 1;
      return isFirst ? startWorkerThread(listener, scriptOf("import { parentPort } from 'node:worker_threads'; parentPort.postMessage({ kind: 'ready' }); parentPort.once('message', () => { throw new Error('struck by lightning'); });")) : startWorkerThread(listener);
    };
    const tasks = opened(1, crashing);
    await expect(splitBy(tasks, { source: memorySource(png), fileHash })).rejects.toMatchObject({ code: 'internal', message: expect.stringContaining('struck by lightning') });
    expect((await splitBy(tasks, { source: memorySource(png), fileHash })).contents.length).toBe(12);
    expect(started).toBe(2);
  });

  it('fails a split that waits between two chunks', async () => {
    const ports: ThreadPort[] = [];
    const tasks = opened(1, (listener) => {
      const port = startWorkerThread({ onMessage: (message) => { listener.onMessage(message); }, onEnd: (reason) => { listener.onEnd(reason); } });
      ports.push({ ...port, end: async () => { await port.end(); listener.onEnd('pulled out'); } });
      return port;
    });
    const steps = tasks.split({ fileHash: largeHash, splitter: 'auto', geometry: { kind: 'tile', tilePixels: 64 }, keepBytes: 0 }, memorySource(large), undefined);
    await steps.next();
    await ports[0]?.end();
    await expect((async () => { for await (const step of steps) expect(step.kind).not.toBe('never'); })()).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('hostile files', () => {
  it('are taken apart in a thread and join to themselves', async () => {
    const tasks = opened(2);
    for (const [name, bytes] of await hostileFiles()) {
      const { plan, contents } = await splitBy(tasks, { source: memorySource(bytes), fileHash: await nodeTools.crypto.sha256(bytes) });
      const pieces: Uint8Array[] = [];
      const splitter = splitters[plan.recipe.splitter];
      for await (const piece of splitter.join(plan.recipe, memoryContents(contents.map(({ content }) => content)))) pieces.push(piece);
      expect([name, Buffer.from(concat(...pieces)).equals(bytes)]).toEqual([name, true]);
    }
  });
});

describe('a process', () => {
  it('ends though it never closed its pool', async () => {
    const tasksUrl = new URL('../support/task-pools.js', import.meta.url).href;
    const sourceUrl = new URL('../support/memory-source.js', import.meta.url).href;
    const code = `import { splitBy, tasksIn } from '${tasksUrl}'; import { memorySource } from '${sourceUrl}';
      import { createHash } from 'node:crypto'; const bytes = new Uint8Array(600_000).fill(5);
      const { contents } = await splitBy(tasksIn(2), { source: memorySource(bytes), fileHash: createHash('sha256').update(bytes).digest() }); console.log(contents.length);`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', code], { timeout: 20_000 });
    expect(stdout.trim()).toBe('3');
  });
});

function incompressible(length: number): Uint8Array {
  let state = 5;
  return Uint8Array.from({ length }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    return (state >>> 24) ^ (state >>> 16);
  });
}
