/** The trash: bring back, or remove for good. DESIGN.md section 6, order 5. */
import type { Image } from '../../client-sdk/browser/page.js';
import { byId, iconButton, show } from './parts/dom.js';
import { attempt, startApp, toast, type AppPage } from './parts/shell.js';
import { imageTile, Previews } from './parts/tiles.js';

startApp(async (page) => {
  const previews = new Previews(page.client);
  const tiles: HTMLLIElement[] = [];
  await page.client.stream({ name: 'list', argument: { trash: true } }, (images) => {
    for (const image of images) tiles.push(trashTile(page, image, previews));
  });
  byId('tiles', HTMLUListElement).replaceChildren(...tiles);
  showEmpty();
});

function trashTile({ client }: AppPage, image: Image, previews: Previews): HTMLLIElement {
  const { tile, frame } = imageTile(image, undefined, [
    iconButton('restore', `Restore ${image.name}`, () => {
      attempt(async () => {
        await client.call('restore', image.id);
        take(tile, `${image.name} is back in the gallery.`);
      });
    }),
    iconButton('close', `Remove ${image.name} for good`, () => {
      confirmPurge(image, async () => {
        await client.call('purge', image.id);
        take(tile, `${image.name} is gone.`);
      });
    }),
  ]);
  if (image.hasPreview) previews.watch(frame, image.id);
  return tile;
}

function take(tile: HTMLLIElement, text: string): void {
  tile.remove();
  showEmpty();
  toast(text);
}

function showEmpty(): void {
  show(byId('empty', HTMLElement), byId('tiles', HTMLUListElement).childElementCount === 0);
}

function confirmPurge(image: Image, purge: () => Promise<void>): void {
  const dialog = byId('purge', HTMLDialogElement);
  byId('purge-name', HTMLElement).textContent = image.name;
  byId('purge-yes', HTMLButtonElement).onclick = () => {
    dialog.close();
    attempt(purge);
  };
  dialog.showModal();
}
