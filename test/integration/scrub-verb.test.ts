/**
 * A scrub as the operator meets it where it is interrupted, or fails.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { scrub } from '../../server/cli/scrub.js';
import { scrubStore } from '../../server/core/scrub.js';
import { blocksOf, CoreStore, inFrontOf } from '../support/core-store.js';

let store: CoreStore;

afterEach(async () => {
  await store.close();
});

describe('dice-admin scrub', () => {
  it('says that it lost more than it names, where it goes on', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    await store.store(accountId, blocksOf(30));
    const [first] = await store.parts.stores.tags.list(undefined, 1);
    // One whose bytes are nowhere.
    if (first !== undefined) store.flipRecord(first.place);
    const stop = new AbortController();
    const said: string[] = [];
    const bench = { store, stop: stop.signal, say: (line: string) => { said.push(line); } };
    expect(await scrub({ ...bench, form: 'text', print: (line) => { if (line.startsWith('lost:')) stop.abort(); } }, {})).toBe(4);
    expect(said).toEqual([expect.stringContaining('goes on where it stopped')]);
    let document = '';
    expect(await scrub({ ...bench, stop: new AbortController().signal, form: 'json', print: (line) => { document += line; } }, {})).toBe(4);
    expect(JSON.parse(document)).toMatchObject({ isComplete: true, lost: 1, list: [] });
    expect(said.slice(1)).toEqual([expect.stringMatching(/^Goes on/), expect.stringMatching(/^Of what is lost, 1 was met before/)]);
  });

  it('says that it found what it named as lost', async () => {
    store = await CoreStore.open();
    const { accountId } = await store.register();
    await store.store(accountId, blocksOf(3));
    const [first] = await store.parts.stores.tags.list(undefined, 1);
    store.run('UPDATE tag SET offset = offset + 1 WHERE t1 = ?', first?.rehash);
    const said: string[] = [];
    const lost: string[] = [];
    const bench = { store, stop: new AbortController().signal, form: 'text' as const, say: (line: string) => { said.push(line); }, print: (line: string) => { if (line.startsWith('lost:')) lost.push(line); } };
    expect(await scrub(bench, {})).toBe(0);
    expect([lost.length, said]).toEqual([1, [expect.stringMatching(/^Of what is named here as lost, 1 was found elsewhere/)]]);
  });
});

describe('a scrub that can keep nothing', () => {
  it('fails by what failed first', async () => {
    let isOut = false;
    store = await CoreStore.open({}, (stores) => ({
      ...stores,
      images: inFrontOf(stores.images, { listAll: () => { isOut = true; return Promise.reject(new Error('the disk sulks')); } }),
      state: inFrontOf(stores.state, { write: (name, value) => (isOut ? Promise.reject(new Error('and goes on')) : stores.state.write(name, value)) }),
    }));
    await store.register();
    await expect(scrubStore(store.parts, { onLost: () => undefined })).rejects.toThrow('the disk sulks');
  });
});
