/**
 * A device that comes back after so long that the server has forgotten the heads that followed the one it remembers: thousands of
 * heads on a real server. Bounds of such a gap, shown by hand: test/integration/head-forks.test.ts. SPEC.md section 14.
 */
import { expect, it } from '@jest/globals';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { keptHeads, maxPageHeads } from '../../client-sdk/protocol/limits.js';
import { createHeads } from '../../server/core/heads.js';
import { servedDevices } from '../support/devices.js';

const devices = servedDevices();

it('a device follows all heads that an honest server keeps, where those before are gone', async () => {
  const { username, phone, heads } = await devices.person();
  await heads.follow({ keyringRevision: 1, revision: 1 });
  const laptop = await devices.login(username);
  expect((await laptop.client.head())?.counter).toBe(1);
  const service = createHeads(devices.server.store.parts);
  const accountId = phone.client.account?.accountId as AccountId; // the SDK has it from the server
  let before = await heads.newest();
  while (before !== undefined && before.counter < keptHeads + 2) {
    const { head, sealed } = await heads.after(before);
    await service.replace(accountId, { counter: head.counter, head: sealed, leaves: new Uint8Array(), root: head.root });
    before = head;
  }
  expect((await service.list(accountId, 1)).heads[0]?.counter).toBe(3);
  laptop.asked.length = 0;
  expect((await laptop.client.head())?.counter).toBe(keptHeads + 2);
  expect(laptop.asked.filter((asked) => asked === 'GET /account/heads')).toHaveLength(Math.ceil(keptHeads / maxPageHeads));
});
