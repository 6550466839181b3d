/**
 * The ways in which files come: drop, two choosers, paste. Gives them names (the path below what was dropped or chosen) and leaves out what
 * a system hides in folders. It uploads nothing.
 */
import type { PickedFile } from '../../../client-sdk/browser/page.js';
import { byId, show } from './dom.js';
import { droppedFiles } from './dropped.js';
import { count, things } from './format.js';
import { systemFilesLeftOut } from './system-files.js';

/** Where files go. */
export interface Intake {
  /** Called at once when files begin to come, before they are all known. */
  begin(): void;
  /** All of them. */
  take(files: readonly PickedFile[]): void;
  /** Nothing came of it. */
  giveUp(): void;
}

const showMs = 100;

/** Takes files from now on. */
export function watchIntake(intake: Intake): void {
  offerChooser({ button: byId('choose', HTMLButtonElement), input: byId('files', HTMLInputElement) }, intake);
  const folder = { button: byId('choose-folder', HTMLButtonElement), input: byId('folder', HTMLInputElement) };
  // Phones choose no folders.
  if ('webkitdirectory' in folder.input) offerChooser(folder, intake);
  else show(folder.button, false);
  watchDrop((transfer) => { void gather(transfer, intake); });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length > 0) bring(files.map((file) => ({ name: pastedName(file), file })), intake);
  });
}

function offerChooser({ button, input }: { readonly button: HTMLButtonElement; readonly input: HTMLInputElement }, intake: Intake): void {
  button.disabled = false;
  button.addEventListener('click', () => { input.click(); });
  input.addEventListener('change', () => {
    const files = [...(input.files ?? [])].map((file) => ({ name: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }));
    input.value = '';
    bring(files, intake);
  });
}

async function gather(transfer: DataTransfer, intake: Intake): Promise<void> {
  let shownAt = 0;
  const gathering = droppedFiles(transfer, (files) => {
    const now = performance.now();
    if (now - shownAt < showMs) return;
    shownAt = now;
    say(`Looking through the folders: ${things(files, 'file')} so far.`);
  });
  intake.begin();
  const { files, unreadable } = await gathering;
  bring(files, intake, unreadable);
}

/** Hands files over and says what was left out. */
function bring(files: readonly PickedFile[], intake: Intake, unreadable = 0): void {
  intake.begin();
  const { left, out } = systemFilesLeftOut(files);
  say([
    out === 0 ? '' : `${things(out, 'system file')} left out.`,
    unreadable === 0 ? '' : `${count(unreadable)} could not be opened: the browser may not read ${unreadable === 1 ? 'it' : 'them'}.`,
  ].join(' ').trim());
  if (left.length === 0) intake.giveUp();
  // A folder lists its files in any order.
  else intake.take([...left].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)));
}

/** A picture out of the clipboard is always called the same: the moment tells them apart. */
function pastedName(file: File): string {
  if (file.name !== 'image.png') return file.name;
  const now = new Date();
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('-');
  return `Pasted ${date} ${[two(now.getHours()), two(now.getMinutes()), two(now.getSeconds())].join('.')}.png`;
}

function say(text: string): void {
  const place = byId('intake-note', HTMLElement);
  place.textContent = text;
  show(place, text !== '');
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
