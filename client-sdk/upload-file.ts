/**
 * One file on its way to the server: read, understood, placed as blocks, then its manifest, entry and preview sealed and
 * committed. SPEC.md section 12.
 */
import type { OpenedFile, TileState, UploadedFile, UploadFile } from './api.js';
import type { SendingFile } from './block-sender.js';
import { type ContentRef, foldRefs, type SealSegments } from './core/block-list.js';
import { checkName } from './core/entry.js';
import { DiceError, fault } from './core/errors.js';
import { defaultGeometry } from './core/image/default-cut.js';
import type { Geometry, Region } from './core/image/splitter.js';
import { packPatches } from './core/patch-list.js';
import { unpackHashes } from './core/plan.js';
import { foldSkeleton } from './core/skeleton.js';
import type { StoredFile } from './equal-files.js';
import type { Original } from './originals.js';
import type { PictureUnderWay } from './pictures-under-way.js';
import { sourceOf } from './memory-file.js';
import { Placing, type PlacingListener } from './placing.js';
import { type PlannedFile, plannedFile, sealsEarly } from './planned-file.js';
import { hexOf } from './protocol/bytes.js';
import type { ImageId } from './protocol/ids.js';
import { manifestHashBytes, maxBlocksPerImage } from './protocol/limits.js';
import type { Commit } from './protocol/commit-body.js';
import { hashSource } from './reading.js';
import { type PlacedImage, sealImage } from './seal-image.js';
import { alone, alongOriginal, anchorsFor, type Cutting, descriptionOf, type FirstSplit, type SplitFile } from './split-file.js';
import type { SplitInput, SplitSteps, SplitWord } from './tasks.js';
import type { UploadRun } from './upload-run.js';
import { SentMeter } from './upload-lane.js';

/** Uploads one file of a run. Throws DiceError where it fails; the run makes a result of it. */
export async function uploadOne(run: UploadRun, file: UploadFile): Promise<UploadedFile> {
  checkName(file.name);
  const opened = await file.open();
  try {
    const leave = await run.enter(opened.source.size);
    try {
      return { ...(await new FileUpload(run, file.name, await held(opened)).upload()), origin: file.origin };
    } finally {
      leave();
    }
  } finally {
    await opened.close();
  }
}

/** Up to so large a file is read once: it is hashed, taken apart and drawn from memory. */
const maxHeldBytes = 8_388_608;

/** A file with its bytes in memory, unless it is large. */
async function held(opened: OpenedFile): Promise<OpenedFile> {
  const { source, modifiedAt } = opened;
  if (source.size > maxHeldBytes) return opened;
  const bytes = await source.read(0, source.size);
  return { source: sourceOf(bytes), modifiedAt, isUnchanged: () => opened.isUnchanged(), close: () => opened.close() };
}

/** A block of the original was lost meanwhile: the file is stored alone. */
class LostOriginal extends Error {
  override readonly name = 'LostOriginal';
}

/** How a file is stored: as whatever suits it, without looking for an original, or as bytes. */
type Way = 'best' | 'alone' | 'bytes';

class FileUpload {
  readonly #meter = new SentMeter();
  readonly #sending: SendingFile;
  #picture: PictureUnderWay | undefined;
  #blocksSent = 0;

  constructor(
    private readonly run: UploadRun,
    private readonly name: string,
    private readonly opened: OpenedFile,
  ) {
    this.#sending = { domain: run.domain, meter: this.#meter, signal: run.options.signal, breathe: () => run.breathe() };
  }

