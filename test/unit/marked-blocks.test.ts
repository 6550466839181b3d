/**
 * Blocks found by the marks of a manifest record, also where T1s or whole marks are alike.
 */
import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { compareBytes } from '../../client-sdk/protocol/bytes.js';
import { asRehash, type Rehash } from '../../client-sdk/protocol/ids.js';
import { markOf } from '../../server/core/image-record.js';
import { rehashesOf } from '../../server/core/marked-blocks.js';
import type { Parts } from '../../server/core/contract.js';

const digest = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest());
const recordId = new Uint8Array(16).fill(3);

/** A T1 that begins with the bytes of `prefix`. */
function rehashFrom(prefix: number, number: number): Rehash {
  const bytes = digest(Buffer.from(String(number)));
  new DataView(bytes.buffer).setUint32(0, prefix);
  return asRehash(bytes);
}

/** An index that holds `rows`; all else is not asked. */
function partsOf(rows: readonly Rehash[], sha256: (bytes: Uint8Array) => Uint8Array): Pick<Parts, 'stores' | 'world'> {
  const sorted = [...rows].sort(compareBytes);
  const list = (after: Rehash | undefined, limit: number): Promise<readonly { readonly rehash: Rehash }[]> =>
    Promise.resolve(sorted.filter((rehash) => after === undefined || compareBytes(rehash, after) > 0).slice(0, limit).map((rehash) => ({ rehash })));
  return { stores: { tags: { list } }, world: { hasher: { sha256 } } } as unknown as Pick<Parts, 'stores' | 'world'>; // nothing else is used
}

function find(rows: readonly Rehash[], wanted: readonly Rehash[], sha256 = digest): ReturnType<typeof rehashesOf> {
  const marks = [...wanted].sort(compareBytes).map((rehash) => markOf(sha256, recordId, rehash));
  return rehashesOf(partsOf(rows, sha256), { recordId, marks });
}

describe('blocks found by their marks', () => {
  it('are those that were marked, from the first T1 that can be to the last', async () => {
    const rows = [0, 1, 255, 256, 0x00ffffff, 0x01000000, 0xfffffffe, 0xffffffff].map((prefix) => rehashFrom(prefix, prefix));
    expect(await find(rows, rows)).toEqual({ rehashes: rows, isComplete: true });
    for (const row of rows) expect(await find(rows, [row])).toEqual({ rehashes: [row], isComplete: true });
    expect(await find(rows, [])).toEqual({ rehashes: [], isComplete: true });
  });

  it('are told from thousands that begin alike', async () => {
    const rows = Array.from({ length: 3_000 }, (_, number) => rehashFrom(77, number)).sort(compareBytes);
    const wanted = rows.filter((_, index) => index % 1_000 === 500 || index === 2_999);
    expect(await find(rows, wanted)).toEqual({ rehashes: wanted, isComplete: true });
  });

  it('are named as incomplete where one is gone', async () => {
    const [here, gone, alike] = [rehashFrom(5, 1), rehashFrom(9, 2), rehashFrom(9, 3)];
    expect(await find([here, alike], [here, gone])).toEqual({ rehashes: [here], isComplete: false });
    expect(await find([], [gone])).toEqual({ rehashes: [], isComplete: false });
  });

  it('are all kept where whole marks are alike', async () => {
    const rows = Array.from({ length: 20 }, (_, number) => rehashFrom(6, number)).sort(compareBytes);
    const constant = (): Uint8Array => new Uint8Array(32);
    expect(await find(rows, rows.slice(3, 4), constant)).toEqual({ rehashes: rows, isComplete: true });
  });
});
