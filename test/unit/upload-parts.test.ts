/**
 * The small parts of uploading in the pages that need no browser: pace, waits, what earlier runs stored, sentences, system files, the feed,
 * the choice of the file that is shown.
 */
import { describe, expect, it } from '@jest/globals';
import { TileWatch } from '../../client-sdk/browser/tile-watch.js';
import { maxWaitingFiles, UploadFeed } from '../../client-sdk/browser/upload-feed.js';
import type { HandedFile } from '../../client-sdk/browser/upload-messages.js';
import { concurrently } from '../../client-sdk/concurrent.js';
import { systemFilesLeftOut } from '../../views/pages/parts/system-files.js';
import { EarlierFiles } from '../../views/pages/parts/upload-earlier.js';
import { UploadRate } from '../../views/pages/parts/upload-rate.js';
import { troubleOf, waitMs } from '../../views/pages/parts/upload-waits.js';
import { outcomeOf, progressOf, reasonOf, timeOf } from '../../views/pages/parts/upload-wording.js';

const noSums = { logicalBytes: 0, sentBytes: 0, blocks: 0, blocksSent: 0 };
const noTotals = { files: 0, bytes: 0, waiting: 0, underWay: 0, stored: 0, known: 0, skipped: 0, failed: 0, doneBytes: 0, sums: noSums };

function handed(key: number, name = `${String(key)}.png`): HandedFile {
  return { key, name, file: new File(['x'], name) };
}

describe('the pace of an upload', () => {
  it('is that of the last twenty seconds, and nothing while too little is known', () => {
    const rate = new UploadRate();
    rate.note(0, { bytes: 0, files: 0 });
    rate.note(1_000, { bytes: 9_000_000, files: 0 });
    expect(rate.bytesPerSecond()).toBeUndefined();
    for (let second = 2; second <= 40; second++) rate.note(second * 1_000, { bytes: 9_000_000 + second * 1_000, files: 0 });
    expect(rate.bytesPerSecond()).toBeCloseTo(1_000);
    rate.clear();
    expect(rate.bytesPerSecond()).toBeUndefined();
  });

  it('counts files as well as bytes for the time that is left, and says nothing while nothing moves', () => {
    const rate = new UploadRate();
    for (let second = 0; second <= 10; second++) rate.note(second * 1_000, { bytes: 0, files: second * 10 });
    expect(rate.secondsFor({ bytes: 0, files: 100 })).toBeCloseTo(10);
    const still = new UploadRate();
    for (let second = 0; second <= 10; second++) still.note(second * 1_000, { bytes: 5, files: 1 });
    expect(still.secondsFor({ bytes: 100, files: 1 })).toBeUndefined();
  });
});

describe('a failure', () => {
  it.each([['server-unreachable', 'away'], ['unavailable', 'busy'], ['rate-limited', 'busy'], ['unauthenticated', 'signed-out'], ['quota-exceeded', 'file'], ['file-unreadable', 'file']] as const)(
    '%s means %s', (code, trouble) => { expect(troubleOf(code)).toBe(trouble); },
  );

  it('is waited for longer and longer, at most a minute', () => {
    expect([0, 1, 2, 3, 4, 99].map(waitMs)).toEqual([8_000, 15_000, 30_000, 60_000, 60_000, 60_000]);
  });
});

describe('what earlier runs stored', () => {
  const mark = { name: 'a/b.png', size: 10, modifiedAt: 7 };

  it('is found by name, size and time together, and only where it was stored', () => {
    const earlier = new EarlierFiles([{ runId: 'r', files: [{ ...mark, state: 'stored', imageId: 'id' }, { ...mark, name: 'open.png', state: 'open', imageId: undefined }] }]);
    expect(earlier.storedAs(mark)).toBe('id');
    expect([{ ...mark, name: 'b.png' }, { ...mark, size: 11 }, { ...mark, modifiedAt: 8 }, { ...mark, name: 'open.png' }].map((other) => earlier.storedAs(other))).toEqual([undefined, undefined, undefined, undefined]);
    expect(earlier.counts).toEqual({ files: 2, stored: 1 });
  });

  it('is merged from several runs: what one of them stored is stored, in whatever order they come', () => {
    const stored = { runId: 'one', files: [{ ...mark, state: 'stored', imageId: 'id' } as const] };
    const open = { runId: 'two', files: [{ ...mark, state: 'open', imageId: undefined } as const] };
    for (const runs of [[stored, open], [open, stored]]) {
      const earlier = new EarlierFiles(runs);
      expect(earlier.storedAs(mark)).toBe('id');
      expect(earlier.counts).toEqual({ files: 1, stored: 1 });
    }
  });

  it('changes with what is noted and dropped', () => {
    const earlier = new EarlierFiles([]);
    earlier.note({ ...mark, state: 'open', imageId: undefined });
    earlier.note({ ...mark, state: 'stored', imageId: 'id' });
    expect(earlier.files).toEqual([{ ...mark, state: 'stored', imageId: 'id' }]);
    earlier.drop(mark);
    expect(earlier.counts).toEqual({ files: 0, stored: 0 });
  });
});

