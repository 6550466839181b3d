/**
 * The blocks of one file on their way to the server, in one try: its contents and the segments of its lists, in chunks,
 * and what has been placed so far. Holds a chunk or two, and what mixing.ts holds. SPEC.md section 12.
 */
import type { TileState } from './api.js';
import type { Placement, Prepared, SendingFile } from './block-sender.js';
import type { ContentRef, SealSegments } from './core/block-list.js';
import { fault } from './core/errors.js';
import type { Region } from './core/image/splitter.js';
import type { Patches } from './core/patch-list.js';
import { chunkContents } from './core/plan.js';
import { type NewTile, type PatchedContent, patchTiles } from './edited-copy.js';
import { Mixing } from './mixing.js';
import { hexOf } from './protocol/bytes.js';
import { asRehash, type Rehash } from './protocol/ids.js';
import { chunksOf, type SplitFile } from './split-file.js';
import type { FingerprintedContent, SplitContent } from './tasks.js';
import type { UploadRun } from './upload-run.js';

/** Who is told while contents are placed. */
export interface PlacingListener {
  tile(tile: { readonly index: number; readonly region: Region | undefined; readonly state: TileState }): void;
  sealed(contents: number, of: number): void;
  sent(): void;
}

/** What a try works with. */
export interface PlacingParts {
  readonly run: UploadRun;
  readonly sending: SendingFile;
  readonly listener: PlacingListener;
}

/** A chunk on its way: where its contents stand among those of the file. */
interface Pending {
  readonly indices: readonly number[];
  readonly prepared: Promise<Prepared>;
}

export class Placing {
  readonly #rehashes = new Map<string, Rehash>();
  readonly #fresh: Placement[] = [];
  readonly #refs: ContentRef[] = [];
  readonly #patches = new Map<number, Uint8Array>();
  readonly #toldTiles = new Set<number>();
  #placed = 0;
  #blocksSent = 0;
  #broughtContents = 0;
  #codedBytes = 0;
  #flatTiles = 0;

  constructor(
    private readonly parts: PlacingParts,
    private readonly split: SplitFile,
  ) {}

