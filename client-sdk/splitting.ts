/**
 * Understands one file: picks its splitter by the file alone, reads its contents once for their fingerprints, joins
 * them again and compares the hash; where anything does not fit, the file goes as bytes. SPEC.md section 6.1.
 */
import type { UploadOptions } from './api.js';
import { contentCoder } from './coder.js';
import { DiceError, fault } from './core/errors.js';
import { splitterFor, splitters } from './core/image/detect.js';
import { defaultTilePixels } from './core/image/image-limits.js';
import type { ContentReader, Geometry, Recipe, Source, Split, Splitter, SplitSummary } from './core/image/splitter.js';
import { doesStructurePay, sampleIndices } from './core/plan.js';
import type { Platform } from './ports.js';
import { concat, hexOf, isEqual } from './protocol/bytes.js';
import { hashBytes } from './protocol/limits.js';

/** A file that is understood: its contents can be read again, and join to exactly its bytes. */
export interface PlannedFile {
  readonly split: Split;
  readonly recipe: Recipe;
  readonly summary: SplitSummary;
  /** SHA-256 of each content, packed; undefined where it was not read ahead (bytes). */
  readonly fingerprints: Uint8Array | undefined;
  /** The contents themselves, where they are few enough to keep. */
  readonly kept: readonly Uint8Array[] | undefined;
}

/** What planning a file takes. */
export interface PlanInput {
  readonly source: Source;
  readonly fileHash: Uint8Array;
  readonly options: Pick<UploadOptions, 'splitter' | 'geometry'>;
  readonly memory: KeptMemory;
  /** Called for each piece of progress; throws `cancelled`. */
  breathe(contents: number, maxContents: number): Promise<void>;
}

/** Raw bytes of contents that a run may keep between reading and sealing them. */
export class KeptMemory {
  #free = 100_663_296;

  /** Takes `bytes`, or answers false. */
  take(bytes: number): boolean {
    if (bytes > this.#free) return false;
    this.#free -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.#free += bytes;
  }
}

/** Above this a file's contents are read from the source again. */
const maxKeptBytes = 33_554_432;

/** The plan of a file. Only a source that fails, and cancelling, throw. */
export async function planFile(platform: Platform, input: PlanInput): Promise<PlannedFile> {
  const { source, options } = input;
  const geometry = options.geometry ?? { kind: 'tile', tilePixels: defaultTilePixels };
  const splitter = await chosenSplitter(source, options.splitter ?? 'auto');
  const structured = splitter.id === 'bytes' ? undefined : await understood(platform, input, { splitter, geometry });
  return structured ?? (await planBytes(source, geometry));
}

async function chosenSplitter(source: Source, wanted: NonNullable<UploadOptions['splitter']>): Promise<Splitter> {
  if (wanted === 'auto') return splitterFor(source);
  const splitter = splitters[wanted];
  if (splitter === undefined) throw fault('argument-invalid', `This version has no splitter ${wanted}.`);
  return splitter;
}

async function planBytes(source: Source, geometry: Geometry): Promise<PlannedFile> {
  const split = await splitters.bytes?.split(source, geometry);
  if (split === undefined) throw new RangeError('the splitter for bytes understands every file');
  return { split, recipe: await split.recipe(), summary: await split.summary(), fingerprints: undefined, kept: undefined };
}

/** What cannot be given back through this splitter is not an error: undefined. */
async function understood(platform: Platform, input: PlanInput, by: { readonly splitter: Splitter; readonly geometry: Geometry }): Promise<PlannedFile | undefined> {
  try {
    const split = await by.splitter.split(input.source, by.geometry);
    if (split === undefined) return undefined;
    const reading = await readOnce(platform, input, split);
    try {
      const planned = { split, recipe: await split.recipe(), summary: await split.summary(), fingerprints: reading.fingerprints, kept: reading.kept };
      const isWorth = isForced(input.options) || doesPay(input, planned, reading);
      if (isWorth && (await isExact(platform, input, { splitter: by.splitter, planned }))) return planned;
    } catch (thrown) {
      releaseKept(input.memory, reading.kept);
      throw thrown;
    }
    releaseKept(input.memory, reading.kept);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof DiceError && !staysAnError(thrown)) return undefined;
    throw thrown;
  }
}

/** Gives the memory of kept contents back. */
export function releaseKept(memory: KeptMemory, kept: readonly Uint8Array[] | undefined): void {
  memory.give((kept ?? []).reduce((sum, content) => sum + content.length, 0));
}

function staysAnError({ code }: DiceError): boolean {
  return code === 'cancelled' || code === 'file-unreadable' || code === 'file-changed' || code === 'argument-invalid';
}

