/** How much the account stores, in words, and as a meter where it has a quota. Part of the account page. */
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import type { Usage } from '../../../client-sdk/protocol/messages.js';
import { byId, el } from './dom.js';
import { bytes, percent, things } from './format.js';

/** Reads and shows it. */
export async function showStorage(client: PageClient): Promise<Usage> {
  const usage = await client.call('usage', undefined);
  const { usedBytes, quotaBytes, images, trashedImages } = usage;
  const sentences = [
    quotaBytes === undefined ? `${bytes(usedBytes)} used. There is no quota.` : `${bytes(usedBytes)} of ${bytes(quotaBytes)} used (${percent(usedBytes / Math.max(1, quotaBytes))}).`,
    `${things(images, 'image')}, of which ${String(trashedImages)} in the trash. The trash counts until it is emptied.`,
  ];
  byId('quota', HTMLElement).replaceChildren(
    ...(quotaBytes === undefined ? [] : [meter(usedBytes, quotaBytes)]),
    ...sentences.map((sentence) => el('p', {}, sentence)),
  );
  return usage;
}

function meter(usedBytes: number, quotaBytes: number): HTMLElement {
  const max = Math.max(1, quotaBytes);
  return el('meter', { min: 0, max, low: max * 0.8, high: max * 0.95, optimum: 0, value: Math.min(max, usedBytes), 'aria-label': 'Used share of the quota' });
}