describe('sentences', () => {
  it('say how far it is', () => {
    const totals = { ...noTotals, files: 2_000, bytes: 3_400_000_000, waiting: 1_184, underWay: 4 };
    expect(progressOf(totals, { movedBytes: 1_200_000_000, bytesPerSecond: 12_000_000, secondsLeft: 183 })).toBe('812 of 2,000 files · 1.2 of 3.4 GB · 12.0 MB/s · about 3 min left');
    expect(progressOf(totals, { movedBytes: 1_200_000, bytesPerSecond: undefined, secondsLeft: undefined })).toBe('812 of 2,000 files · 1.2 MB of 3.4 GB');
  });

  it.each([[3, 'a few seconds'], [31, 'about 40 s'], [59, 'about 1 min'], [3_599, 'about 1 hour'], [9_000, 'about 3 hours']])('say %d seconds as %s', (seconds, text) => {
    expect(timeOf(seconds)).toBe(text);
  });

  it('say what came of it', () => {
    const sums = { logicalBytes: 1_200_000, sentBytes: 41_000, blocks: 510, blocksSent: 5 };
    expect(outcomeOf({ ...noTotals, stored: 2, sums })).toBe('5 of 510 blocks were new: 41.0 kB sent instead of 1.2 MB.');
    expect(outcomeOf({ ...noTotals, known: 2 })).toBe('2 files were here already: nothing was sent.');
    expect(outcomeOf({ ...noTotals, skipped: 1 })).toBe('1 file was skipped: stored before.');
    expect(outcomeOf({ ...noTotals, failed: 1 })).toBe('Nothing was stored.');
  });

  it('count down to the next try', () => {
    const state = { phase: 'away', isCancelled: false, isBusy: false, tries: 1, nextTryAt: 10_000, message: '' } as const;
    expect(reasonOf(state, 2_500)).toBe('Nothing is lost. Trying again in 8 s.');
    expect(reasonOf({ ...state, nextTryAt: undefined }, 2_500)).toBe('Trying now.');
    expect(reasonOf({ ...state, phase: 'running' }, 2_500)).toBeUndefined();
  });
});

describe('files of a system', () => {
  it('are left out of folders, and kept where they were chosen by themselves', () => {
    const picked = ['a/.DS_Store', 'a/b/Thumbs.db', 'a/desktop.ini', 'a/photo.png', 'Thumbs.db', 'a/thumbs.db.png'].map((name) => ({ name, file: new File([], 'x') }));
    const { left, out } = systemFilesLeftOut(picked);
    expect(left.map(({ name }) => name)).toEqual(['a/photo.png', 'Thumbs.db', 'a/thumbs.db.png']);
    expect(out).toBe(3);
  });
});

describe('the feed of an upload', () => {
  function feedOf(isUnderWay: (name: string) => boolean = () => false): { readonly feed: UploadFeed; readonly begun: number[]; readonly hungry: number[] } {
    const begun: number[] = [];
    const hungry: number[] = [];
    return { feed: new UploadFeed({ hungry: (room) => void hungry.push(room), begun: ({ key }) => void begun.push(key), isUnderWay }), begun, hungry };
  }

  it('asks once for files, hands them out in order, and begins none while it is held', async () => {
    const { feed, begun, hungry } = feedOf();
    const reader = feed[Symbol.asyncIterator]();
    const first = reader.next();
    expect(hungry).toEqual([maxWaitingFiles]);
    feed.add([handed(1), handed(2), handed(3)]);
    expect((await first).value).toMatchObject({ name: '1.png', origin: '1' });
    feed.hold(true);
    let isGiven = false;
    const second = reader.next().then((step) => {
      isGiven = true;
      return step;
    });
    await Promise.resolve();
    expect(isGiven).toBe(false);
    feed.drop(2);
    feed.hold(false);
    expect((await second).value).toMatchObject({ origin: '3' });
    expect(begun).toEqual([1, 3]);
  });

  it('ends at once with files still waiting, and lets another name go before one that is under way', async () => {
    const { feed, begun } = feedOf((name) => name === 'same.png');
    feed.add([handed(1, 'same.png'), handed(2), handed(3)]);
    const reader = feed[Symbol.asyncIterator]();
    await reader.next();
    feed.end();
    expect((await reader.next()).done).toBe(true);
    expect(begun).toEqual([2]);
  });

  it('does not hold up results while no file comes', async () => {
    const { feed } = feedOf();
    feed.add([handed(1)]);
    const results = concurrently(feed, 4, { work: ({ name }) => Promise.resolve(name), stop: () => undefined });
    expect((await results.next()).value).toBe('1.png');
    feed.end();
    expect((await results.next()).done).toBe(true);
  });
});

describe('the file that is shown', () => {
  it('changes only when it is done and not too often, and not at all where none is wanted', () => {
    const watch = new TileWatch();
    expect(watch.offer(1, 0)).toBe(false);
    watch.set(1_000);
    expect(watch.offer(1, 0)).toBe(true);
    expect(watch.offer(2, 5_000)).toBe(false);
    watch.done(1);
    expect(watch.offer(2, 500)).toBe(false);
    expect(watch.offer(2, 5_000)).toBe(true);
    expect([watch.isShown(1), watch.isShown(2)]).toEqual([false, true]);
    watch.set(undefined);
    expect(watch.isShown(2)).toBe(false);
  });
});
