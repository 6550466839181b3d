/**
 * Checks a stored image block by block, then as a whole: every step of SPEC.md section 3 by its own outcome, and a bad
 * block never hides the others. Writes nothing.
 */
import type { BlockCheck, FileCheck } from './api.js';
import type { BlockOutcome } from './block-fetcher.js';
import type { Connection } from './connection.js';
import { ContentWindow } from './content-window.js';
import { DiceError, type IntegrityStep } from './core/errors.js';
import type { Region } from './core/image/splitter.js';
import { hexOf } from './protocol/bytes.js';
import type { ImageId } from './protocol/ids.js';
import { joinedBytes, openImage, type StoredImage } from './stored-image.js';

/** See DiceClient.verify. */
export async function* verifyImage(connection: Connection, imageId: ImageId, signal: AbortSignal | undefined): AsyncGenerator<BlockCheck | FileCheck, void, void> {
  const checks = new Checks(connection, signal);
  let stored: StoredImage | undefined;
  let error: DiceError | undefined;
  try {
    stored = await openImage(connection, imageId, { signal, onSegment: (outcome) => { checks.segment(outcome); } });
    checks.regions = stored.summary.picture?.regions;
    for await (const piece of joinedBytes(connection, stored, (outcome, index) => { checks.content(outcome, index); })) {
      if (piece.length > 0) yield* checks.taken();
    }
  } catch (thrown) {
    error = integrityError(thrown);
  }
  yield* checks.taken();
  if (stored !== undefined && error !== undefined) yield* checks.rest(stored);
  const name = stored?.listed.entry.name ?? '';
  const { blocks, failedBlocks } = checks;
  yield { kind: 'file', id: imageId, name, blocks, failedBlocks, isFileHashRight: error === undefined, ...(error === undefined ? {} : { error }) };
}

/** The checks made so far; each block is told once. */
class Checks {
  regions: readonly Region[] | undefined;
  blocks = 0;
  failedBlocks = 0;
  readonly #waiting: { readonly outcome: BlockOutcome; readonly at: Pick<BlockCheck, 'index' | 'role' | 'region'> }[] = [];
  readonly #told = new Set<string>();
  #segments = 0;

  constructor(
    private readonly connection: Connection,
    private readonly signal: AbortSignal | undefined,
  ) {}

  segment(outcome: BlockOutcome): void {
    this.#waiting.push({ outcome, at: { index: this.#segments++, role: 'segment', region: undefined } });
  }

  content(outcome: BlockOutcome, index: number): void {
    this.#waiting.push({ outcome, at: { index, role: 'content', region: this.regions?.[index] } });
  }

  async *taken(): AsyncGenerator<BlockCheck, void, void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      const tag = hexOf(next.outcome.ref.tag);
      if (this.#told.has(tag)) continue;
      this.#told.add(tag);
      this.blocks++;
      const check = { ...next.at, ...checkOf(next.outcome), tag, rehash: hexOf(await this.connection.platform.crypto.sha256(next.outcome.ref.tag)) };
      if (check.error !== undefined || !check.isCodeEqual) this.failedBlocks++;
      yield check;
    }
  }

  /** The blocks that a join which stopped early did not come to. */
  async *rest(stored: StoredImage): AsyncGenerator<BlockCheck, void, void> {
    const window = new ContentWindow(stored.fetcher, stored.refs, (outcome, index) => { this.content(outcome, index); });
    for (const [index, ref] of stored.refs.entries()) {
      if (this.signal?.aborted === true) break;
      if (ref.kind === 'inline' || this.#told.has(hexOf(ref.tag))) continue;
      try {
        await window.get(index);
      } catch (thrown) {
        integrityError(thrown);
      }
      yield* this.taken();
    }
    await window.close();
  }
}

/** Passed steps, from the step at which the opening stopped. */
export function checkOf({ error, storedCode, receivedCode, cipherBytes, content }: BlockOutcome): Omit<BlockCheck, 'index' | 'role' | 'region' | 'tag' | 'rehash'> {
  const step = error === undefined ? undefined : (error.extra.step ?? 'decode');
  const passed = (failing: readonly IntegrityStep[]): boolean => step === undefined || !failing.includes(step);
  return {
    kind: 'block',
    isFetched: receivedCode !== undefined,
    storedCode,
    receivedCode,
    isCodeEqual: storedCode !== undefined && storedCode === receivedCode,
    isHashRight: passed(['absent', 'tag']),
    isKeyRight: passed(['absent', 'tag', 'length', 'iv', 'domain']),
    isDecoded: passed(['absent', 'tag', 'length', 'iv', 'decode', 'domain']),
    cipherBytes,
    contentBytes: content?.length,
    ...(error === undefined ? {} : { error }),
  };
}

/** What tells of the image goes on as its outcome; what ends the call is thrown. */
function integrityError(thrown: unknown): DiceError {
  const codes = ['integrity-failed', 'sealed-invalid', 'signature-invalid', 'recipe-invalid', 'block-not-found', 'block-unavailable'];
  if (thrown instanceof DiceError && codes.includes(thrown.code)) return thrown;
  throw thrown;
}
