/**
 * What can be seen of a real store, in the words of the model.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { asRehash, type AccountId } from '../../client-sdk/protocol/ids.js';
import type { Parts, Services } from '../../server/core/contract.js';
import { createServices } from '../../server/core/services.js';
import { accountIds, blockOfRehash, imageIdOf } from './model-names.js';
import { textOfView } from './store-model.js';

/** All that can be seen of a store, as `viewOf` tells it of a model. `committed`: numbers of all images that may be there. */
export async function viewOfStore(parts: Parts, committed: Iterable<number>): Promise<string> {
  const { stores } = parts;
  const services = createServices(parts);
  const accounts: unknown[] = [];
  const images: [number, number, number, number | null][] = [];
  const numbers = new Map([...committed].map((image) => [imageIdOf(image), image]));
  for (const [account, accountId] of accountIds.entries()) {
    for (const isTrash of [false, true]) {
      for (const row of await stores.images.list(accountId, { isTrash, after: undefined, limit: 1_000 })) images.push([numbers.get(row.imageId) ?? -1, account, row.createdAt, row.trashedAt ?? null]);
    }
    const row = await stores.accounts.find(accountId);
    accounts.push(row === undefined ? 'none' : { keyring: row.keyringRevision, usage: await usageOf(services, accountId) });
  }
  const blocks: [number, boolean, boolean][] = [];
  for (const { rehash, state } of await stores.tags.list(undefined, 1_000)) {
    blocks.push([blockOfRehash.get(hexOf(rehash)) ?? -1, state === 'live', (await stores.images.referrers(asRehash(rehash), 1)).length > 0]);
  }
  // Those that are over and not yet dropped count.
  const { uploads } = await stores.state.countOpen(0);
  return textOfView({ accounts, images, blocks, uploads, isHeld: await stores.state.isHeld() });
}

async function usageOf(services: Services, accountId: AccountId): Promise<unknown> {
  const { images, trashedImages, blocks, cipherBytes, manifestBytes, entryBytes, previewBytes, sessionBytes, usedBytes, receivedBytes } = await services.report.usage(accountId);
  return { images, trashedImages, blocks, cipherBytes, manifestBytes, entryBytes, previewBytes, sessionBytes, usedBytes, receivedBytes };
}
