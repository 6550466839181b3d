/**
 * Decisions of uploads and downloads, and the row of tasks that carries them out.
 */
import { describe, expect, it } from '@jest/globals';
import { concurrently } from '../../client-sdk/concurrent.js';
import {
  batchBytes, doesStructurePay, framesInBatches, maxSamples, nextWindowBlocks, packedRehashes, sampleIndices, shuffled, streamBytes, unpackHashes, windowBytes,
} from '../../client-sdk/core/plan.js';
import { encodeStream } from '../../client-sdk/protocol/frames.js';
import { asRehash } from '../../client-sdk/protocol/ids.js';
import { maxFramesPerBatch, maxTagsPerFetch } from '../../client-sdk/protocol/limits.js';
import { csvOfFigures, FigureSums } from '../../client-sdk/figures.js';
import { fixedRandom } from '../support/fixed-random.js';

const rehash = (first: number) => asRehash(Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? first : 7)));
const frame = (length: number) => ({ kind: 'block' as const, rehash: rehash(length & 255), code: 1, cipher: new Uint8Array(length) });

describe('samples', () => {
  it('are all contents where they are few, else evenly spaced', () => {
    expect([...sampleIndices(0)]).toEqual([]);
    expect([...sampleIndices(3)]).toEqual([0, 1, 2]);
    for (const count of [maxSamples - 1, maxSamples, maxSamples + 1, 100_000]) expect(sampleIndices(count).size).toBe(Math.min(count, maxSamples));
    expect(Math.max(...sampleIndices(100_000))).toBe(98_437);
  });
});

describe('structure', () => {
  it('pays up to a sixteenth above the size of the file', () => {
    const estimate = { contents: 10, distinctContents: 5, skeletonBytes: 40, sampledBytes: 300, samples: 3 };
    const bytes = 100 * 5 + 66 * 10 + 40;
    const least = Math.ceil((bytes * 16) / 17);
    expect(doesStructurePay({ ...estimate, fileBytes: least })).toBe(true);
    expect(doesStructurePay({ ...estimate, fileBytes: least - 1 })).toBe(false);
  });
});

describe('blocks on their way', () => {
  it('are shuffled: the same blocks, in another order', () => {
    const items = Array.from({ length: 50 }, (_, i) => i);
    const order = shuffled(items, fixedRandom('shuffle'));
    expect(order).not.toEqual(items);
    expect([...order].sort((a, b) => a - b)).toEqual(items);
    expect(shuffled([], fixedRandom('none'))).toEqual([]);
  });

  it('travel in streams within the limits, and are weighed as they are written', () => {
    const frames = [frame(batchBytes), frame(100), ...Array.from({ length: maxFramesPerBatch }, () => frame(20))];
    const batches = framesInBatches(frames);
    expect(batches.flat()).toEqual(frames);
    expect(batches.map((batch) => batch.length)).toEqual([1, maxFramesPerBatch, 1]);
    const written = batches.flatMap((batch) => encodeStream(batch)).reduce((sum, piece) => sum + piece.length, 0);
    expect(streamBytes(frames)).toBe(written);
    expect(framesInBatches([])).toEqual([]);
  });

  it('are named in a commit once each, sorted by value', () => {
    const packed = packedRehashes([rehash(9), rehash(2), rehash(9)]);
    expect(unpackHashes(packed).map((hash) => hash[0])).toEqual([2, 9]);
  });

  it('are read ahead by their size', () => {
    expect(nextWindowBlocks(1, 2 * windowBytes)).toBe(1);
    expect(nextWindowBlocks(16, windowBytes)).toBe(16);
    expect(nextWindowBlocks(1_000, 0)).toBe(maxTagsPerFetch);
  });
});

describe('a row of tasks', () => {
  it('runs no more than its limit at once and takes items only when there is room', async () => {
    let running = 0;
    let most = 0;
    const work = async (item: number): Promise<number> => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => { setImmediate(resolve); });
      running--;
      return item;
    };
    const results: number[] = [];
    for await (const result of concurrently([1, 2, 3, 4, 5, 6, 7], 3, { work, stop: () => undefined })) results.push(result);
    expect(results.sort()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(most).toBe(3);
  });

  it('that its reader leaves is stopped, and what runs is awaited', async () => {
    let stop: () => void = () => undefined;
    const stopped = new Promise<void>((resolve) => { stop = resolve; });
    let ended = 0;
    const work = async (item: number): Promise<number> => {
      await (item > 1 ? stopped : new Promise((resolve) => { setImmediate(resolve); }));
      ended++;
      return item;
    };
    for await (const result of concurrently([1, 2, 3], 3, { work, stop })) {
      expect(result).toBe(1);
      break;
    }
    expect(ended).toBe(3);
  });

  it('ends with the first failure', async () => {
    const work = (item: number): Promise<number> => (item === 2 ? Promise.reject(new RangeError('two')) : Promise.resolve(item));
    const read = async (): Promise<void> => {
      for await (const result of concurrently([1, 2, 3], 1, { work, stop: () => undefined })) expect(result).toBe(1);
    };
    await expect(read()).rejects.toThrow('two');
  });
});

describe('figures', () => {
  it('of an empty account save nothing, and CSV quotes what needs it', () => {
    const usage = { images: 0, trashedImages: 0, blocks: 0, cipherBytes: 0, manifestBytes: 0, entryBytes: 0, previewBytes: 0, recordBytes: 0, sessionBytes: 0, usedBytes: 0, receivedBytes: 0 };
    const report = new FigureSums().report({ usage, days: [] });
    expect(report.figures.find(({ name }) => name === 'saving')?.value).toBe(0);
    const csv = csvOfFigures({ figures: [{ name: 'x', value: 1, unit: 'bytes', formula: 'a, "b"' }], causes: [], formats: [{ format: '=cmd', images: 1, logicalBytes: 2, codedBytes: 3, sentBytes: 4 }], days: [] });
    expect(csv).toBe('section,key,name,value,formula\r\nfigures,,x,1,"a, ""b"""\r\nformats,\'=cmd,images,1,\r\nformats,\'=cmd,logicalBytes,2,\r\nformats,\'=cmd,codedBytes,3,\r\nformats,\'=cmd,sentBytes,4,\r\n');
  });
});
