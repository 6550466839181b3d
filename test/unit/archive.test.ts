/**
 * An archive of images where the list ends with the word that the server hides something: what is there is in it, and FAILED.txt says what is wrong.
 */
import { describe, expect, it } from '@jest/globals';
import type { DiceClient, Image } from '../../client-sdk/api.js';
import { archiveImages } from '../../client-sdk/browser/archive.js';
import type { ArchiveUpdate } from '../../client-sdk/browser/page-calls.js';
import { type DiceErrorCode, fault } from '../../client-sdk/core/errors.js';
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import { codeOf } from '../support/sdk-client.js';

/** A client whose list of two images ends with `end`. */
function clientOf(end: DiceErrorCode): DiceClient {
  const images = ['a.txt', 'b.txt'].map((name, i) => ({ id: String(i), name, size: 5, createdAt: 1_700_000_000_000 }) as unknown as Image); // all that an archive reads of an image
  const client = {
    async *list() {
      yield* await Promise.resolve(images);
      throw fault(end as 'cancelled', 'So it is.'); // a code of the client's own table
    },
    async *download() { yield await Promise.resolve(utf8('bytes')); },
  };
  return client as unknown as DiceClient; // all that an archive asks of a client
}

async function archived(end: DiceErrorCode, ids: readonly string[] | 'all'): Promise<readonly ArchiveUpdate[]> {
  const updates: ArchiveUpdate[] = [];
  for await (const update of archiveImages(clientOf(end), { ids, target: undefined }, {})) updates.push(update);
  return updates;
}

describe('an archive of a list that ends with a word of the account head', () => {
  it.each<readonly string[] | 'all'>(['all', ['0', '1', '2']])('has what is there, of %j', async (ids) => {
    const updates = await archived('image-omitted', ids);
    expect(updates).toContainEqual(expect.objectContaining({ kind: 'failed', name: 'The list', fault: expect.objectContaining({ code: 'image-omitted' }) as unknown }));
    const done = updates.find((update) => update.kind === 'done');
    expect(done?.images).toBe(2);
    expect(await done?.blob?.text()).toMatch(/"The list": The server does not have, or does not show/);
  });

  it('is none where the list broke off for another reason', async () => {
    expect(await codeOf(archived('server-unreachable', 'all'))).toBe('server-unreachable');
  });
});
