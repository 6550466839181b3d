/**
 * What can be done with an image on its page: download, remove, go to the one before or after it, back to the gallery; and the honest
 * page of an image that is not there.
 */
import { DiceError, type Image, type OpenImage } from '../../../client-sdk/browser/page.js';
import type { NamedImage } from '../../../client-sdk/browser/page-calls.js';
import { button, byId, el, show } from './dom.js';
import { setBusy } from './form.js';
import { baseName } from './format.js';
import { saveBlob } from './save.js';
import { attempt, showPageError, type AppPage } from './shell.js';
import { noteTrashed } from './trashed-note.js';
import type { WholeFile } from './whole-file.js';

/** Makes download and remove work. */
export function offerActs({ client }: AppPage, image: Image, file: WholeFile): void {
  const download = byId('download', HTMLButtonElement);
  const remove = byId('remove', HTMLButtonElement);
  download.disabled = false;
  remove.disabled = false;
  download.addEventListener('click', () => {
    file.use(download, (blob) => {
      saveBlob(blob, image.name);
      byId('phase', HTMLElement).textContent = 'Saved: bit for bit what was stored.';
      return Promise.resolve();
    });
  });
  remove.addEventListener('click', () => {
    attempt(async () => {
      setBusy(remove, true);
      try {
        await client.call('remove', image.id);
      } finally {
        setBusy(remove, false);
      }
      noteTrashed({ id: image.id, name: image.name });
      location.assign('/gallery');
    });
  });
}

/** Links to the images before and after this one, and their keys. Without them the page is as good. */
export async function offerNeighbours({ client }: AppPage, id: string): Promise<void> {
  watchKeys();
  const { newer, older } = await client.call('neighbours', id);
  setLink('newer', newer);
  setLink('older', older);
}

function setLink(id: string, image: NamedImage | undefined): void {
  const link = byId(id, HTMLAnchorElement);
  if (image === undefined) return;
  link.href = `/images/${image.id}`;
  link.removeAttribute('aria-disabled');
  link.title = baseName(image.name);
}

function watchKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || isTyping(event.target)) return;
    const isNewer = event.altKey ? event.key === 'ArrowLeft' : event.key === '[';
    const isOlder = event.altKey ? event.key === 'ArrowRight' : event.key === ']';
    const href = event.key === 'Escape' ? '/gallery' : isNewer || isOlder ? byId(isNewer ? 'newer' : 'older', HTMLAnchorElement).getAttribute('href') : null;
    if (href === null) return;
    event.preventDefault();
    location.assign(href);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement;
}

/** The image, opened; where it is in the trash or not there at all the page says so, and the answer is undefined. */
export async function openOrExplain(page: AppPage, id: string): Promise<OpenImage | undefined> {
  try {
    const opened = await page.client.call('open', id);
    if (opened.image.trashedAt === undefined) return opened;
    explainTrashed(page, opened.image);
  } catch (thrown) {
    if (!(thrown instanceof DiceError && (thrown.code === 'not-found' || thrown.code === 'image-unknown'))) throw thrown;
    explain('No such image', [el('p', {}, 'Your account has no image at this address. It may have been removed for good, or belong to another account.')]);
  }
  return undefined;
}

function explainTrashed({ client }: AppPage, image: Image): void {
  const restore = button('Put it back', () => {
    attempt(async () => {
      await client.call('restore', image.id);
      location.reload();
    });
  }, 'primary');
  explain(baseName(image.name), [
    el('p', {}, `${image.name} is in the trash. It is kept for ${document.body.dataset['trashDays'] ?? 'some'} days after it was put there.`),
    el('p', { class: 'row' }, restore, el('a', { class: 'button', href: '/trash' }, 'Open the trash')),
  ]);
}

function explain(title: string, parts: readonly HTMLElement[]): void {
  document.title = `${title} · DICE Store`;
  byId('name', HTMLElement).textContent = title;
  const place = byId('absent', HTMLElement);
  place.replaceChildren(...parts);
  show(place, true);
  show(byId('detail', HTMLElement), false);
  for (const act of document.querySelectorAll('.detail-acts')) show(act, false);
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') location.assign('/gallery'); });
}

/** Tells why the links beside are missing, and nothing more: the image itself is shown. */
export function withoutNeighbours(thrown: unknown): void {
  if (thrown instanceof DiceError && thrown.code === 'cancelled') return;
  showPageError(thrown);
}
