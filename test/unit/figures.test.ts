/**
 * The sums of a report, and the length of a commit that an entry tells before the commit is made.
 */
import { describe, expect, it } from '@jest/globals';
import { commitBodyBytes, lengthsOfCommit } from '../../client-sdk/commit-bytes.js';
import { chainNames, csvOfGrowth, FigureSums, trafficNames } from '../../client-sdk/figures.js';
import { encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import type { ImageId } from '../../client-sdk/protocol/ids.js';

const usage = {
  images: 4, trashedImages: 1, blocks: 9, cipherBytes: 2_000, manifestBytes: 300, entryBytes: 200, previewBytes: 100, recordBytes: 700,
  sessionBytes: 50, usedBytes: 2_650, receivedBytes: 2_700,
};
const day = Date.UTC(2026, 2, 1);
const image = (fileHash: string, size: number, codedBytes: number) => ({ fileHash, size, codedBytes, sentBytes: codedBytes / 2, type: 'image/png', createdAt: day });

function figuresOf(images: readonly ReturnType<typeof image>[]): ReadonlyMap<string, number> {
  const sums = new FigureSums();
  for (const one of images) sums.add(one);
  return new Map(sums.report({ usage, days: [] }).figures.map(({ name, value }) => [name, value]));
}

describe('the length of a commit', () => {
  it.each([[1, 0], [2, 32], [3, 64], [4, 96], [90, 320]])('with %d bytes and %d of tags is that of its body', (bytes, tags) => {
    const blob = (length: number): Uint8Array => new Uint8Array(length).fill(7);
    const commit = { imageId: '5a'.repeat(16) as ImageId, wrappedKey: blob(bytes + 1), entry: blob(bytes + 2), manifest: blob(bytes), tags: blob(tags) }; // 32 hex digits are an image id
    for (const made of [commit, { ...commit, preview: blob(bytes + 5) }]) {
      expect(commitBodyBytes(lengthsOfCommit(made))).toBe(encodeCommits([made]).length);
    }
  });
});

describe('the figures of an account', () => {
  it('count equal files once, with the smaller of two codings whatever the order', () => {
    const images = [image('aa', 1_000, 800), image('bb', 500, 400), image('aa', 1_000, 600), image('aa', 1_000, 700)];
    for (const order of [images, [...images].reverse()]) {
      const figures = figuresOf(order);
      expect(['images', 'distinctFiles', 'logicalBytes', 'distinctFileBytes', 'codedBytes', 'distinctCodedBytes', 'sentBytes'].map((name) => figures.get(name)))
        .toEqual([4, 2, 3_500, 1_500, 2_500, 1_000, 1_250]);
    }
  });

  it('hold record headers among the stored bytes, and the saving against them', () => {
    const figures = figuresOf([image('aa', 6_600, 3_000)]);
    expect(['sealedBytes', 'storedBytes', 'savedBytes', 'saving', 'ratio'].map((name) => figures.get(name))).toEqual([2_600, 3_300, 3_300, 0.5, 2]);
    expect([figures.get('sentSaving'), figures.get('plainUploadBytes')]).toEqual([1 - 1_500 / 6_600, 6_600]);
  });

  it('are named once each, and the chain and the traffic name figures', () => {
    const sums = new FigureSums();
    const { figures, causes } = sums.report({ usage, days: [] });
    const names = [...figures, ...causes].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(expect.arrayContaining([...chainNames, ...trafficNames]));
  });

  it('grow in the order of upload, and know the ciphers at the end of each day alone', () => {
    const sums = new FigureSums();
    const later = day + 86_400_000;
    // The listing comes newest first.
    for (const [createdAt, size] of [[later + 5, 400], [later, 300], [day + 9, 200], [day, 100]] as const) sums.add({ ...image('aa', size, size / 2), createdAt });
    const { growth } = sums.report({ usage, days: [{ day: '2026-03-01', images: 2, newBlocks: 2, newCipherBytes: 120, receivedBytes: 0 }, { day: '2026-03-02', images: 2, newBlocks: 1, newCipherBytes: 30, receivedBytes: 0 }] });
    expect(growth.map(({ images, logicalBytes, codedBytes, sentBytes, cipherBytes }) => [images, logicalBytes, codedBytes, sentBytes, cipherBytes])).toEqual([
      [1, 100, 50, 25, undefined], [2, 300, 150, 75, 120], [3, 600, 300, 150, undefined], [4, 1_000, 500, 250, 150],
    ]);
    expect(csvOfGrowth(growth.slice(0, 2)).split('\r\n')).toEqual([
      'growth,1,logicalBytes,100,', 'growth,1,codedBytes,50,', 'growth,1,sentBytes,25,',
      'growth,2,logicalBytes,300,', 'growth,2,codedBytes,150,', 'growth,2,sentBytes,75,', 'growth,2,cipherBytes,120,', '',
    ]);
  });

  it('show a day that only the server knows, and a day that only the entries know', () => {
    const sums = new FigureSums();
    sums.add(image('aa', 10, 8));
    const { days } = sums.report({ usage, days: [{ day: '2026-02-28', images: 0, newBlocks: 0, newCipherBytes: 0, receivedBytes: 77 }] });
    expect(days).toEqual([
      { day: '2026-02-28', images: 0, logicalBytes: 0, sentBytes: 0, newBlocks: 0, newCipherBytes: 0, receivedBytes: 77 },
      { day: '2026-03-01', images: 1, logicalBytes: 10, sentBytes: 4, newBlocks: 0, newCipherBytes: 0, receivedBytes: 0 },
    ]);
  });
});
