/** One image: its block map, the facts of each block, and live integrity checks. DESIGN.md section 7 (Pages). */
import type { Image, OpenImage } from '../../client-sdk/browser/page.js';
import { tileStateCodes, type PlainBlockCheck, type PlainCheck } from '../../client-sdk/browser/page-calls.js';
import { BlockMap, type CellState } from './parts/block-map.js';
import { blockFacts, checkLines, fact, outcomeOf } from './parts/block-facts.js';
import { byId, show } from './parts/dom.js';
import { setBusy } from './parts/form.js';
import { bytes, count, moment, things } from './parts/format.js';
import { saveBlob } from './parts/save.js';
import { attempt, startApp, type AppPage } from './parts/shell.js';

startApp(async (page) => {
  const id = byId('image', HTMLElement).dataset['image'] ?? '';
  const opened = await page.client.call('open', id);
  showFacts(opened);
  const map = new BlockMap(opened, { picture: byId('picture', HTMLCanvasElement), blocks: byId('blocks', HTMLCanvasElement) });
  const detail = new Detail(page, opened, map);
  offerActs(page, opened.image);
  detail.watch();
  await Promise.all([showPreview(page, opened.image, map), showStates(page, opened.image.id, map)]);
});

/** The chosen block and the checks of this image. */
class Detail {
  readonly #page: AppPage;
  readonly #opened: OpenImage;
  readonly #map: BlockMap;
  readonly #checks = new Map<string, PlainBlockCheck>();

  constructor(page: AppPage, opened: OpenImage, map: BlockMap) {
    this.#page = page;
    this.#opened = opened;
    this.#map = map;
  }

