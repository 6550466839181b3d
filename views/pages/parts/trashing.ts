/**
 * Many images to the trash, back, or gone for good: a few at a time, with progress, and what failed is told. The grid keeps what is
 * still there.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import { byId, show } from './dom.js';
import { count, things } from './format.js';
import { each, type ManyOutcome } from './many.js';
import { messageOf } from './messages.js';
import { telling } from './offer.js';
import { isSessionEnd, showPageError } from './shell.js';
import { shownName } from './tiles.js';

const atOnce = 6;
/** Fewer than that are done before anybody could read how far it is. */
const toldFrom = 9;

/** What is done with the images, as the page says it. */
export interface Sweep {
  readonly call: 'remove' | 'restore' | 'purge';
  /** `Moving to the trash` */
  readonly doing: string;
  /** `could not be moved to the trash` */
  readonly failed: string;
}

export const toTrash: Sweep = { call: 'remove', doing: 'Moving to the trash', failed: 'could not be moved to the trash' };
export const toGallery: Sweep = { call: 'restore', doing: 'Restoring', failed: 'could not be restored' };
export const forGood: Sweep = { call: 'purge', doing: 'Removing for good', failed: 'could not be removed' };

/** Does it to every image; `failed` of the answer are told on the page already. The session's end leads to the log in. */
export async function sweep(client: PageClient, images: readonly Image[], { call, doing, failed }: Sweep): Promise<ManyOutcome<Image>> {
  const place = byId('page-error', HTMLElement);
  show(place, false);
  const progress = images.length < toldFrom ? undefined : telling(`${doing}…`);
  const outcome = await each(images, async ({ id }) => { await client.call(call, id); }, {
    atOnce,
    isEnd: isSessionEnd,
    onDone: (done) => { progress?.say(`${doing}: ${count(done)} of ${count(images.length)}`); },
  });
  progress?.end();
  if (isSessionEnd(outcome.firstError)) showPageError(outcome.firstError);
  else if (outcome.failed.length > 0) {
    place.textContent = `${namesOf(outcome.failed)} ${failed}. ${messageOf(outcome.firstError)}`;
    show(place, true);
  }
  return outcome;
}

/** The one by its name, several by their number. */
export function namesOf(images: readonly Image[]): string {
  const [first] = images;
  return images.length === 1 && first !== undefined ? shownName(first.name) : things(images.length, 'image');
}

/** `is` of one, `are` of several. */
export function are(images: readonly Image[]): string {
  return images.length === 1 ? 'is' : 'are';
}
