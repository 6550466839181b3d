/**
 * What a person types to find images. Pure: no page, no server.
 */
import { describe, expect, it } from '@jest/globals';
import type { Image } from '../../client-sdk/browser/page.js';
import { filterOf } from '../../views/pages/parts/image-search.js';

const now = new Date(2026, 2, 15, 12).getTime();

function image(name: string, day = '2026-03-12', type = 'image/png'): Image {
  const [year = 0, month = 1, date = 1] = day.split('-').map(Number);
  const at = new Date(year, month - 1, date, 23, 30).getTime();
  // A search reads no other members.
  return { name, type, createdAt: now, modifiedAt: at } as Image;
}

function finds(query: string, ...images: readonly Image[]): readonly string[] {
  const filter = filterOf(query, now);
  if (filter === undefined) throw new Error(`no filter: ${query}`);
  return images.filter(filter).map(({ name }) => name);
}

describe('the search', () => {
  it('asks for nothing where nothing is typed', () => {
    expect([filterOf('', now), filterOf('  ', now), filterOf('""', now)]).toEqual([undefined, undefined, undefined]);
  });

  it('finds words anywhere in path and name, all of them, whatever their case and accents', () => {
    const images = [image('Holiday/Hafen Übersicht.PNG'), image('holiday/harbour.png'), image('Straße/œuvre.png')];
    expect(finds('HOLIDAY uber', ...images)).toEqual(['Holiday/Hafen Übersicht.PNG']);
    expect(finds('hölidäy', ...images)).toHaveLength(2);
    expect(finds('strasse OEUVRE', ...images)).toEqual(['Straße/œuvre.png']);
    expect(finds('"n ubersicht"', ...images)).toHaveLength(1);
    expect(finds('"ubersicht hafen"', ...images)).toEqual([]);
  });

  it('knows patterns of stars, on the name and on the whole path', () => {
    const images = [image('a/scan 1.png'), image('a/scan 2.tiff'), image('png/x.txt')];
    expect(finds('*.png', ...images)).toEqual(['a/scan 1.png']);
    expect(finds('scan*', ...images)).toHaveLength(2);
    expect(finds('a/*', ...images)).toHaveLength(2);
    expect(finds('x.???', ...images)).toEqual(['png/x.txt']);
  });

  it('is done at once with a pattern that would keep a naive one busy for ever', () => {
    const started = performance.now();
    expect(finds(`${'*a'.repeat(40)}b`, image('a'.repeat(800)))).toEqual([]);
    expect(performance.now() - started).toBeLessThan(200);
  });

  it('knows types by their own name and by the ending', () => {
    const images = [image('x', undefined, 'image/jpeg'), image('y.JPG', undefined, 'application/octet-stream'), image('jpeg notes.txt', undefined, 'text/plain')];
    expect(finds('type:jpeg', ...images)).toEqual(['x', 'y.JPG']);
    expect(finds('type:jpg', ...images)).toEqual(['x', 'y.JPG']);
  });

  it('knows days, months and years in figures and in words', () => {
    const images = [image('a', '2026-03-12'), image('b', '2026-03-02'), image('c', '2025-03-12'), image('d', '2026-11-12')];
    const old = images.map((each) => ({ ...each, createdAt: new Date(1999, 0, 1).getTime() }));
    expect(finds('2026-03', ...old)).toEqual(['a', 'b']);
    expect(finds('2026-3-2', ...old)).toEqual(['b']);
    expect(finds('2025', ...old)).toEqual(['c']);
    expect(finds('march', ...old)).toEqual(['a', 'b', 'c']);
    expect(finds('March 2026', ...old)).toEqual(['a', 'b']);
    expect(finds('12 march', ...old)).toEqual(['a', 'c']);
    expect(finds('Mar 12 2026', ...old)).toEqual(['a']);
    expect(finds('a 12th march 2026', ...old)).toEqual(['a']);
    expect(finds('2026-1', ...old)).toEqual([]);
  });

  it('finds the same letters in a name too: a year or a month may be a part of it', () => {
    const old = { ...image('march of 2026-03.png', '1999-01-01'), createdAt: 0 };
    expect(finds('2026-03', old)).toHaveLength(1);
    expect(finds('march', old)).toHaveLength(1);
    expect(finds('12 march', old)).toHaveLength(0);
  });

  it('knows today and yesterday, by the day of storing too', () => {
    expect(finds('today', image('stored today', '2020-01-01'))).toHaveLength(1);
    expect(finds('yesterday', image('of yesterday', '2026-03-14'), image('old', '2026-03-13'))).toEqual(['of yesterday']);
  });
});
