/**
 * Takes one file apart, in whatever thread: its plan, then its contents in chunks with their fingerprints, read again where
 * they were too many to keep. SPEC.md section 12.
 */
import type { Breath } from './breath.js';
import type { ByteGate } from './byte-gate.js';
import { fault } from './core/errors.js';
import { bytesSplitter } from './core/image/bytes-splitter.js';
import { plainBytes } from './core/image/content.js';
import type { Equalisation } from './core/image/equalised-picture.js';
import { equalisationIn } from './core/image/equalised-tile.js';
import type { Source } from './core/image/splitter.js';
import { chunkBytes, chunkContents } from './core/plan.js';
import type { Equalisations } from './equalisations.js';
import { isEqual } from './protocol/bytes.js';
import { hashBytes } from './protocol/limits.js';
import { sealsEarly } from './planned-file.js';
import { recutFile } from './recutting.js';
import { sealContents } from './seal-task.js';
import { planFile, type PlannedFile, type PlanTools } from './splitting.js';
import type { FingerprintedContent, SplitInput, SplitStep, SplitSteps } from './tasks.js';

/** What this task needs of its thread. */
export interface SplitTools extends PlanTools {
  readonly breath: Breath;
  readonly equalisations: Equalisations;
  /** Bytes of files that are understood at once: a large one takes many times its size, and a thread gains nothing by two. */
  readonly planGate: ByteGate;
  readonly signal: AbortSignal | undefined;
}

interface EqualisedFile extends PlannedFile {
  readonly fileBytes: number;
  /** Of the picture's first page. */
  readonly equalisation: Equalisation | undefined;
}

/** See Tasks.split. */
export async function* splitFile(tools: SplitTools, input: SplitInput, source: Source): SplitSteps {
  const progress = new Progress();
  const breathe = async (contents: number, maxContents: number): Promise<void> => {
    if (!tools.breath.isDue) return;
    progress.tell({ kind: 'progress', contents, maxContents });
    await tools.breath.breathe();
  };
  const during = (plan: () => Promise<PlannedFile>): AsyncGenerator<SplitStep, PlannedFile, unknown> => progress.during(inTurn(tools, source.size, plan));
  let split = input;
  let planned = yield* during(() => planFile(tools, { source, split, breathe }));
  try {
    let word = yield planStep(planned);
    if (typeof word === 'object') {
      const first = planned;
      split = { ...input, splitter: first.recipe.splitter, geometry: word.recut, sealFor: undefined };
      planned = yield* during(() => recutFile(tools, { source, split, breathe }, first));
      word = yield planStep(planned);
    }
    const equalisation = word === 'copy' ? undefined : await equalisationOf(tools, planned, source.size);
    if (equalisation !== undefined) yield { kind: 'equalised', description: `equalised in ${String(equalisation.across)} by ${String(equalisation.down)} cells` };
    yield* chunksOf(tools, split, { ...planned, equalisation, fileBytes: source.size });
  } finally {
    planned.split.close?.();
  }
}

function planStep({ recipe, split, anchors }: PlannedFile): SplitStep {
  return { kind: 'plan', plan: { recipe, description: split.description, anchors } };
}

async function inTurn<T>({ planGate, signal }: SplitTools, size: number, work: () => Promise<T>): Promise<T> {
  await planGate.enter(size, signal);
  try {
    return await work();
  } finally {
    planGate.leave(size);
  }
}

/** How the first page was equalised, if it was. It takes memory and time as a plan does. */
async function equalisationOf(tools: SplitTools, { split }: PlannedFile, size: number): Promise<Equalisation | undefined> {
  const grey = await split.greyPicture?.();
  if (grey === undefined) return undefined;
  return inTurn(tools, size, () => tools.equalisations.find(grey));
}

/** Gives out what a running promise tells. */
class Progress {
  #told: SplitStep | undefined;
  #wake: () => void = () => undefined;

  /** The latest word counts. */
  tell(step: SplitStep): void {
    this.#told = step;
    this.#wake();
  }

  async *during<T>(work: Promise<T>): AsyncGenerator<SplitStep, T, unknown> {
    const state = { isDone: false };
    const end = (): void => {
      state.isDone = true;
      this.#wake();
    };
    work.then(end, end);
    for (;;) {
      const told = this.#told;
      this.#told = undefined;
      if (told !== undefined) yield told;
      else if (state.isDone) return await work;
      else await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }
}

async function* chunksOf(tools: SplitTools, input: SplitInput, planned: EqualisedFile): AsyncGenerator<SplitStep, void, unknown> {
  const hash = planned.split.splitter === bytesSplitter.id ? tools.newHash() : undefined;
  const sealFor = sealsEarly(planned.recipe, planned.fileBytes) ? input.sealFor : undefined;
  let chunk: FingerprintedContent[] = [];
  let bytes = 0;
  let index = 0;
  for await (const content of planned.kept ?? planned.split.contents()) {
    hash?.update(plainBytes(content));
    const shorter = shorterBy(planned, index);
    const fingerprint = await fingerprintOf(tools, planned, { index: index++, content });
    chunk.push({ content, fingerprint, ...shorter });
    bytes += content.length;
    if (bytes >= chunkBytes || chunk.length >= chunkContents) {
      yield await chunkOf(tools, sealFor, chunk);
      chunk = [];
      bytes = 0;
    }
    await tools.breath.breatheSometimes();
  }
  if (index !== planned.summary.count || (hash !== undefined && !isEqual(hash.digest(), input.fileHash))) throw fault('file-changed');
  if (chunk.length > 0) yield await chunkOf(tools, sealFor, chunk);
}

async function chunkOf({ crypto, breath }: SplitTools, sealFor: SplitInput['sealFor'], contents: readonly FingerprintedContent[]): Promise<SplitStep> {
  if (sealFor === undefined) return { kind: 'chunk', contents };
  try {
    const sealed = await sealContents(crypto, { domain: sealFor, contents }, breath);
    return { kind: 'chunk', contents: contents.flatMap(({ fingerprint }, i) => sealed[i] === undefined ? [] : [{ fingerprint, sealed: sealed[i] }]) };
  } catch (thrown) {
    // A coder that does not give a content back: whoever seals it hears of it.
    if (thrown instanceof RangeError) return { kind: 'chunk', contents };
    throw thrown;
  }
}

/** The coded form of a content or what it is made with, as far as either is known. */
function shorterBy({ summary, equalisation, samples }: EqualisedFile, index: number): Pick<FingerprintedContent, 'coded' | 'equalisation'> {
  const region = equalisation === undefined ? undefined : summary.picture?.regions[index];
  if (equalisation !== undefined && region !== undefined) return { equalisation: equalisationIn(equalisation, region) };
  const coded = samples.get(index);
  return coded === undefined ? {} : { coded };
}

async function fingerprintOf(tools: SplitTools, planned: PlannedFile, { index, content }: { readonly index: number; readonly content: Uint8Array }): Promise<Uint8Array> {
  const expected = planned.fingerprints?.slice(index * hashBytes, (index + 1) * hashBytes);
  // What is in memory is what the join was proven with.
  if (expected !== undefined && (planned.kept !== undefined || planned.split.views !== undefined)) return expected;
  const fingerprint = await tools.crypto.sha256(content);
  if (expected !== undefined && !isEqual(fingerprint, expected)) throw fault('file-changed');
  return fingerprint;
}
