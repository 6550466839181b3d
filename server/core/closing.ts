/**
 * Closing an account: first the rows say so, in one transaction, then a record in the packs, then images and references go step by
 * step. The collector goes on with what was interrupted. server/DESIGN.md (Order) says why the row comes first here.
 */
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { ClosingAccount } from '../ports/account-store.js';
import type { Parts, Stop } from './contract.js';
import { appendRemoval } from './records.js';

const batchAccounts = 100;
/** Images of one transaction: an image may have many thousand references, and others wait. */
const batchImages = 20;

/** Closes the account; nothing of it is left when it resolves but blocks for the collector. Throws Refusal `unauthenticated` where it is gone. */
export async function closeAccount(parts: Parts, accountId: AccountId): Promise<void> {
  const closedAt = parts.world.clock.now();
  if (!(await parts.stores.accounts.close(accountId, closedAt))) throw new Refusal('unauthenticated');
  await finish(parts, { accountId, closedAt, isRecorded: false });
}

/** Goes on with closings that were interrupted, and clears what a late request wrote for a closed account. */
export async function finishClosings(parts: Parts, stop: Stop | undefined): Promise<void> {
  for (;;) {
    const closing = await parts.stores.accounts.listClosing(batchAccounts);
    for (const account of closing) {
      if (stop?.aborted === true) return;
      await finish(parts, account);
    }
    if (closing.length < batchAccounts) return;
  }
}

/** Removes all images of a closed account, and all else. */
export async function clearAccount(parts: Pick<Parts, 'stores' | 'world'>, accountId: AccountId): Promise<void> {
  const step = { now: parts.world.clock.now(), limit: batchImages };
  while (!(await parts.stores.accounts.clear(accountId, step)));
}

async function finish(parts: Parts, { accountId, closedAt, isRecorded }: ClosingAccount): Promise<void> {
  if (!isRecorded) {
    await appendRemoval(parts, { kind: 'closed', accountId, at: closedAt });
    await parts.stores.accounts.noteClosed(accountId);
  }
  await clearAccount(parts, accountId);
}
