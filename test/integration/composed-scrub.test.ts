/**
 * The server as it is composed scrubs its store by itself. When and how fast: scrub-schedule.test.ts.
 */
import { expect, it } from '@jest/globals';
import { lastScrub } from '../../server/core/last-scrub.js';
import { rawBlock, registerRaw, storeRaw } from '../support/raw-account.js';
import { startServer } from '../support/running-server.js';

it('a composed server scrubs beside its service, as its configuration says, and logs it', async () => {
  const server = await startServer({ scrubPeriodMs: 20 });
  try {
    await storeRaw(server.url, await registerRaw(server.url, 'ada'), [rawBlock()]);
    const last = (): ReturnType<typeof lastScrub> => lastScrub(server.store.parts.stores.state);
    // One that began before has not read the block.
    const until = performance.now() + 20_000;
    while ((await last())?.blocks !== 1 && performance.now() < until) await new Promise((resolve) => { setImmediate(resolve); });
    expect(await last()).toMatchObject({ blocks: 1, lost: 0 });
  } finally {
    await server.close();
  }
  const said = server.logText().split('\n').filter((line) => line.includes('"msg":"scrub"')).map((line) => JSON.parse(line) as unknown);
  expect(said).toContainEqual(expect.objectContaining({ blocks: 1, lost: 0, lostRecords: 0 }));
}, 30_000);
