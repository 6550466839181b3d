/**
 * Understands one file: picks its splitter by the file alone, reads its contents once for their fingerprints, joins
 * them again and compares the hash; where anything does not fit, the file goes as bytes. SPEC.md section 6.1.
 */
import { DiceError } from './core/errors.js';
import type { Anchor } from './core/image/anchors.js';
import { splitterFor, splitters } from './core/image/detect.js';
import type { Recipe, Source, Split, SplitEffort, Splitter } from './core/image/splitter.js';
import { doesStructurePay, sampleIndices } from './core/plan.js';
import type { Platform } from './ports.js';
import { concat, hexOf, isEqual } from './protocol/bytes.js';
import { hashBytes } from './protocol/limits.js';
import { PlacedAnchors } from './placed-anchors.js';
import { type SampleLengths, Samples } from './samples.js';
import { type ReadFile, SplitReader } from './split-reader.js';
import type { SplitInput } from './tasks.js';

/** A file that is understood: its contents can be read again, and join to exactly its bytes. */
export interface PlannedFile extends ReadFile {
  readonly recipe: Recipe;
  /** By which copies of the picture can be found; none for what is no picture. */
  readonly anchors: readonly Anchor[];
  /** Coded forms that were made for the choice of the splitter, by index. */
  readonly samples: ReadonlyMap<number, Uint8Array>;
}

/** What planning needs of the thread in which it runs. */
export interface PlanTools extends Pick<Platform, 'crypto' | 'newHash'> {
  readonly lengths: SampleLengths;
}

/** What planning a file takes. */
export interface PlanInput {
  readonly source: Source;
  readonly split: SplitInput;
  /** Called for each piece of progress; throws `cancelled`. */
  breathe(contents: number, maxContents: number): Promise<void>;
}

/** The plan of a file. Only a source that fails, and cancelling, throw. */
export async function planFile(tools: PlanTools, input: PlanInput): Promise<PlannedFile> {
  const { source, split } = input;
  const splitter = await chosenSplitter(source, split.splitter);
  const structured = splitter.id === 'bytes' ? undefined : await understood(tools, input, splitter);
  return structured ?? (await planBytes(source, split));
}

async function chosenSplitter(source: Source, wanted: SplitInput['splitter']): Promise<Splitter> {
  if (wanted === 'auto') return splitterFor(source);
  return splitters[wanted];
}

async function planBytes(source: Source, { geometry }: SplitInput): Promise<PlannedFile> {
  const split = await splitters.bytes.split(source, geometry);
  if (split === undefined) throw new RangeError('the splitter for bytes understands every file');
  return { split, recipe: await split.recipe(), summary: await split.summary(), fingerprints: undefined, kept: undefined, anchors: [], samples: new Map() };
}

/** How a file is taken apart. */
interface Way {
  readonly splitter: Splitter;
  readonly effort: SplitEffort;
}

/** What cannot be given back through this splitter is not an error: undefined. */
async function understood(tools: PlanTools, input: PlanInput, splitter: Splitter): Promise<PlannedFile | undefined> {
  for (const effort of ['quick', 'whole'] as const) {
    try {
      const planned = await planBy(tools, input, { splitter, effort });
      if (planned !== 'inexact') return planned === 'unsuited' ? undefined : planned;
    } catch (thrown) {
      if (!(thrown instanceof DiceError) || staysAnError(thrown)) throw thrown;
    }
  }
  return undefined;
}

/** The plan, held against the file; `unsuited` where structure does not pay or cannot be had. */
async function planBy(tools: PlanTools, input: PlanInput, way: Way): Promise<PlannedFile | 'unsuited' | 'inexact'> {
  const split = await way.splitter.split(input.source, input.split.geometry, way.effort);
  if (split === undefined) return 'unsuited';
  let proven: PlannedFile | undefined;
  try {
    const planned = await planOf(tools, input, split);
    if (planned === undefined) return 'unsuited';
    // What is kept need not be read again.
    if (planned.kept !== undefined) split.close?.();
    proven = await provenPlan(tools, input, { splitter: way.splitter, planned });
    return proven ?? 'inexact';
  } finally {
    if (proven === undefined) split.close?.();
  }
}

