/**
 * Uploading on the gallery page: where files come in, the queue, its run, its list that survives a reload, and the map of the file under
 * way, put together. Each of them is a file of its own (upload-*.ts).
 */
import { DiceError, type PickedFile } from '../../../client-sdk/browser/page.js';
import { Breath } from './breath.js';
import { byId, show } from './dom.js';
import { LiveMap } from './live-map.js';
import { attempt, showPageError, toast, type AppPage } from './shell.js';
import { watchIntake } from './upload-intake.js';
import { UploadMemory } from './upload-memory.js';
import { isDone, UploadQueue, type UploadItem } from './upload-queue.js';
import { UploadRunner, type ReadableFile } from './upload-runner.js';
import { UploadView } from './upload-view.js';
import { interruptedSentence } from './upload-wording.js';
import { things } from './format.js';

/** The gallery is told while an upload runs, but not for every file. */
const storedAtOnce = 200;

/** An image that an upload stored or found. */
export interface StoredImage {
  readonly id: string;
  readonly name: string;
}

/** Takes files from now on; `onStored` runs now and then while files are stored, and when all are done. */
export function offerUpload(page: AppPage, onStored: (images: readonly StoredImage[]) => Promise<void>): void {
  new UploadPanel(page, onStored).listen();
}

class UploadPanel {
  readonly #page: AppPage;
  readonly #onStored: (images: readonly StoredImage[]) => Promise<void>;
  readonly #queue = new UploadQueue();
  readonly #runner: UploadRunner;
  readonly #view: UploadView;
  readonly #live: LiveMap;
  readonly #memory: Promise<UploadMemory>;
  #everyMs = 1_000;
  #gathering = 0;
  #adding = Promise.resolve();
  #stored: StoredImage[] = [];
  #telling = Promise.resolve();

