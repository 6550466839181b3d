/**
 * Places of tiles in a grid of days, what is near a window, and where arrow keys lead. Pure; and the list and the selection under it.
 */
import { describe, expect, it } from '@jest/globals';
import type { Image } from '../../client-sdk/browser/page.js';
import { dayTitle } from '../../views/pages/parts/days.js';
import { GridLayout, type GridMeasure } from '../../views/pages/parts/grid-layout.js';
import { intentOf } from '../../views/pages/parts/grid-keys.js';
import { ImageList, type DayGroup } from '../../views/pages/parts/image-list.js';
import { Selection } from '../../views/pages/parts/selection.js';

const measure: GridMeasure = { width: 430, minTileWidth: 100, minColumns: 1, gap: 10, headingHeight: 40, labelHeight: 25 };

function layoutOf(...counts: readonly number[]): GridLayout {
  let start = 0;
  const groups: DayGroup[] = counts.map((count, at) => {
    start += count;
    return { key: String(at), title: String(at), start: start - count, count };
  });
  return new GridLayout(groups, measure);
}

describe('the layout of a grid', () => {
  it('fills the width with columns, and keeps the least number of them where they are narrow', () => {
    expect(layoutOf(1)).toMatchObject({ columns: 4, tileWidth: 100, tileHeight: 100 });
    expect(new GridLayout([], { ...measure, width: 150, minColumns: 2 })).toMatchObject({ columns: 2, tileWidth: 70, height: 0 });
  });

  it('begins each day on a new row below its heading', () => {
    const layout = layoutOf(5, 1);
    expect(layout.placeOf(0)).toEqual({ x: 0, y: 40 });
    expect(layout.placeOf(3)).toEqual({ x: 330, y: 40 });
    expect(layout.placeOf(4)).toEqual({ x: 0, y: 150 });
    expect(layout.placeOf(5)).toEqual({ x: 0, y: 300 });
    expect(layout.height).toBe(400);
  });

  it('names for any band exactly the rows that touch it', () => {
    const layout = layoutOf(5, 1, 9);
    for (let top = -50; top < layout.height + 50; top += 7) {
      const [first, end] = layout.range(top, top + 120);
      for (let index = 0; index < 15; index++) {
        const { y } = layout.placeOf(index);
        if (y < top + 120 && y + 100 > top) expect(index >= first && index < end).toBe(true);
      }
      expect(end - first).toBeLessThanOrEqual(12);
    }
    expect(layout.range(-1_000, -500)).toEqual([0, 0]);
  });

  it('goes up and down in the column, over days, and stops at the ends', () => {
    const layout = layoutOf(6, 1, 3);
    expect(layout.rowsAway(3, 1)).toBe(5);
    expect(layout.rowsAway(5, 1)).toBe(6);
    expect(layout.rowsAway(6, 1)).toBe(7);
    expect(layout.rowsAway(9, -1)).toBe(6);
    expect(layout.rowsAway(6, -1)).toBe(4);
    expect(layout.rowsAway(0, -3)).toBe(0);
    expect(layout.rowsAway(0, 99)).toBe(7);
  });
});

const now = new Date(2026, 2, 15, 12).getTime();

function image(id: string, hoursAgo: number): Image {
  // The list reads no other members.
  return { id, name: id, createdAt: now - hoursAgo * 3_600_000 } as unknown as Image;
}

