/**
 * Saving what a person chose in a grid: one image as its file, several as an archive, with progress, a way to stop, and what failed
 * told in the end.
 */
import type { Image } from '../../../client-sdk/browser/page.js';
import type { PageClient } from '../../../client-sdk/browser/page-client.js';
import { saveArchive, type ArchiveOutcome } from './archive.js';
import { byId, show } from './dom.js';
import { bytes, count, things } from './format.js';
import { telling } from './offer.js';
import { directBytes, saveImage } from './save.js';
import { showPageError, toast } from './shell.js';
import { shownName } from './tiles.js';

/** Saves them; call it inside a click. A failure is told on the page. */
export function saveChosen(client: PageClient, images: readonly Image[]): void {
  const [first] = images;
  if (first === undefined) return;
  show(byId('page-error', HTMLElement), false);
  const saving = images.length === 1 ? saveOne(client, first) : saveSeveral(client, images);
  saving.catch(showPageError);
}

async function saveOne(client: PageClient, image: Image): Promise<void> {
  const controller = new AbortController();
  const name = shownName(image.name);
  const told = image.size < directBytes ? undefined : telling(`Saving ${name}…`, { text: 'Cancel', run: () => { controller.abort(); } });
  try {
    const isSaved = await saveImage(client, image, { signal: controller.signal, onProgress: (done) => { told?.say(`${name}: ${bytes(done)} of ${bytes(image.size)}`); } });
    if (isSaved && told !== undefined) toast(`${name} is saved: bit for bit what was stored.`);
  } finally {
    told?.end();
  }
}

async function saveSeveral(client: PageClient, images: readonly Image[]): Promise<void> {
  const controller = new AbortController();
  const told = telling('Preparing the archive…', { text: 'Cancel', run: () => { controller.abort(); } });
  try {
    const outcome = await saveArchive({ client }, images.map(({ id }) => id), {
      bytes: images.reduce((sum, { size }) => sum + size, 0),
      signal: controller.signal,
      onProgress: (at) => { told.say(`Archive: ${count(at.images)} of ${things(at.ofImages, 'image')}, ${bytes(at.bytes)} of ${bytes(at.ofBytes)}`); },
    });
    if (outcome !== undefined) tellOutcome(outcome);
  } finally {
    told.end();
  }
}

function tellOutcome({ images, archiveBytes, failed }: ArchiveOutcome): void {
  const sentence = `${things(images, 'image')} in one archive of ${bytes(archiveBytes)}`;
  const [first] = failed;
  if (first === undefined) {
    toast(`${sentence}, each bit for bit what was stored.`);
    return;
  }
  const place = byId('page-error', HTMLElement);
  const others = failed.length === 1 ? '' : ` The others are named in FAILED.txt inside.`;
  place.textContent = `${sentence}. ${things(failed.length, 'image')} could not be put in: ${shownName(first.name)}: ${first.message}${others}`;
  show(place, true);
}