  async upload(): Promise<UploadedFile> {
    const { source } = this.opened;
    const { maxImageBytes } = this.run.connection.server;
    if (source.size > maxImageBytes) throw fault('image-too-large', `It has ${String(source.size)} bytes, and this server takes ${String(maxImageBytes)}.`);
    const fileHash = await hashSource(this.run, source, (bytes) => { this.#tell('reading', bytes, source.size); });
    const leave = await this.run.equals.enter(fileHash);
    try {
      const known = await this.run.known.find({ name: this.name, fileHash });
      if (known !== undefined) return this.#result('known', { id: known, splitter: undefined, blocks: 0, flatTiles: 0, patchedTiles: 0 });
      return (await this.#storeEqual(fileHash)) ?? (await this.#splitAndStore(fileHash, 'best'));
    } finally {
      this.#picture?.leave();
      leave();
    }
  }

  /** Another image of a file that this run has stored; undefined where there is none, or blocks of it are gone. */
  async #storeEqual(fileHash: Uint8Array): Promise<UploadedFile | undefined> {
    const stored = this.run.equals.find(fileHash);
    if (stored === undefined) return undefined;
    const commit = await sealImage(this.run, { ...stored, name: this.name, opened: this.opened, fileHash, sentBytes: this.#meter.bytes });
    if (!(await this.opened.isUnchanged())) throw fault('file-changed');
    this.#tell('committing', 0, 1);
    const status = this.run.isDryRun ? 'stored' : (await this.run.lane.commit(commit, this.#meter)).status;
    if (status !== 'stored') {
      this.run.equals.forget(fileHash);
      return undefined;
    }
    await this.#tellHead(commit);
    this.#tellPicture(stored.planned);
    for (const [index, region] of (stored.planned.summary.picture?.regions ?? []).entries()) this.#tellTile({ index, region, state: 'stored' });
    return this.#stored({ fileHash, imageId: commit.imageId }, stored, 0);
  }

  async #splitAndStore(fileHash: Uint8Array, way: Way): Promise<UploadedFile> {
    const split = await this.#split(fileHash, way);
    let next: Way;
    try {
      return await this.#store(split, fileHash);
    } catch (thrown) {
      if (thrown instanceof LostOriginal) next = 'alone';
      // A content that its coder does not give back is never sealed: the file goes as bytes instead.
      else if (thrown instanceof RangeError && way !== 'bytes') next = 'bytes';
      else throw thrown;
    } finally {
      await split.steps.return();
    }
    return this.#splitAndStore(fileHash, next);
  }

  async #split(fileHash: Uint8Array, way: Way): Promise<SplitFile> {
    const { geometry, splitter } = this.run.options;
    const cutting: Cutting = { split: (as) => this.#planned(fileHash, as), recut: (file, along) => this.#recut(file, along) };
    const mayBeCopy = way === 'best' && geometry === undefined;
    // What is sealed early cannot become blocks of an original any more.
    const isAlone = !mayBeCopy || !this.run.originals.areExpected;
    const sealFor = isAlone ? this.run.domain : undefined;
    const first = await this.#planned(fileHash, { splitter: way === 'bytes' ? 'bytes' : (splitter ?? 'auto'), geometry: geometry ?? defaultGeometry, sealFor });
    const split = mayBeCopy ? await alongOriginal(first, await this.#original(first), cutting) : alone(first);
    this.#tellPicture(split.planned);
    return split;
  }

  #tellPicture({ summary: { picture, count } }: SplitFile['planned']): void {
    if (picture === undefined) return;
    this.run.tell({ kind: 'picture', file: this.name, width: picture.width, height: picture.height, contents: count });
    for (const region of picture.flat ?? []) this.#tellTile({ index: -1, region, state: 'flat' });
  }

  /** Once: who tries again does so alone. */
  #original({ planned }: Pick<SplitFile, 'planned'>): Promise<Original | undefined> {
    this.#picture = this.run.originals.enter(planned.recipe.splitter, planned.anchors);
    return this.run.originals.find(this.#picture);
  }

  async #planned(fileHash: Uint8Array, way: Pick<SplitInput, 'splitter' | 'geometry' | 'sealFor'>): Promise<FirstSplit> {
    const { options, tasks } = this.run;
    const { source } = this.opened;
    const steps = tasks.split({ fileHash, ...way, keepBytes: this.run.keepBytes(source.size) }, source, options.signal);
    const planned = await this.#plan(steps, undefined);
    return { planned, geometry: way.geometry, isSealed: way.sealFor !== undefined && sealsEarly(planned.recipe, source.size), steps, told: {} };
  }

  /** In the middle of its split. */
  async #recut(first: FirstSplit, geometry: Geometry): Promise<FirstSplit> {
    return { ...first, planned: await this.#plan(first.steps, { recut: geometry }), geometry };
  }

  /** The plan that comes next. */
  async #plan(steps: SplitSteps, word: SplitWord): Promise<PlannedFile> {
    for (;;) {
      const { value: step } = await steps.next(word);
      if (step?.kind === 'progress') this.#tellShare('splitting', step.contents, step.maxContents);
      else if (step?.kind !== 'plan') throw new RangeError('a split begins with its plan');
      else {
        const planned = plannedFile(step.plan);
        if (planned.summary.count > maxBlocksPerImage) throw fault('image-too-large');
        this.#tellShare('splitting', 1, 1);
        return planned;
      }
    }
  }

  async #store(split: SplitFile, fileHash: Uint8Array): Promise<UploadedFile> {
    const { planned } = split;
    const placing = new Placing({ run: this.run, sending: this.#sending, listener: this.#listener() }, split);
    try {
      const lists = await this.#lists(split, placing, { refs: await placing.contents(), sealSegments: placing.segments });
      const { rehashes, codedBytes, patches } = placing;
      if (rehashes.length > maxBlocksPerImage) throw fault('image-too-large');
      const flatTiles = placing.flatTiles + (planned.summary.picture?.flat?.length ?? 0);
      const stored = { planned, description: descriptionOf(split), ...lists, rehashes, codedBytes, flatTiles, patchedTiles: patches.size };
      const commit = await sealImage(this.run, { ...stored, name: this.name, opened: this.opened, fileHash, sentBytes: this.#meter.bytes });
      if (!(await this.opened.isUnchanged())) throw fault('file-changed');
      if (!this.run.isDryRun) await this.#commit(commit, { split, placing, fileHash });
      this.run.equals.keep(fileHash, stored);
      return await this.#stored({ fileHash, imageId: commit.imageId }, stored, placing.blocksSent);
    } catch (thrown) {
      this.#blocksSent += placing.blocksSent;
      throw thrown;
    }
  }

  async #stored({ fileHash, imageId }: { readonly fileHash: Uint8Array; readonly imageId: ImageId }, file: StoredFile, blocksSent: number): Promise<UploadedFile> {
    const { planned, rehashes, flatTiles, patchedTiles } = file;
    await this.run.known.add({ name: this.name, fileHash }, imageId);
    const of = { id: this.run.isDryRun ? undefined : imageId, splitter: planned.recipe.splitter, blocks: rehashes.length, flatTiles, patchedTiles };
    return this.#result('stored', of, blocksSent);
  }

  /** Skeleton, patches and refs as the manifest has them. */
  async #lists(
    { planned }: SplitFile,
    { patches: table }: Placing,
    { refs, sealSegments }: { readonly refs: readonly ContentRef[]; readonly sealSegments: SealSegments },
  ): Promise<Pick<PlacedImage, 'skeleton' | 'patches' | 'contents'>> {
    const domains = [this.run.domain.id];
    const skeleton = await foldSkeleton(planned.recipe.skeleton, domains, sealSegments);
    const patches = await foldSkeleton(packPatches(table), domains, sealSegments);
    return { skeleton, patches, contents: await foldRefs(refs, domains, sealSegments) };
  }

  async #commit(commit: Commit, stored: { readonly split: SplitFile; readonly placing: Placing; readonly fileHash: Uint8Array }): Promise<void> {
    const { split, placing } = stored;
    this.#tell('committing', 0, 1);
    for (let tries = 1; ; tries++) {
      const { status, missing } = await this.run.lane.commit(commit, this.#meter);
      if (status === 'stored') break;
      if (status !== 'blocks-missing') throw new DiceError(status, `The server did not take the image: ${status}.`);
      const lost = new Set(missing === undefined ? [] : unpackHashes(missing).map(hexOf));
      if (placing.isOfOriginal(lost)) throw new LostOriginal();
      if (tries >= 3 || lost.size === 0) throw new DiceError('blocks-missing', 'The server lacks blocks that were just sent.');
      await this.#sendAgain(stored, lost);
    }
    await this.#tellHead(commit);
    await this.#remember(commit.imageId, split, placing);
    this.#tell('committing', 1, 1);
  }

  async #tellHead({ imageId, manifest }: Commit): Promise<void> {
    if (!this.run.isDryRun) this.run.notes.note(imageId, (await this.run.connection.platform.crypto.sha256(manifest)).slice(0, manifestHashBytes));
  }

  /** Takes the file apart again and sends what is missing. */
  async #sendAgain({ split, placing, fileHash }: { readonly split: SplitFile; readonly placing: Placing; readonly fileHash: Uint8Array }, lost: ReadonlySet<string>): Promise<void> {
    const again = await this.#planned(fileHash, { splitter: split.planned.recipe.splitter, geometry: split.geometry });
    try {
      await this.#lists(split, placing, { refs: await placing.contentsAgain({ ...again, original: split.original }, lost), sealSegments: placing.segmentsAgain(lost) });
    } finally {
      await again.steps.return();
    }
  }

  /** Only what a commit acknowledged is remembered. */
  async #remember(imageId: ImageId, split: SplitFile, { fresh, broughtContents }: Placing): Promise<void> {
    const blocks = fresh.flatMap(({ ref, fingerprint, cipherBytes }) => (ref.kind === 'block' && fingerprint !== undefined ? [{ tag: ref.tag, fingerprint, cipherBytes }] : []));
    const anchors = anchorsFor(split, broughtContents);
    await this.run.cache?.remember({ imageId, domain: this.run.domain, blocks, anchors });
    this.run.originals.remember(imageId, anchors);
  }

  #listener(): PlacingListener {
    return {
      tile: (tile) => { this.#tellTile(tile); },
      sealed: (contents, of) => { this.#tellShare('sealing', contents, of); },
      sent: () => { this.#tell('sending', this.#meter.bytes, this.#meter.bytes); },
    };
  }

  #tell(phase: 'reading' | 'splitting' | 'sealing' | 'sending' | 'committing', bytes: number, totalBytes: number): void {
    this.run.tell({ kind: 'phase', phase, file: this.name, bytes, totalBytes });
  }

  #tellShare(phase: 'splitting' | 'sealing', contents: number, of: number): void {
    const { size } = this.opened.source;
    this.#tell(phase, of === 0 ? size : Math.min(size, Math.round((size * contents) / of)), size);
  }

  #tellTile(tile: { readonly index: number; readonly region: Region | undefined; readonly state: TileState }): void {
    this.run.tell({ kind: 'tile', file: this.name, ...tile });
  }

  #result(status: 'stored' | 'known', of: Pick<UploadedFile, 'id' | 'splitter' | 'blocks' | 'flatTiles' | 'patchedTiles'>, blocksSent = 0): UploadedFile {
    const logicalBytes = this.opened.source.size;
    return { name: this.name, origin: undefined, ...of, status, logicalBytes, sentBytes: this.#meter.bytes, blocksSent: this.#blocksSent + blocksSent };
  }
}