describe('the list of a grid', () => {
  const list = (): ImageList => new ImageList(({ createdAt }) => createdAt, () => now);

  it('is newest first in days, whatever order images come in, and knows each once', () => {
    const images = list();
    expect(images.add([image('old', 60), image('now', 0)])).toBe(2);
    expect(images.add([image('new', 1), image('now', 0), image('yesterday', 20)])).toBe(2);
    expect(images.shown.map(({ id }) => id)).toEqual(['now', 'new', 'yesterday', 'old']);
    expect(images.groups.map(({ title, start, count }) => [title, start, count])).toEqual([['Today', 0, 2], ['Yesterday', 2, 1], ['13 March 2026', 3, 1]]);
    images.take(new Set(['new']));
    expect(images.shown.map(({ id }) => id)).toEqual(['now', 'yesterday', 'old']);
    images.filterBy(({ id }) => id === 'old');
    expect([images.shown.length, images.total, images.indexOf('now'), images.indexOf('old')]).toEqual([1, 3, -1, 0]);
  });

  it('holds ten thousand images, and puts another in, in a blink', () => {
    const images = list();
    images.add(Array.from({ length: 10_000 }, (_, at) => image(String(at), at)));
    // The quickest of several: another process may have the processor meanwhile.
    const times = [1, 2, 3, 4, 5].map((another) => {
      const started = performance.now();
      images.add([image(`another ${String(another)}`, 1 - another / 10)]);
      return performance.now() - started;
    });
    expect(Math.min(...times)).toBeLessThan(100);
    expect(images.indexOf('another 5')).toBe(1);
  });

  it('looks at what is there no more, however many pieces a listing comes in', () => {
    const images = list();
    let asked = 0;
    const counted = (id: string, hoursAgo: number): Image => Object.defineProperty(image(id, hoursAgo), 'name', { get: () => { asked++; return id; } });
    for (let piece = 0; piece < 200; piece++) images.add(Array.from({ length: 50 }, (_, at) => counted(String(50 * piece + at), 50 * piece + at)));
    images.add([counted('equal', 9_999)]);
    expect(asked).toBeLessThan(10);
    expect(images.shown.map(({ id }) => id)).toEqual([...Array.from({ length: 10_000 }, (_, at) => String(at)), 'equal']);
    expect(images.groups.reduce((sum, { count }) => sum + count, 0)).toBe(10_001);
    expect(images.groups.every(({ start, count }, at) => start + count === (images.groups[at + 1]?.start ?? 10_001))).toBe(true);
    images.add([counted('also equal', 9_999)]);
    expect([images.indexOf('9999'), images.indexOf('also equal'), images.indexOf('equal'), asked < 30]).toEqual([9_999, 10_000, 10_001, true]);
    images.take(new Set(['also equal']));
    images.add([image('newer', 5.5)]);
    expect([images.indexOf('newer'), images.indexOf('6'), images.indexOf('9999')]).toEqual([6, 7, 10_000]);
    images.filterBy(({ id }) => id.endsWith('7'));
    images.add([image('10007', 10_007), image('10008', 10_008)]);
    expect([images.shown.at(-1)?.id, images.shown.length, images.total]).toEqual(['10007', 1_001, 10_004]);
  });

  it('says today and yesterday over the change of clocks and years', () => {
    const midnight = new Date(2026, 0, 1, 0, 5).getTime();
    expect(dayTitle(midnight - 600_000, midnight)).toBe('Yesterday');
    expect(dayTitle(new Date(2025, 11, 30, 23).getTime(), midnight)).toBe('30 December 2025');
  });
});

describe('a selection', () => {
  const order = ['a', 'b', 'c', 'd', 'e'];

  it('goes from the anchor to where it is extended, and takes a longer range back', () => {
    const selection = new Selection();
    selection.toggle('b');
    selection.extendTo('e', order);
    expect([...selection.ids].sort()).toEqual(['b', 'c', 'd', 'e']);
    selection.extendTo('a', order);
    expect([...selection.ids].sort()).toEqual(['a', 'b']);
    selection.toggle('b');
    expect([...selection.ids]).toEqual(['a']);
  });

  it('keeps what was chosen before a range, and takes one in where its anchor is gone', () => {
    const selection = new Selection();
    selection.toggle('a');
    selection.toggle('d');
    selection.extendTo('e', order);
    expect(selection.ids).toEqual(new Set(['a', 'd', 'e']));
    selection.extendTo('b', ['a', 'b', 'c']);
    expect(selection.has('b')).toBe(true);
  });
});

describe('keys of a grid', () => {
  const press = (key: string, held: Partial<Record<'shiftKey' | 'ctrlKey' | 'metaKey' | 'altKey', boolean>> = {}): unknown =>
    intentOf({ key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...held });

  it('mean moves, choices and removal, and leave the browser its own', () => {
    expect(press('ArrowDown', { shiftKey: true })).toEqual({ kind: 'move', by: 'row', step: 1, isExtending: true });
    expect(press('a', { ctrlKey: true })).toEqual({ kind: 'all' });
    expect(press('A', { metaKey: true })).toEqual({ kind: 'all' });
    expect([press('ArrowLeft', { altKey: true }), press('c', { ctrlKey: true }), press('Home', { ctrlKey: true }), press('x')]).toEqual([undefined, undefined, undefined, undefined]);
  });
});
