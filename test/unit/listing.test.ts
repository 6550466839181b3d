/**
 * The listing of many images: pages on their way while others are opened, entries opened in threads, and what is wrong met in its turn.
 */
import { describe, expect, it } from '@jest/globals';
import type { Connection } from '../../client-sdk/connection.js';
import { listImages } from '../../client-sdk/listing.js';
import { findImage } from '../../client-sdk/named-image.js';
import { Library } from '../support/memory-library.js';

async function libraryOf(count: number): Promise<Library> {
  const library = new Library();
  for (let number = 1; number <= count; number++) await library.store(number);
  return library;
}

async function names(connection: Connection, most = Infinity): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const { entry } of listImages(connection, {})) {
    found.push(entry.name);
    if (found.length === most) break;
  }
  return found;
}

describe('a listing', () => {
  it('gives every image once, newest first, in threads as without them', async () => {
    const library = await libraryOf(1_100);
    const expected = Array.from({ length: 1_100 }, (_, at) => `picture ${String(1_100 - at)}.png`);
    expect(await names(library.connection())).toEqual(expected);
    const local = library.spent().entries;
    const threaded = library.connection(undefined, 4);
    expect(await names(threaded)).toEqual(expected);
    // Those that were opened in threads, or before these were worth their start, were not opened by what counts here.
    expect([local, library.spent().entries < 1_000]).toEqual([1_100, true]);
    await threaded.platform.close?.();
  });

  it('asks for one page where somebody wants the first images alone', async () => {
    const library = await libraryOf(1_100);
    expect(await names(library.connection(), 10)).toHaveLength(10);
    const { asked, entries } = library.spent();
    expect(asked).toEqual(['listImages']);
    expect(entries).toBeLessThan(50);
  });

  it('gives what comes before an entry that does not open, and then says so', async () => {
    const library = await libraryOf(700);
    const { cards } = library;
    const at = 600;
    cards.splice(at, 1, { ...(cards[at] as (typeof cards)[number]), entry: (cards[at + 1] as (typeof cards)[number]).entry }); // both are there
    const found: string[] = [];
    const all = (async () => { for await (const { entry } of listImages(library.connection(), {})) found.push(entry.name); })();
    await expect(all).rejects.toMatchObject({ code: 'sealed-invalid' });
    expect(found).toHaveLength(at);
  });

  it('ends where it is cancelled, though the server goes on', async () => {
    const library = await libraryOf(600);
    const stop = new AbortController();
    let count = 0;
    const all = (async () => { for await (const { card } of listImages(library.connection(), { signal: stop.signal })) if (card.blocks === 1 && ++count === 40) stop.abort(); })();
    await expect(all).rejects.toMatchObject({ code: 'cancelled' });
    expect(count).toBe(40);
  });

  it('is not asked for where an image is named by its id', async () => {
    const library = await libraryOf(3);
    const [id] = library.cards.map(({ imageId }) => imageId);
    expect(await findImage(library.connection(), id ?? '', {})).toMatchObject({ id, name: 'picture 3.png' });
    expect(library.spent()).toEqual({ asked: ['readImage'], entries: 1 });
    expect(await findImage(library.connection(), 'picture 2.png', {})).toMatchObject({ name: 'picture 2.png' });
  });
});