function isForced(options: PlanInput['options']): boolean {
  return options.splitter !== undefined && options.splitter !== 'auto';
}

interface Reading {
  readonly fingerprints: Uint8Array;
  readonly kept: readonly Uint8Array[] | undefined;
  readonly samples: number;
  readonly sampledBytes: number;
}

/** First reading: fingerprints of all contents, sizes of a few coded ones, the contents themselves while they are few. */
async function readOnce(platform: Platform, input: PlanInput, split: Split): Promise<Reading> {
  const wanted = sampleIndices(split.maxCount);
  const hashes: Uint8Array[] = [];
  const keeper = new Keeper(input.memory);
  let samples = 0;
  let sampledBytes = 0;
  try {
    for await (const content of split.contents()) {
      if (wanted.has(hashes.length)) {
        samples++;
        sampledBytes += contentCoder.code(content).length;
      }
      hashes.push(await platform.crypto.sha256(content));
      keeper.keep(content);
      await input.breathe(hashes.length, split.maxCount);
    }
  } catch (thrown) {
    releaseKept(input.memory, keeper.kept);
    throw thrown;
  }
  return { fingerprints: concat(...hashes), kept: keeper.kept, samples, sampledBytes };
}

/** Keeps contents until they are too many, then none. */
class Keeper {
  kept: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(private readonly memory: KeptMemory) {}

  keep(content: Uint8Array): void {
    if (this.kept === undefined) return;
    if (this.#bytes + content.length <= maxKeptBytes && this.memory.take(content.length)) {
      this.#bytes += content.length;
      this.kept.push(content);
      return;
    }
    this.memory.give(this.#bytes);
    this.kept = undefined;
  }
}

function doesPay(input: PlanInput, planned: PlannedFile, reading: Reading): boolean {
  const { fingerprints, samples, sampledBytes } = reading;
  const distinct = new Set<string>();
  for (let at = 0; at < fingerprints.length; at += hashBytes) distinct.add(hexOf(fingerprints.subarray(at, at + hashBytes)));
  return doesStructurePay({
    fileBytes: input.source.size,
    contents: planned.summary.count,
    distinctContents: distinct.size,
    skeletonBytes: planned.recipe.skeleton.length,
    sampledBytes,
    samples,
  });
}

/** Second reading: the joined file has the hash of the source. */
async function isExact(platform: Platform, input: PlanInput, by: { readonly splitter: Splitter; readonly planned: PlannedFile }): Promise<boolean> {
  const { splitter, planned } = by;
  const hash = platform.newHash();
  let bytes = 0;
  const reader = new SplitReader(platform, planned);
  try {
    for await (const piece of splitter.join(planned.recipe, reader)) {
      bytes += piece.length;
      if (bytes > input.source.size) return false;
      hash.update(piece);
      await input.breathe(reader.position, planned.summary.count);
    }
  } finally {
    await reader.close();
  }
  return isEqual(hash.digest(), input.fileHash);
}

/** Gives a join the contents of the first reading, or reads them again and holds them against their fingerprints. */
class SplitReader implements ContentReader {
  readonly count: number;
  position = 0;
  #iterator: AsyncIterator<Uint8Array> | undefined;

  constructor(
    private readonly platform: Platform,
    private readonly planned: PlannedFile,
  ) {
    this.count = planned.summary.count;
  }

  async get(index: number): Promise<Uint8Array> {
    const kept = this.planned.kept?.[index];
    if (kept !== undefined) {
      this.position = Math.max(this.position, index);
      return kept;
    }
    if (this.#iterator === undefined || index < this.position) await this.#restart(index);
    for (;;) {
      const next = await this.#iterator?.next();
      if (next === undefined || next.done === true) throw fault('recipe-invalid', 'A content is missing.');
      if (this.position++ === index) return await this.#checked(index, next.value);
    }
  }

  async close(): Promise<void> {
    await this.#iterator?.return?.();
  }

  async #restart(index: number): Promise<void> {
    await this.close();
    this.#iterator = this.planned.split.contents(index)[Symbol.asyncIterator]();
    this.position = index;
  }

  async #checked(index: number, content: Uint8Array): Promise<Uint8Array> {
    const expected = fingerprintAt(this.planned.fingerprints, index);
    if (expected !== undefined && !isEqual(await this.platform.crypto.sha256(content), expected)) throw fault('file-changed');
    return content;
  }
}

/** Fingerprint `index` of a packed list. */
export function fingerprintAt(fingerprints: Uint8Array | undefined, index: number): Uint8Array | undefined {
  return fingerprints?.subarray(index * hashBytes, (index + 1) * hashBytes);
}