  constructor(page: AppPage, onStored: (images: readonly StoredImage[]) => Promise<void>) {
    this.#page = page;
    this.#onStored = onStored;
    this.#memory = UploadMemory.open(page.account.accountId);
    this.#runner = new UploadRunner({
      client: page.client,
      queue: this.#queue,
      listener: {
        changed: () => { this.#changed(); },
        moved: () => { this.#view.soon(); },
        done: (item) => { this.#done(item); },
        tiles: (update) => {
          const file = this.#runner.fileOf(update.key);
          if (update.kind === 'tiles') this.#live.add(update);
          else if (file !== undefined) this.#live.begin(update, { name: this.#queue.item(update.key)?.name ?? file.name, file });
        },
        rested: () => { this.#tell(true); },
      },
    });
    this.#view = new UploadView(
      { queue: this.#queue, state: () => this.#runner.state, isGathering: () => this.#gathering > 0 },
      { retry: (key) => { this.#runner.retry([key]); }, remove: (key) => { this.#remove(key); } },
    );
    this.#live = new LiveMap({
      pictureOf: (request) => page.client.call('livePicture', request),
      onPace: (everyMs) => {
        this.#everyMs = everyMs;
        this.#watch();
      },
    });
  }

  listen(): void {
    watchIntake({
      begin: () => { this.#setGathering(1); },
      take: (files) => { this.#adding = this.#adding.then(() => this.#add(files)).catch(showPageError).finally(() => { this.#setGathering(-this.#gathering); }); },
      giveUp: () => { this.#setGathering(-this.#gathering); },
    });
    const press = (id: string, act: () => void): void => { byId(id, HTMLButtonElement).addEventListener('click', act); };
    press('pause', () => { this.#pauseOrGoOn(); });
    press('try-now', () => { this.#runner.tryNow(); });
    press('log-in', () => { showPageError(new DiceError('not-logged-in', 'Log in first.')); });
    press('retry-all', () => { this.#runner.retry(this.#queue.items('failed').map(({ key }) => key)); });
    press('cancel', () => { this.#cancel(); });
    press('dismiss', () => { this.#dismiss(); });
    press('forget', () => { this.#forget(); });
    press('logout', () => { void this.#memory.then((memory) => { memory.stop(); }); });
    byId('queue', HTMLElement).addEventListener('toggle', () => { this.#watch(); });
    document.addEventListener('visibilitychange', () => { this.#watch(); });
    window.addEventListener('beforeunload', (event) => { if (this.#isBusy) event.preventDefault(); });
    attempt(() => this.#showInterrupted());
  }

  /** Leaving now would lose what is under way. */
  get #isBusy(): boolean {
    const { phase } = this.#runner.state;
    return phase !== 'rest' && phase !== 'signed-out';
  }

  #setGathering(change: number): void {
    this.#gathering = Math.max(0, this.#gathering + change);
    if (change > 0) byId('queue', HTMLElement).setAttribute('aria-busy', 'true');
    else if (this.#queue.isAtRest) this.#tell(true);
    this.#view.now();
  }

  async #add(picked: readonly PickedFile[]): Promise<void> {
    const memory = await this.#memory;
    const files = this.#withoutDoubles(await this.#withEarlier(memory, picked));
    if (this.#queue.isAtRest) this.#queue.clearDone();
    show(byId('interrupted', HTMLElement), false);
    memory.note(this.#runner.add(files));
    if (files.length < picked.length) toast(`${things(picked.length - files.length, 'file')} ${picked.length - files.length === 1 ? 'is' : 'are'} on the list already.`);
  }

  /** Files that an interrupted run stored, and that are still there, need not be read again. */
  async #withEarlier(memory: UploadMemory, picked: readonly PickedFile[]): Promise<readonly ReadableFile[]> {
    const files = await markedFiles(picked);
    const found = files.map((file) => memory.earlier.storedAs(file));
    if (found.every((id) => id === undefined)) return files;
    const listed = new Set<string>();
    await this.#page.client.stream({ name: 'list', argument: { trash: false } }, (images) => { for (const { id } of images) listed.add(id); });
    return files.map((file, i) => ({ ...file, storedAs: listed.has(found[i] ?? '') ? found[i] : undefined }));
  }

  /** A file that waits or is under way does not join a second time; one that failed is replaced. */
  #withoutDoubles(files: readonly ReadableFile[]): readonly ReadableFile[] {
    const markOf = ({ name, size, modifiedAt }: Pick<ReadableFile, 'name' | 'size' | 'modifiedAt'>): string => `${String(size)}/${String(modifiedAt)}/${name}`;
    const open = new Map(this.#queue.items('all').filter(({ state }) => !isDone(state) || state === 'failed').map((item) => [markOf(item), item]));
    return files.filter((file) => {
      const double = open.get(markOf(file));
      if (double?.state === 'failed') this.#runner.remove(double.key);
      return double === undefined || double.state === 'failed';
    });
  }

  #changed(): void {
    if (this.#runner.state.phase !== 'rest') byId('queue', HTMLElement).setAttribute('aria-busy', 'true');
    if (this.#queue.totals.files === 0) this.#live.hide();
    this.#view.now();
  }

  #done(item: UploadItem): void {
    void this.#memory.then((memory) => { memory.note([item]); });
    if (item.imageId === undefined) return;
    this.#stored.push({ id: item.imageId, name: item.name });
    if (this.#stored.length >= storedAtOnce) this.#tell(false);
  }

  /** One telling at a time; the last one of an upload ends with the list put away where nothing is missing. */
  #tell(isLast: boolean): void {
    const stored = this.#stored;
    this.#stored = [];
    const step = async (): Promise<void> => {
      if (stored.length > 0) await this.#onStored(stored);
      if (!isLast || this.#runner.state.phase !== 'rest') return;
      await this.#showInterrupted();
      byId('queue', HTMLElement).setAttribute('aria-busy', 'false');
    };
    this.#telling = this.#telling.then(step).catch(showPageError);
  }

  /** Says what an earlier upload left, unless this one's list shows it. */
  async #showInterrupted(): Promise<void> {
    const memory = await this.#memory;
    const { files, stored } = memory.earlier.counts;
    if (files > 0 && stored === files) memory.forget();
    const isMissing = files - stored > this.#queue.totals.failed && this.#queue.isAtRest;
    byId('interrupted-text', HTMLElement).textContent = isMissing ? interruptedSentence({ files, stored }) : '';
    show(byId('interrupted', HTMLElement), isMissing);
  }

  #pauseOrGoOn(): void {
    if (this.#runner.state.phase === 'running') this.#runner.pause();
    else this.#runner.resume();
  }

  #remove(key: number): void {
    const item = this.#queue.item(key);
    this.#runner.remove(key);
    if (item !== undefined && this.#queue.item(key) === undefined) this.#drop([item]);
  }

  #cancel(): void {
    this.#drop(this.#runner.cancel());
  }

  #dismiss(): void {
    const failed = this.#queue.items('failed');
    this.#drop(failed);
    for (const { key } of failed) this.#runner.remove(key);
    this.#queue.clearDone();
    this.#runner.dismiss();
    byId('choose', HTMLButtonElement).focus();
  }

  #forget(): void {
    show(byId('interrupted', HTMLElement), false);
    byId('choose', HTMLButtonElement).focus();
    attempt(async () => { (await this.#memory).forget(); });
  }

  #drop(items: readonly UploadItem[]): void {
    void this.#memory.then((memory) => { memory.drop(items); });
  }

  #watch(): void {
    const isSeen = this.#view.isOpen && document.visibilityState === 'visible';
    this.#runner.watch(isSeen ? this.#everyMs : undefined);
  }
}

/** With size and time of change, for which a browser may have to ask the disk file by file. */
async function markedFiles(picked: readonly PickedFile[]): Promise<readonly ReadableFile[]> {
  const breath = new Breath();
  const marked: ReadableFile[] = [];
  for (const { name, file } of picked) {
    marked.push({ name, file, size: file.size, modifiedAt: file.lastModified });
    await breath.sometimes();
  }
  return marked;
}
