/** The gallery: upload by drop or choice, and the account's images, decrypted here. DESIGN.md section 7 (Pages). */
import { DiceError, type Image, type PickedFile } from '../../client-sdk/browser/page.js';
import { byId, iconButton, show } from './parts/dom.js';
import { droppedFiles } from './parts/dropped.js';
import { things } from './parts/format.js';
import { saveBlob } from './parts/save.js';
import { attempt, startApp, toast, type AppPage } from './parts/shell.js';
import { imageTile, Previews } from './parts/tiles.js';
import { UploadQueue } from './parts/upload-queue.js';
import { isUnconfirmed } from './parts/words.js';

startApp(async (page) => {
  const gallery = new Gallery(page);
  if (isUnconfirmed(page.account.accountId)) {
    show(byId('gate', HTMLElement), true);
    show(byId('drop', HTMLElement), false);
  } else offerUpload(page, gallery);
  await gallery.load();
});

/** The tiles of the page. */
class Gallery {
  readonly #page: AppPage;
  readonly #previews: Previews;
  #count = 0;

  constructor(page: AppPage) {
    this.#page = page;
    this.#previews = new Previews(page.client);
  }

  /** Lists everything anew. */
  async load(): Promise<void> {
    const tiles = byId('tiles', HTMLUListElement);
    const fresh: HTMLLIElement[] = [];
    await this.#page.client.stream({ name: 'list', argument: { trash: false } }, (images) => {
      for (const image of images) fresh.push(this.#tile(image));
    });
    tiles.replaceChildren(...fresh);
    this.#setCount(fresh.length);
  }

  #tile(image: Image): HTMLLIElement {
    const { tile, frame } = imageTile(image, `/images/${image.id}`, [
      iconButton('download', `Download ${image.name}`, () => { attempt(() => this.#download(image)); }),
      iconButton('trash', `Remove ${image.name}`, () => { attempt(() => this.#remove(image, tile)); }),
    ]);
    if (image.hasPreview) this.#previews.watch(frame, image.id);
    return tile;
  }

  async #download(image: Image): Promise<void> {
    saveBlob(await this.#page.client.call('download', image.id), image.name);
  }

  async #remove(image: Image, tile: HTMLLIElement): Promise<void> {
    await this.#page.client.call('remove', image.id);
    tile.remove();
    this.#setCount(this.#count - 1);
    toast(`${image.name} is in the trash.`, { text: 'Undo', run: () => { attempt(() => this.#restore(image)); } });
  }

  async #restore(image: Image): Promise<void> {
    await this.#page.client.call('restore', image.id);
    await this.load();
  }

  #setCount(count: number): void {
    this.#count = count;
    byId('count', HTMLElement).textContent = count === 0 ? '' : things(count, 'image');
    show(byId('empty', HTMLElement), count === 0);
    byId('drop', HTMLElement).classList.toggle('is-large', count === 0);
  }
}

function offerUpload(page: AppPage, gallery: Gallery): void {
  const input = byId('files', HTMLInputElement);
  const choose = byId('choose', HTMLButtonElement);
  let isBusy = false;
  const upload = async (files: readonly PickedFile[]): Promise<void> => {
    if (files.length === 0) return;
    if (isBusy) {
      toast('One upload is under way. Wait for it, or cancel it.');
      return;
    }
    isBusy = true;
    choose.disabled = true;
    try {
      await uploadAll(page, files);
      await gallery.load();
    } finally {
      isBusy = false;
      choose.disabled = false;
    }
  };
  choose.disabled = false;
  choose.addEventListener('click', () => { input.click(); });
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])].map((file) => ({ name: file.name, file }));
    input.value = '';
    attempt(() => upload(files));
  });
  watchDrop((transfer) => { attempt(async () => { await upload(await droppedFiles(transfer)); }); });
  window.addEventListener('beforeunload', (event) => { if (isBusy) event.preventDefault(); });
}

async function uploadAll({ client }: AppPage, files: readonly PickedFile[]): Promise<void> {
  const queue = new UploadQueue(files.map(({ name, file }) => ({ name, size: file.size })));
  const controller = new AbortController();
  byId('cancel', HTMLButtonElement).onclick = () => { controller.abort(); };
  try {
    await client.stream({ name: 'upload', argument: files }, (updates) => { for (const update of updates) queue.take(update); }, controller.signal);
    queue.end(controller.signal.aborted);
  } catch (thrown) {
    queue.end(true);
    if (!(thrown instanceof DiceError && thrown.code === 'cancelled')) throw thrown;
  }
}

/** The whole window takes drops, so that a near miss does not replace the page by the file. */
function watchDrop(onDrop: (transfer: DataTransfer) => void): void {
  const place = byId('drop', HTMLElement);
  let depth = 0;
  const mark = (change: number): void => {
    depth = Math.max(0, depth + change);
    place.classList.toggle('is-over', depth > 0);
  };
  document.addEventListener('dragenter', (event) => {
    event.preventDefault();
    mark(1);
  });
  document.addEventListener('dragleave', () => { mark(-1); });
  document.addEventListener('dragover', (event) => { event.preventDefault(); });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    mark(-depth);
    if (event.dataTransfer !== null) onDrop(event.dataTransfer);
  });
}
