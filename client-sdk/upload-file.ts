/**
 * One file on its way to the server: read, understood, placed as blocks, then its manifest, entry and preview sealed and
 * committed. Holds one chunk of contents at a time. SPEC.md section 12.
 */
import type { OpenedFile, TileState, UploadedFile, UploadFile } from './api.js';
import type { Placement, SendingFile } from './block-sender.js';
import { type ContentRef, foldRefs, type SealSegments } from './core/block-list.js';
import { checkName } from './core/entry.js';
import { DiceError, fault } from './core/errors.js';
import { defaultTilePixels } from './core/image/image-limits.js';
import type { Region, SplitterId } from './core/image/splitter.js';
import { chunkContents, unpackHashes } from './core/plan.js';
import { foldSkeleton } from './core/skeleton.js';
import { hexOf } from './protocol/bytes.js';
import type { ImageId, Rehash } from './protocol/ids.js';
import { maxBlocksPerImage } from './protocol/limits.js';
import type { Commit } from './protocol/messages.js';
import { plannedFile, type PlannedFile } from './planned-file.js';
import { hashSource } from './reading.js';
import { sealImage } from './seal-image.js';
import type { UploadRun } from './upload-run.js';
import { SentMeter } from './upload-lane.js';
import type { FingerprintedContent, SplitStep } from './tasks.js';

/** A file in the middle of its split: the plan is known, the contents come. */
interface SplitFile {
  readonly planned: PlannedFile;
  readonly steps: AsyncGenerator<SplitStep, void, void>;
}

/** Uploads one file of a run. Throws DiceError where it fails; the run makes a result of it. */
export async function uploadOne(run: UploadRun, file: UploadFile): Promise<UploadedFile> {
  checkName(file.name);
  const opened = await file.open();
  try {
    return { ...(await new FileUpload(run, file.name, opened).upload()), origin: file.origin };
  } finally {
    await opened.close();
  }
}

