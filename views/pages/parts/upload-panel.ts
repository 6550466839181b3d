/**
 * Where files come in: drop, choice, and the run of one upload. What it looks like is upload-queue.ts.
 */
import { DiceError, type PickedFile } from '../../../client-sdk/browser/page.js';
import { byId } from './dom.js';
import { droppedFiles } from './dropped.js';
import { attempt, toast, type AppPage } from './shell.js';
import { UploadQueue } from './upload-queue.js';

/** Takes files from now on; `onStored` runs after each upload. */
export function offerUpload(page: AppPage, onStored: () => Promise<void>): void {
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
      await onStored();
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
