/**
 * The check of one block alone: fetched by itself and judged in the order of SPEC.md section 3, each step told as it ends.
 * Checks of whole images are verify.ts. Writes nothing.
 */
import type { BlockCheck, BlockStep } from './api.js';
import type { BlockOutcome } from './block-fetcher.js';
import { contentCoder } from './coder.js';
import { accountOf, type Connection } from './connection.js';
import type { BlockRef, ContentRef } from './core/block-list.js';
import { openBlockSteps } from './core/block.js';
import { DiceError, fault, integrityFault } from './core/errors.js';
import { domainOf } from './core/keys/keyring.js';
import { concat, hexOf, isEqual } from './protocol/bytes.js';
import type { Frame } from './protocol/frames.js';
import { hammingOf } from './protocol/hamming.js';
import { withRetries } from './retries.js';
import type { StoredImage } from './stored-image.js';
import { checkOf } from './verify.js';

type Step = BlockStep['step'];

const stepNames = { tag: 'hash', iv: 'key', decode: 'decode' } as const;

/** See DiceClient.checkBlock. */
export async function* checkBlockOf(connection: Connection, stored: StoredImage, request: { readonly tag: string; readonly signal: AbortSignal | undefined }): AsyncGenerator<BlockStep | BlockCheck, void, void> {
  const { at, ref } = findBlock(stored, request.tag);
  const rehash = await connection.platform.crypto.sha256(ref.tag);
  const checking = new Checking(connection, ref, rehash);
  yield* checking.steps(await fetchOne(connection, { stored, ref, signal: request.signal }));
  yield { ...at, ...checkOf(checking.outcome), tag: request.tag, rehash: hexOf(rehash) };
}

/** One block on its way through the steps. */
class Checking {
  outcome: BlockOutcome;

  constructor(
    private readonly connection: Connection,
    private readonly ref: BlockRef,
    private readonly rehash: Uint8Array,
  ) {
    this.outcome = { ref, error: integrityFault('absent', 'The server cannot serve a block.') };
  }

  /** Yields each step as it ends; afterwards `outcome` is final. */
  async *steps(frame: Frame | undefined): AsyncGenerator<BlockStep, void, void> {
    if (frame?.kind !== 'block') {
      yield ended('fetch', false);
      return;
    }
    yield ended('fetch', true);
    const { crypto } = this.connection.platform;
    const seen = { storedCode: frame.code, receivedCode: hammingOf(await crypto.sha256(frame.cipher)), cipherBytes: frame.cipher.length };
    yield ended('code', seen.storedCode === seen.receivedCode);
    let last: Step = 'code';
    try {
      if (!isEqual(frame.rehash, this.rehash)) throw integrityFault('tag', 'The server sent another block than was asked.');
      const { tag, key, domain } = this.ref;
      const opening = openBlockSteps(crypto, contentCoder, { cipher: frame.cipher, tag, key, domain: domainOf(accountOf(this.connection).keyring, domain) });
      let next = await opening.next();
      for (; next.done !== true; next = await opening.next()) {
        last = stepNames[next.value];
        yield ended(last, true);
      }
      this.outcome = { ref: this.ref, ...seen, content: next.value };
    } catch (thrown) {
      if (!(thrown instanceof DiceError)) throw thrown;
      this.outcome = { ref: this.ref, ...seen, error: thrown };
      yield ended(stepAfter(last), false);
    }
  }
}

function ended(step: Step, isRight: boolean): BlockStep {
  return { kind: 'step', step, isRight };
}

/** The step at which it stopped. A content under a key that is not its own has passed all others: the key is what is wrong. */
function stepAfter(last: Step): Step {
  return last === 'code' ? 'hash' : last === 'hash' ? 'key' : last === 'key' ? 'decode' : 'key';
}

interface FoundBlock {
  readonly at: Pick<BlockCheck, 'index' | 'role' | 'region'>;
  readonly ref: BlockRef;
}

function findBlock({ refs, segments, summary }: StoredImage, tag: string): FoundBlock {
  const isIt = (ref: ContentRef): ref is BlockRef => ref.kind === 'block' && hexOf(ref.tag) === tag;
  for (const [index, ref] of refs.entries()) if (isIt(ref)) return { at: { index, role: 'content', region: summary.picture?.regions[index] }, ref };
  for (const [index, ref] of segments.entries()) if (isIt(ref)) return { at: { index, role: 'segment', region: undefined }, ref };
  throw fault('argument-invalid', 'No block of this image has this tag.');
}

async function fetchOne({ platform, transport }: Connection, { stored, ref, signal }: { readonly stored: StoredImage; readonly ref: BlockRef; readonly signal: AbortSignal | undefined }): Promise<Frame | undefined> {
  const input = { body: concat(ref.tag), params: { imageId: stored.fetcher.imageId }, signal };
  return await withRetries(platform, signal, async () => {
    for await (const frame of transport.frames('fetchBlocks', input, 1)) return frame;
    return undefined;
  });
}