  /** Of every distinct block, segments included. */
  get rehashes(): readonly Rehash[] {
    return [...this.#rehashes.values()];
  }

  /** Distinct blocks in the order of their first use. */
  get fresh(): readonly Placement[] {
    return this.#fresh;
  }

  /** Contents that are blocks of the original under a patch. */
  get patches(): Patches {
    return this.#patches;
  }

  /** Blocks that the server did not have. */
  get blocksSent(): number {
    return this.#blocksSent;
  }

  /** Contents whose blocks the server did not have. */
  get broughtContents(): number {
    return this.#broughtContents;
  }

  /** Cipher bytes of all references. */
  get codedBytes(): number {
    return this.#codedBytes;
  }

  /** Contents that travel in the manifest. */
  get flatTiles(): number {
    return this.#flatTiles;
  }

  /** Places all contents; while one chunk is coded, and others are on their way to the server, the next is read. Throws `file-changed`. */
  async contents(): Promise<readonly ContentRef[]> {
    const { count } = this.split.planned.summary;
    const { run: { sender }, sending, listener } = this.parts;
    const mixing = new Mixing(sender, sending);
    const chunks: Pending[] = [];
    let taken = 0;
    try {
      for await (const chunk of chunksOf(this.split)) {
        const { indices, items } = await this.#withoutPatched(chunk, taken);
        taken += chunk.length;
        await mixing.gather();
        if (chunks.length > 0) listener.sent();
        chunks.push({ indices, prepared: this.#told(indices, mixing.begin(items)) });
        listener.sealed(taken, count);
      }
      await mixing.end();
    } catch (thrown) {
      await mixing.abandon(thrown);
      throw thrown;
    }
    for (const pending of chunks) await this.#finish(pending);
    listener.sent();
    if (this.#placed !== count || taken !== count) throw fault('file-changed');
    return this.#refs;
  }

  /** Places segments of the file's lists. */
  readonly segments: SealSegments = async (contents) => {
    const refs: ContentRef[] = [];
    for (let at = 0; at < contents.length; at += chunkContents) {
      const items = await this.#fingerprinted(contents.slice(at, at + chunkContents));
      for (const placement of await this.parts.run.sender.place(items, this.parts.sending)) {
        this.#count(placement);
        refs.push(placement.ref);
      }
    }
    return refs;
  };

  /** Whether one of these blocks is the original's, so that this file cannot send it. */
  isOfOriginal(missing: ReadonlySet<string>): boolean {
    return this.#fresh.some(({ rehash, fingerprint }) => fingerprint === undefined && rehash !== undefined && missing.has(hexOf(rehash)));
  }

  /** The session was lost, or a block was damaged meanwhile: what is missing of the contents, which come once more, is sent. */
  async contentsAgain(again: Parameters<typeof chunksOf>[0], missing: ReadonlySet<string>): Promise<readonly ContentRef[]> {
    let index = 0;
    for await (const chunk of chunksOf(again)) {
      const indices = chunk.map(() => index++);
      const isOwn = indices.map((at) => !this.#patches.has(at));
      const refs = await this.#placeAgain(chunk.filter((_, i) => isOwn[i]), missing);
      for (const [i, at] of indices.filter((_, own) => isOwn[own]).entries()) this.#refs[at] = refs[i] ?? this.#refAt(at);
    }
    return this.#refs;
  }

  /** The same for segments. */
  segmentsAgain(missing: ReadonlySet<string>): SealSegments {
    return async (contents) => this.#placeAgain(await this.#fingerprinted(contents), missing);
  }

  async #placeAgain(items: readonly SplitContent[], missing: ReadonlySet<string>): Promise<readonly ContentRef[]> {
    const lost = new Set(this.#fresh.flatMap(({ rehash, fingerprint }) => (fingerprint !== undefined && rehash !== undefined && missing.has(hexOf(rehash)) ? [hexOf(fingerprint)] : [])));
    const placed = new Map<string, ContentRef>();
    const isLost = ({ fingerprint }: SplitContent): boolean => lost.has(hexOf(fingerprint));
    for (const [some, again] of [[items.filter(isLost), missing], [items.filter((item) => !isLost(item)), undefined]] as const) {
      const names = some.map(({ fingerprint }) => hexOf(fingerprint));
      for (const [i, { ref }] of (await this.parts.run.sender.place(some, this.parts.sending, again)).entries()) placed.set(names[i] ?? '', ref);
    }
    return items.flatMap(({ fingerprint }) => placed.get(hexOf(fingerprint)) ?? []);
  }

  /** Notes the contents of a chunk that are blocks of the original under a patch; answers the others. */
  async #withoutPatched(chunk: readonly SplitContent[], first: number): Promise<{ readonly indices: readonly number[]; readonly items: readonly SplitContent[] }> {
    const patched = await this.#patchedOf(chunk, first);
    for (const [index, content] of patched) {
      this.#patches.set(index, content.patch);
      this.#note(index, await this.#patchedPlacement(content));
    }
    const indices = chunk.map((_, i) => first + i).filter((index) => !patched.has(index));
    return { indices, items: chunk.filter((_, i) => !patched.has(first + i)) };
  }

  async #patchedOf(chunk: readonly SplitContent[], first: number): Promise<ReadonlyMap<number, PatchedContent>> {
    const { original, planned } = this.split;
    if (original === undefined) return new Map();
    const isKnown = await this.parts.run.sender.knows(chunk.map(({ fingerprint }) => fingerprint), this.parts.sending.domain);
    const tiles = chunk.flatMap((item, i): readonly NewTile[] => {
      const place = planned.summary.places[first + i];
      return isKnown[i] === true || place === undefined || !('content' in item) ? [] : [{ index: first + i, content: item.content, place }];
    });
    const { run, sending: { domain, signal } } = this.parts;
    return patchTiles(original, tiles, { domain: domain.id, tasks: run.tasks, signal });
  }

  /** The listener hears of each content when it is where it belongs, long before all are collected. */
  #told(indices: readonly number[], preparing: Promise<Prepared>): Promise<Prepared> {
    const telling = preparing.then((prepared) => {
      for (const [i, placement] of prepared.placements.entries()) {
        // What the listener throws it throws once more where the content is noted: there the file fails.
        placement.then(({ state }) => { this.#tell(indices[i] ?? 0, state); }).catch(() => undefined);
      }
      return prepared;
    });
    telling.catch(() => undefined);
    return telling;
  }

  async #finish({ indices, prepared }: Pending): Promise<void> {
    const placements = await this.parts.run.sender.collect(await prepared, this.parts.sending);
    for (const [i, placement] of placements.entries()) {
      if (placement.state === 'new') this.#broughtContents++;
      this.#note(indices[i] ?? this.#placed, placement);
    }
  }

  #tell(index: number, state: TileState): void {
    if (this.#toldTiles.has(index)) return;
    this.parts.listener.tile({ index, region: this.split.planned.summary.picture?.regions[index], state });
    this.#toldTiles.add(index);
  }

  #fingerprinted(contents: readonly Uint8Array[]): Promise<readonly FingerprintedContent[]> {
    const { crypto } = this.parts.run.connection.platform;
    return Promise.all(contents.map(async (content) => ({ content, fingerprint: await crypto.sha256(content) })));
  }

  async #patchedPlacement({ ref, cipherBytes }: PatchedContent): Promise<Placement> {
    const rehash = asRehash(await this.parts.run.connection.platform.crypto.sha256(ref.tag));
    return { ref, cipherBytes, rehash, state: 'patched', fingerprint: undefined };
  }

  #refAt(index: number): ContentRef {
    const ref = this.#refs[index];
    if (ref === undefined) throw fault('file-changed');
    return ref;
  }

  #note(index: number, placement: Placement): void {
    if (placement.state === 'flat') this.#flatTiles++;
    this.#refs[index] = placement.ref;
    this.#placed++;
    this.#count(placement);
    this.#tell(index, placement.state);
  }

  #count(placement: Placement): void {
    const { rehash, state, cipherBytes } = placement;
    this.#codedBytes += cipherBytes;
    if (rehash === undefined || this.#rehashes.has(hexOf(rehash))) return;
    this.#rehashes.set(hexOf(rehash), rehash);
    this.#fresh.push(placement);
    if (state === 'new') this.#blocksSent++;
  }
}
