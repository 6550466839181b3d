/**
 * The picture itself, from the whole file after it was fetched and checked: under the blocks of the map where it has their shape, else
 * beside them. Only raster pictures are shown, each typed by its own bytes, and never as a document.
 */
import type { OpenImage } from '../../../client-sdk/browser/page.js';
import type { BlockMap } from './block-map.js';
import { byId, el, show } from './dom.js';
import { setBusy } from './form.js';
import { rasterType } from './picture-type.js';
import type { WholeFile } from './whole-file.js';

/** More pixels than these are shown smaller: four bytes each would not fit into a phone. */
const maxPixels = 40_000_000;

/** What is shown, and where. */
export interface FullPicturePlan {
  readonly opened: OpenImage;
  readonly map: BlockMap;
  readonly file: WholeFile;
}

/** Makes the button work. */
export function offerFullPicture(plan: FullPicturePlan): void {
  const press = byId('show-full', HTMLButtonElement);
  press.disabled = false;
  press.addEventListener('click', () => {
    plan.file.use(press, async (blob) => {
      await showFull(plan, blob);
      show(press, false);
    });
  });
}

async function showFull({ opened, map }: FullPicturePlan, blob: Blob): Promise<void> {
  const type = rasterType(new Uint8Array(await blob.slice(0, 16).arrayBuffer()));
  if (type === undefined) {
    tell('This browser cannot show this kind of file. Download gives you the exact file.');
    return;
  }
  const picture = blob.slice(0, blob.size, type);
  const bitmap = await bitmapOf(picture, opened);
  if (bitmap === undefined) tell('The browser cannot show this picture, though its bytes are right. Download gives you the exact file.');
  else if (map.showPicture(bitmap)) tell('');
  else {
    bitmap.close();
    await showBeside(picture, opened);
  }
}

/** Where the blocks cannot lie over it: a file without tiles of pixels, or one whose camera says how to turn it. */
async function showBeside(picture: Blob, { image, picture: cut }: OpenImage): Promise<void> {
  const shown = el('img', { id: 'full-picture', alt: `The picture ${image.name}`, decoding: 'async' });
  shown.src = URL.createObjectURL(picture);
  await shown.decode();
  byId('full', HTMLElement).replaceChildren(shown);
  show(byId('full', HTMLElement), true);
  if (cut !== undefined) tell('The picture is shown turned, as its file asks. The blocks lie as the file stores them, so they are not drawn over it.');
}

async function bitmapOf(picture: Blob, { picture: cut }: OpenImage): Promise<ImageBitmap | undefined> {
  const pixels = cut === undefined ? 0 : cut.width * cut.height;
  try {
    if (cut === undefined || pixels <= maxPixels) return await createImageBitmap(picture);
    return await createImageBitmap(picture, { resizeWidth: Math.round(cut.width * Math.sqrt(maxPixels / pixels)), resizeQuality: 'high' });
  } catch {
    return undefined;
  }
}

/** A waiting button must not be left waiting. */
function tell(text: string): void {
  byId('full-note', HTMLElement).textContent = text;
  setBusy(byId('show-full', HTMLButtonElement), false);
}
