/**
 * Files of one upload with the same bytes under different names: the first is taken apart and sent, the others become images of their own
 * that refer to the same blocks. Where the server lacks these, the file is taken apart as if it were the first.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import type { UploadEvent } from '../../client-sdk/api.js';
import { bytesForUpload } from '../../client-sdk/memory-file.js';
import type { Fetch } from '../../client-sdk/ports.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { downloaded, registered, uploaded } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
const picture = pngOf(photograph(200, 150, 9));
const names = ['a.png', 'b.png', 'c.png', 'd.png'];
let server: TestServer;

beforeAll(async () => {
  server = await startServer({ graceMs: 0 });
});

afterAll(async () => {
  await server.close();
});

describe.each(['bytes', 'auto'] as const)('equal files that go as %s', (splitter) => {
  it('become images of their own, of which one brought the blocks', async () => {
    const client = await registered(server.url, `equal-${splitter}`, { profileDir: await makeDirectory() });
    const results = [...(await uploaded(client, Object.fromEntries(names.map((name) => [name, picture])), { splitter })).values()];
    expect(results.map(({ status }) => status)).toEqual(names.map(() => 'stored'));
    expect(new Set(results.map(({ id }) => id)).size).toBe(names.length);
    expect(results.filter(({ blocksSent }) => blocksSent > 0)).toHaveLength(1);
    expect(new Set(results.map(({ blocks, flatTiles, patchedTiles }) => `${String(blocks)} ${String(flatTiles)} ${String(patchedTiles)}`)).size).toBe(1);
    for (const { id, sentBytes, blocksSent } of results) {
      expect(await downloaded(client, id ?? '')).toEqual(picture);
      if (blocksSent === 0) expect(sentBytes).toBeLessThan(4_000);
    }
    const [first, second] = results;
    await client.remove(first?.id ?? '');
    await client.purge(first?.id ?? '');
    await server.services.sweep.sweep({ isThorough: true });
    expect(await downloaded(client, second?.id ?? '')).toEqual(picture);
    const again = await uploaded(client, { 'b.png': picture, 'a.png': picture }, { splitter });
    expect([...again.values()].map(({ name, status }) => `${name} ${status}`).sort()).toEqual(['a.png stored', 'b.png known']);
  });
});

it('shows every tile of an equal picture as stored', async () => {
  const client = await registered(server.url, 'equal-tiles', { profileDir: await makeDirectory() });
  const events: UploadEvent[] = [];
  for await (const result of client.upload(names.map((name) => bytesForUpload(name, picture)), { onProgress: (event) => { events.push(event); } })) expect(result.status).toBe('stored');
  const statesOf = (name: string): readonly string[] => events.flatMap((event) => (event.kind === 'tile' && event.file === name ? [event.state] : []));
  const [first, ...others] = names.map(statesOf).sort((a, b) => Number(b.includes('new')) - Number(a.includes('new')));
  expect(first).toContain('new');
  for (const states of others) {
    expect(states).toHaveLength(first?.length ?? 0);
    expect(new Set(states)).toEqual(new Set(['stored']));
  }
});

it('takes an equal file apart after all where the server lacks blocks of the first', async () => {
  let answers = 0;
  const lying: Fetch = async (url, init) => {
    const response = await fetch(url, init);
    if (!url.endsWith('/commits') || ++answers !== 2) return response;
    // What the route answers.
    const { results } = (await response.json()) as { readonly results: readonly { readonly imageId: string }[] };
    return Response.json({ results: results.map(({ imageId }) => ({ imageId, status: 'blocks-missing' })) });
  };
  const client = await registered(server.url, 'equal-gone', { profileDir: await makeDirectory(), fetch: lying });
  const split: string[] = [];
  const onProgress = (event: UploadEvent): void => {
    if (event.kind === 'phase' && event.phase === 'splitting' && !split.includes(event.file)) split.push(event.file);
  };
  const statuses: string[] = [];
  for await (const { id, status } of client.upload(names.map((name) => bytesForUpload(name, picture)), { filesInFlight: 1, onProgress })) {
    statuses.push(status);
    expect(await downloaded(client, id ?? '')).toEqual(picture);
  }
  expect(statuses).toEqual(names.map(() => 'stored'));
  expect(split).toEqual(['a.png', 'b.png']);
});