  watch(): void {
    const canvas = byId('blocks', HTMLCanvasElement);
    canvas.addEventListener('click', (event) => {
      const box = canvas.getBoundingClientRect();
      this.#choose(this.#map.at((event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height));
    });
    canvas.addEventListener('keydown', (event) => { this.#onKey(event); });
    byId('overlay', HTMLInputElement).addEventListener('change', (event) => { this.#map.setShown((event.target as HTMLInputElement).checked); });
    byId('check-one', HTMLButtonElement).addEventListener('click', () => { attempt(() => this.#checkChosen()); });
    const all = byId('check-all', HTMLButtonElement);
    all.disabled = false;
    all.addEventListener('click', () => { attempt(() => this.#checkAll(all)); });
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { this.#map.draw(); });
  }

  #onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.#choose(this.#map.beside(step[0] ?? 0, step[1] ?? 0));
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      attempt(() => this.#checkChosen());
    }
  }

  #choose(at: number | undefined): void {
    const content = at === undefined ? undefined : this.#map.contents[at];
    if (at === undefined || content === undefined) return;
    this.#map.choose(at);
    show(byId('block-hint', HTMLElement), false);
    show(byId('block', HTMLElement), true);
    byId('block-title', HTMLElement).textContent = `Block ${count(at + 1)} of ${count(this.#map.contents.length)}`;
    byId('block-facts', HTMLElement).replaceChildren(...blockFacts(content, this.#map.stateOf(at)));
    byId('block-checks', HTMLUListElement).replaceChildren(...checkLines(content, content.block === undefined ? undefined : this.#checks.get(content.block.tag)));
    show(byId('check-one', HTMLElement), content.block !== undefined);
  }

  async #checkChosen(): Promise<void> {
    const at = this.#map.chosen;
    const content = at === undefined ? undefined : this.#map.contents[at];
    if (content?.block === undefined) return;
    const press = byId('check-one', HTMLButtonElement);
    setBusy(press, true);
    try {
      const check = await this.#page.client.call('checkBlock', { id: this.#opened.image.id, tag: content.block.tag });
      if (check !== undefined) this.#note(check);
    } finally {
      setBusy(press, false);
    }
  }

  #note(check: PlainBlockCheck): void {
    this.#checks.set(check.tag, check);
    this.#map.setOutcome(check.tag, outcomeOf(check));
    const { chosen } = this.#map;
    if (chosen !== undefined && this.#map.contents[chosen]?.block?.tag === check.tag) this.#choose(chosen);
  }

  async #checkAll(press: HTMLButtonElement): Promise<void> {
    const bar = byId('check-progress', HTMLProgressElement);
    const total = Math.max(1, this.#opened.blocks.filter(({ block }) => block !== undefined).length);
    let checked = 0;
    setBusy(press, true);
    bar.value = 0;
    show(bar, true);
    byId('check-outcome', HTMLElement).textContent = 'Checking…';
    const take = (check: PlainCheck): void => {
      if (check.kind === 'file') showOutcome(check);
      else this.#note(check);
      bar.value = Math.min(1, ++checked / total);
    };
    try {
      await this.#page.client.stream({ name: 'verify', argument: this.#opened.image.id }, (checks) => { for (const check of checks) take(check); });
    } finally {
      show(bar, false);
      setBusy(press, false);
    }
  }
}

function showOutcome(check: Extract<PlainCheck, { kind: 'file' }>): void {
  const place = byId('check-outcome', HTMLElement);
  const isGood = check.failedBlocks === 0 && check.isFileHashRight;
  place.className = isGood ? 'note is-good' : 'note is-bad';
  place.textContent = isGood
    ? `All ${things(check.blocks, 'block')} are right, and the file is bit for bit what was stored.`
    : `${things(check.failedBlocks, 'block')} failed${check.isFileHashRight ? '' : ', and the file’s hash is not the one that was stored'}. ${check.error?.message ?? ''}`;
}

function showFacts(opened: OpenImage): void {
  const { image } = opened;
  document.title = `${image.name} · DICE Store`;
  byId('name', HTMLElement).textContent = image.name;
  byId('facts', HTMLElement).replaceChildren(
    ...fact('Size', bytes(image.size)),
    ...fact('Type', image.type),
    ...fact('What it is', opened.description),
    ...(opened.picture === undefined ? [] : fact('Pixels', `${count(opened.picture.width)} × ${count(opened.picture.height)}`)),
    ...fact('Split as', opened.splitter),
    ...fact('Blocks', `${things(image.blocks, 'distinct block')}, ${things(opened.flatTiles, 'flat tile')}`),
    ...fact('Skeleton', bytes(opened.skeletonBytes)),
    ...fact('Stored', moment(image.createdAt)),
    ...(image.modifiedAt === undefined ? [] : fact('File of', moment(image.modifiedAt))),
    ...fact('SHA-256', image.fileHash, 'mono'),
  );
}

async function showPreview({ client }: AppPage, image: Image, map: BlockMap): Promise<void> {
  if (!image.hasPreview) return;
  const blob = await client.call('preview', image.id);
  if (blob !== undefined) map.showPicture(await createImageBitmap(blob));
}

async function showStates({ client }: AppPage, id: string, map: BlockMap): Promise<void> {
  const { codes, from, comparedWith } = await client.call('tileStates', id);
  const names = new Map<number, CellState>(Object.entries(tileStateCodes).map(([name, code]) => [code, name as CellState]));
  map.setStates([...codes].map((code) => names.get(code) ?? 'unknown'));
  const counts = map.counts();
  byId('legend-new', HTMLElement).textContent = `${count(counts.new)} new`;
  byId('legend-stored', HTMLElement).textContent = `${count(counts.stored)} already stored`;
  byId('legend-patched', HTMLElement).textContent = `${count(counts.patched)} an earlier image’s, patched`;
  byId('legend-flat', HTMLElement).textContent = `${count(counts.flat)} flat, kept in the manifest`;
  const origin = from === 'upload' ? 'As this browser saw it at upload.' : `Compared with your ${things(comparedWith, 'earlier image')}.`;
  byId('map-summary', HTMLElement).textContent = `${things(codes.length, 'block')}: ${count(counts.new)} new, ${count(counts.stored)} already stored, ${count(counts.patched)} patched, ${count(counts.flat)} flat. ${origin}`;
}

function offerActs({ client }: AppPage, image: Image): void {
  const download = byId('download', HTMLButtonElement);
  const remove = byId('remove', HTMLButtonElement);
  const phase = byId('phase', HTMLElement);
  download.disabled = false;
  remove.disabled = false;
  download.addEventListener('click', () => {
    attempt(async () => {
      setBusy(download, true);
      phase.textContent = 'Fetching, checking and opening every block…';
      try {
        saveBlob(await client.call('download', image.id), image.name);
        phase.textContent = 'Saved: bit for bit what was stored.';
      } catch (thrown) {
        phase.textContent = '';
        throw thrown;
      } finally {
        setBusy(download, false);
      }
    });
  });
  remove.addEventListener('click', () => {
    attempt(async () => {
      await client.call('remove', image.id);
      location.assign('/gallery');
    });
  });
}