/** The plan, not yet held against the file; undefined where structure does not pay. */
export async function planOf(tools: PlanTools, input: PlanInput, split: Split): Promise<PlannedFile | undefined> {
  const reading = await readOnce(tools, input, split);
  const { fingerprints, kept, samples } = reading;
  const planned = { split, recipe: await split.recipe(), summary: await split.summary(), fingerprints, kept, anchors: [], samples: samples.kept };
  return input.split.splitter !== 'auto' || doesPay(input, planned, samples) ? planned : undefined;
}

/** The plan with what is found while it is held against the file; undefined where another file comes of it. */
async function provenPlan(tools: PlanTools, input: PlanInput, { splitter, planned }: { readonly splitter: Splitter; readonly planned: PlannedFile }): Promise<PlannedFile | undefined> {
  const finder = new PlacedAnchors(planned.summary);
  if (!(await isExact(tools, input, { splitter, planned, finder }))) return undefined;
  return { ...planned, anchors: finder.anchors };
}

/** It says something of the source or the question, not of the way. */
export function staysAnError({ code }: DiceError): boolean {
  return code === 'cancelled' || code === 'file-unreadable' || code === 'file-changed' || code === 'argument-invalid';
}

const none: ReadonlySet<number> = new Set();

interface Reading {
  readonly fingerprints: Uint8Array;
  readonly kept: readonly Uint8Array[] | undefined;
  readonly samples: Samples;
}

/** First reading: fingerprints of all contents, sizes of a few coded ones, the contents themselves while they are few. */
async function readOnce(tools: PlanTools, input: PlanInput, split: Split): Promise<Reading> {
  // Where nothing is to be chosen, nobody asks what contents take.
  const wanted = input.split.splitter === 'auto' ? sampleIndices(split.maxCount) : none;
  const hashes: Uint8Array[] = [];
  const keeper = new Keeper(split.views === undefined ? input.split.keepBytes : 0);
  const samples = new Samples(tools);
  for await (const content of split.views?.() ?? split.contents()) {
    const fingerprint = await tools.crypto.sha256(content);
    if (wanted.has(hashes.length)) await samples.take(hashes.length, content, fingerprint);
    hashes.push(fingerprint);
    keeper.keep(content);
    await input.breathe(hashes.length, split.maxCount);
  }
  return { fingerprints: concat(...hashes), kept: keeper.kept, samples };
}

/** Keeps contents until they are too many, then none. */
class Keeper {
  kept: Uint8Array[] | undefined = [];
  #bytes = 0;

  constructor(private readonly maxBytes: number) {}

  keep(content: Uint8Array): void {
    if (this.kept === undefined) return;
    this.#bytes += content.length;
    if (this.#bytes <= this.maxBytes) this.kept.push(content);
    else this.kept = undefined;
  }
}

function doesPay(input: PlanInput, planned: PlannedFile, samples: Samples): boolean {
  const fingerprints = planned.fingerprints ?? new Uint8Array(0);
  const distinct = new Set<string>();
  for (let at = 0; at < fingerprints.length; at += hashBytes) distinct.add(hexOf(fingerprints.subarray(at, at + hashBytes)));
  return doesStructurePay({
    fileBytes: input.source.size,
    contents: planned.summary.count,
    distinctContents: distinct.size,
    skeletonBytes: planned.recipe.skeleton.length,
    sampledBytes: samples.bytes,
    samples: samples.count,
  });
}

/** Second reading: the joined file has the hash of the source. */
async function isExact(tools: PlanTools, input: PlanInput, by: { readonly splitter: Splitter; readonly planned: PlannedFile; readonly finder: PlacedAnchors }): Promise<boolean> {
  const { splitter, planned, finder } = by;
  const hash = tools.newHash();
  let bytes = 0;
  const reader = new SplitReader(tools.crypto, { planned, finder });
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
  return isEqual(hash.digest(), input.split.fileHash);
}
