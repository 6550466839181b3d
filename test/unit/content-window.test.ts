/**
 * Contents of an image as a join in a thread takes them: whole windows, given away once, and a bad block only when its turn comes.
 */
import { describe, expect, it } from '@jest/globals';
import { ContentWindow } from '../../client-sdk/content-window.js';
import type { BlockOutcome } from '../../client-sdk/block-fetcher.js';
import type { BlockRef, ContentRef } from '../../client-sdk/core/block-list.js';
import { openDomain } from '../../client-sdk/core/domain.js';
import { DiceError, integrityFault } from '../../client-sdk/core/errors.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { asTag } from '../../client-sdk/protocol/ids.js';

function refOf(name: number): BlockRef {
  return { kind: 'block', tag: asTag(new Uint8Array(32).fill(name)), key: new Uint8Array(32), domain: openDomain.id };
}

/** A server that has these blocks, some of them bad; tells what it was asked for. */
function fetcherOf(bad: readonly number[] = [], left: readonly number[] = []): { readonly asked: number[][]; fetch(refs: readonly BlockRef[]): Promise<ReadonlyMap<string, BlockOutcome>> } {
  const asked: number[][] = [];
  return {
    asked,
    fetch: (refs) => {
      const names = [...new Set(refs.map(({ tag }) => tag[0] ?? 0))];
      asked.push(names);
      const known = names.filter((name) => names.length === 1 || !left.includes(name));
      return Promise.resolve(new Map(known.map((name): [string, BlockOutcome] => {
        const ref = refOf(name);
        return [hexOf(ref.tag), bad.includes(name) ? { ref, error: integrityFault('tag', 'Of another.') } : { ref, content: new Uint8Array(2_000).fill(name) }];
      })));
    },
  };
}

async function namesOf(window: ContentWindow, index: number): Promise<readonly (number | undefined)[]> {
  return (await window.take(index)).map((content) => content[0]);
}

const names = [1, 2, 3, 1, 4, 2];
const refs: readonly ContentRef[] = names.map(refOf);

describe('contents that are taken', () => {
  it('come as one window, equal ones as the same bytes', async () => {
    const fetcher = fetcherOf();
    const window = new ContentWindow(fetcher, refs);
    const taken = await window.take(0);
    expect(taken.map((content) => content[0])).toEqual(names);
    expect(taken[3]).toBe(taken[0]);
    expect(fetcher.asked).toEqual([[1, 2, 3, 4]]);
  });

  it('are not kept: who goes back asks the server once more', async () => {
    const fetcher = fetcherOf();
    const window = new ContentWindow(fetcher, refs);
    await window.take(0);
    expect(await namesOf(window, 4)).toEqual([4, 2]);
    expect(fetcher.asked).toEqual([[1, 2, 3, 4], [4, 2]]);
  });

  it('end before a bad block, which fails with its index when its turn comes, and go on after it', async () => {
    const told: number[] = [];
    const fetcher = fetcherOf([3]);
    const window = new ContentWindow(fetcher, refs, (_outcome, index) => { told.push(index); });
    expect(await namesOf(window, 0)).toEqual([1, 2]);
    const failure: unknown = await window.take(2).catch((thrown: unknown) => thrown);
    expect(failure).toBeInstanceOf(DiceError);
    expect((failure as DiceError).extra).toMatchObject({ step: 'tag', contentIndex: 2 });
    // 1 and 2 were given away.
    expect(await namesOf(window, 3)).toEqual([1]);
    expect(await namesOf(window, 4)).toEqual([4]);
    expect(await namesOf(window, 5)).toEqual([2]);
    expect(told.slice(0, 6)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(fetcher.asked).toEqual([[1, 2, 3, 4], [1], [2]]);
  });

  it('that a window had no room for are asked for alone', async () => {
    const fetcher = fetcherOf([], [2]);
    const window = new ContentWindow(fetcher, refs);
    expect(await namesOf(window, 0)).toEqual([1]);
    expect(await namesOf(window, 1)).toEqual([2]);
    expect(await namesOf(window, 2)).toEqual([3]);
    expect(fetcher.asked).toEqual([[1, 2, 3, 4], [2]]);
  });

  it('of no image are refused', async () => {
    const window = new ContentWindow(fetcherOf(), refs);
    await expect(window.take(6)).rejects.toMatchObject({ code: 'recipe-invalid' });
    await expect(new ContentWindow(fetcherOf(), []).take(0)).rejects.toMatchObject({ code: 'recipe-invalid' });
    await window.close();
  });
});