class FileUpload {
  readonly #meter = new SentMeter();
  readonly #rehashes = new Map<string, Rehash>();
  readonly #sending: SendingFile;
  #blocksSent = 0;
  #codedBytes = 0;
  #flatTiles = 0;
  #fresh: Placement[] = [];

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
    const leave = await this.run.known.enter({ name: this.name, fileHash });
    try {
      const known = await this.run.known.find({ name: this.name, fileHash });
      if (known !== undefined) return this.#result('known', { id: known, splitter: undefined });
      return await this.#planAndStore(fileHash);
    } finally {
      leave();
    }
  }

  async #planAndStore(fileHash: Uint8Array, splitter?: 'bytes'): Promise<UploadedFile> {
    const split = await this.#split(fileHash, splitter);
    try {
      return await this.#store(split, fileHash);
    } catch (thrown) {
      // A content that its coder does not give back is never sealed: the file goes as bytes instead.
      if (!(thrown instanceof RangeError) || splitter === 'bytes') throw thrown;
    } finally {
      await split.steps.return();
    }
    this.#rehashes.clear();
    this.#fresh = [];
    this.#flatTiles = 0;
    this.#codedBytes = 0;
    return this.#planAndStore(fileHash, 'bytes');
  }

  async #split(fileHash: Uint8Array, splitter: 'bytes' | undefined): Promise<SplitFile> {
    const split = await this.#planned(fileHash, splitter);
    const { picture, count } = split.planned.summary;
    if (picture !== undefined) {
      this.run.tell({ kind: 'picture', file: this.name, width: picture.width, height: picture.height, contents: count });
      for (const region of picture.flat ?? []) this.#tellTile({ index: -1, region, state: 'flat' });
      this.#flatTiles += picture.flat?.length ?? 0;
    }
    return split;
  }

  async #planned(fileHash: Uint8Array, splitter: SplitterId | undefined): Promise<SplitFile> {
    const { options, tasks, keepBytes } = this.run;
    const geometry = options.geometry ?? { kind: 'tile', tilePixels: defaultTilePixels };
    const steps = tasks.split({ fileHash, splitter: splitter ?? options.splitter ?? 'auto', geometry, keepBytes }, this.opened.source, options.signal);
    for (;;) {
      const { value: step } = await steps.next();
      if (step?.kind === 'progress') this.#tellShare('splitting', step.contents, step.maxContents);
      else if (step?.kind !== 'plan') throw new RangeError('a split begins with its plan');
      else {
        const planned = plannedFile(step.plan);
        if (planned.summary.count > maxBlocksPerImage) throw fault('image-too-large');
        this.#tellShare('splitting', 1, 1);
        return { planned, steps };
      }
    }
  }

  async #store({ planned, steps }: SplitFile, fileHash: Uint8Array): Promise<UploadedFile> {
    const refs = await this.#placeContents(planned, steps);
    const domains = [this.run.domain.id];
    const sealSegments: SealSegments = (contents) => this.#placeSegments(contents);
    const skeleton = await foldSkeleton(planned.recipe.skeleton, domains, sealSegments);
    const contents = await foldRefs(refs, domains, sealSegments);
    if (this.#rehashes.size > maxBlocksPerImage) throw fault('image-too-large');
    const commit = await sealImage(this.run, {
      name: this.name, opened: this.opened, fileHash, planned, skeleton, contents,
      rehashes: [...this.#rehashes.values()], codedBytes: this.#codedBytes, sentBytes: this.#meter.bytes,
    });
    if (!(await this.opened.isUnchanged())) throw fault('file-changed');
    if (!this.run.isDryRun) await this.#commit(commit, planned, fileHash);
    await this.run.known.add({ name: this.name, fileHash }, commit.imageId);
    return this.#result('stored', { id: this.run.isDryRun ? undefined : commit.imageId, splitter: planned.recipe.splitter });
  }

  /** All contents in chunks; while one is on its way to the server, the next is read and coded. */
  async #placeContents({ summary }: PlannedFile, steps: SplitFile['steps']): Promise<readonly ContentRef[]> {
    const refs: ContentRef[] = [];
    let pending: Promise<readonly Placement[]> | undefined;
    const finish = async (): Promise<void> => {
      for (const placement of (await pending) ?? []) this.#note(placement, summary.picture?.regions, refs);
      pending = undefined;
      this.#tell('sending', this.#meter.bytes, this.#meter.bytes);
    };
    try {
      for await (const chunk of chunksOf(steps)) {
        await finish();
        pending = this.run.sender.place(chunk, this.#sending);
        pending.catch(() => undefined);
        this.#tellShare('sealing', refs.length + chunk.length, summary.count);
      }
      await finish();
    } finally {
      await pending?.catch(() => undefined);
    }
    if (refs.length !== summary.count) throw fault('file-changed');
    return refs;
  }

  async #placeSegments(contents: readonly Uint8Array[]): Promise<readonly ContentRef[]> {
    const refs: ContentRef[] = [];
    for (let at = 0; at < contents.length; at += chunkContents) {
      const items = await this.#fingerprinted(contents.slice(at, at + chunkContents));
      for (const placement of await this.run.sender.place(items, this.#sending)) this.#noteSegment(placement, refs);
    }
    return refs;
  }

  #fingerprinted(contents: readonly Uint8Array[]): Promise<readonly FingerprintedContent[]> {
    const { crypto } = this.run.connection.platform;
    return Promise.all(contents.map(async (content) => ({ content, fingerprint: await crypto.sha256(content) })));
  }

  #note(placement: Placement, regions: readonly Region[] | undefined, refs: ContentRef[]): void {
    const index = refs.length;
    if (placement.state === 'flat') this.#flatTiles++;
    this.#noteSegment(placement, refs);
    this.#tellTile({ index, region: regions?.[index], state: placement.state });
  }

  #noteSegment(placement: Placement, refs: ContentRef[]): void {
    refs.push(placement.ref);
    this.#codedBytes += placement.cipherBytes;
    if (placement.rehash === undefined) return;
    const key = hexOf(placement.rehash);
    if (this.#rehashes.has(key)) return;
    this.#rehashes.set(key, placement.rehash);
    this.#fresh.push(placement);
    if (placement.state === 'new') this.#blocksSent++;
  }

  async #commit(commit: Commit, planned: PlannedFile, fileHash: Uint8Array): Promise<void> {
    this.#tell('committing', 0, 1);
    for (let tries = 1; ; tries++) {
      const { status, missing } = await this.run.lane.commit(commit, this.#meter);
      if (status === 'stored') break;
      if (status !== 'blocks-missing') throw new DiceError(status, `The server did not take the image: ${status}.`);
      if (tries >= 3 || missing === undefined) throw new DiceError('blocks-missing', 'The server lacks blocks that were just sent.');
      await this.#sendAgain({ planned, fileHash }, new Set(unpackHashes(missing).map(hexOf)));
    }
    await this.run.cache?.remember(this.run.domain, this.#fresh.flatMap(({ ref, fingerprint, cipherBytes }) => (ref.kind === 'block' ? [{ tag: ref.tag, fingerprint, cipherBytes }] : [])));
    this.#tell('committing', 1, 1);
  }

  /** The session was lost, or a block was damaged meanwhile: takes the file apart again and sends what is missing. */
  async #sendAgain({ planned, fileHash }: { readonly planned: PlannedFile; readonly fileHash: Uint8Array }, missing: ReadonlySet<string>): Promise<void> {
    const lost = new Set(this.#fresh.flatMap(({ rehash, fingerprint }) => (rehash !== undefined && missing.has(hexOf(rehash)) ? [hexOf(fingerprint)] : [])));
    const placeAgain = async (items: readonly FingerprintedContent[]): Promise<readonly ContentRef[]> => {
      const placements = new Map<string, Placement>();
      const isLost = ({ fingerprint }: FingerprintedContent): boolean => lost.has(hexOf(fingerprint));
      for (const placement of await this.run.sender.place(items.filter(isLost), this.#sending, missing)) placements.set(hexOf(placement.fingerprint), placement);
      for (const placement of await this.run.sender.place(items.filter((item) => !isLost(item)), this.#sending)) placements.set(hexOf(placement.fingerprint), placement);
      return items.flatMap(({ fingerprint }) => placements.get(hexOf(fingerprint))?.ref ?? []);
    };
    const domains = [this.run.domain.id];
    const sealSegments: SealSegments = async (contents) => placeAgain(await this.#fingerprinted(contents));
    await foldSkeleton(planned.recipe.skeleton, domains, sealSegments);
    const refs: ContentRef[] = [];
    const { steps } = await this.#planned(fileHash, planned.recipe.splitter);
    try {
      for await (const chunk of chunksOf(steps)) refs.push(...(await placeAgain(chunk)));
    } finally {
      await steps.return();
    }
    await foldRefs(refs, domains, sealSegments);
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

  #result(status: 'stored' | 'known', of: { readonly id: ImageId | undefined; readonly splitter: UploadedFile['splitter'] }): UploadedFile {
    return {
      name: this.name,
      origin: undefined,
      ...of,
      status,
      logicalBytes: this.opened.source.size,
      sentBytes: this.#meter.bytes,
      blocks: this.#rehashes.size,
      blocksSent: this.#blocksSent,
      flatTiles: this.#flatTiles,
    };
  }
}

async function* chunksOf(steps: SplitFile['steps']): AsyncGenerator<readonly FingerprintedContent[], void, void> {
  for await (const step of steps) if (step.kind === 'chunk') yield step.contents;
}
