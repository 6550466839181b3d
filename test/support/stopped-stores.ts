/**
 * Stores whose machine stops, each with an account, for one test: they are ended after it.
 */
import { afterEach } from '@jest/globals';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { StoppedStore } from './stopped-store.js';

/** What a comparison answers that found nothing to bring back. */
export const nothingBroughtBack = { accounts: 0, blocks: 0, images: 0, removals: 0, moved: 0, incomplete: 0 };

/** A function that makes such a store, and an account in it. */
export function stoppedStores(): () => Promise<{ readonly stopped: StoppedStore; readonly ada: AccountId }> {
  const made: StoppedStore[] = [];
  afterEach(async () => {
    for (const stopped of made.splice(0)) await stopped.end();
  });
  return async () => {
    const stopped = await StoppedStore.make();
    made.push(stopped);
    await stopped.start();
    return { stopped, ada: await stopped.register('ada') };
  };
}
