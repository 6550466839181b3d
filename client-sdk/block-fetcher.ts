/**
 * Fetches and opens the blocks of one image in windows: asked in shuffled order, each judged the moment it arrives in
 * the order of SPEC.md section 3, never more than a window held. A bad block is an outcome, not the end of the rest.
 */
import { contentCoder } from './coder.js';
import { accountOf, type Connection } from './connection.js';
import { openBlock } from './core/block.js';
import type { BlockRef, ContentRef } from './core/block-list.js';
import { DiceError, fault, integrityFault } from './core/errors.js';
import { domainOf } from './core/keys/keyring.js';
import { maxWindowBytes, shuffled } from './core/plan.js';
import { concat, hexOf, isEqual } from './protocol/bytes.js';
import type { BlockFrame, Frame } from './protocol/frames.js';
import { hammingOf } from './protocol/hamming.js';
import type { ImageId } from './protocol/ids.js';
import { maxTagsPerFetch } from './protocol/limits.js';
import { withRetries } from './retries.js';

/** What became of one block. Exactly one of `content` and `error` is there. */
export interface BlockOutcome {
  readonly ref: BlockRef;
  readonly content?: Uint8Array;
  readonly error?: DiceError;
  /** H(i), as the server sent it, and H(j), of the cipher as received; undefined where none came. */
  readonly storedCode?: number;
  readonly receivedCode?: number;
}

/** A block that is asked for. */
interface Wanted {
  readonly ref: BlockRef;
  readonly rehash: Uint8Array;
}

/** Blocks of one image. */
export class BlockFetcher {
  constructor(
    private readonly connection: Connection,
    readonly imageId: ImageId,
    readonly signal: AbortSignal | undefined,
  ) {}

  /**
   * Outcomes by tag (hex). May hold fewer than were asked where they are large: at least one, and every other call goes on.
   * Throws where the network or the session fails.
   */
  async fetch(refs: readonly BlockRef[]): Promise<ReadonlyMap<string, BlockOutcome>> {
    const outcomes = new Map<string, BlockOutcome>();
    const distinct = new Map(refs.map((ref) => [hexOf(ref.tag), ref]));
    await withRetries(this.connection.platform, this.signal, async () => {
      const left = [...distinct].filter(([tag]) => !outcomes.has(tag)).map(([, ref]) => ref);
      if (left.length > 0) await this.#fetchInto(outcomes, left.slice(0, maxTagsPerFetch));
    });
    return outcomes;
  }

  /** Outcomes of all blocks among `refs`, however many calls that takes. */
  async outcomes(refs: readonly ContentRef[]): Promise<ReadonlyMap<string, BlockOutcome>> {
    const all = new Map<string, BlockOutcome>();
    for (;;) {
      const left = refs.filter((ref): ref is BlockRef => ref.kind === 'block' && !all.has(hexOf(ref.tag)));
      if (left.length === 0) return all;
      for (const [tag, outcome] of await this.fetch(left)) all.set(tag, outcome);
    }
  }

  async #fetchInto(outcomes: Map<string, BlockOutcome>, refs: readonly BlockRef[]): Promise<void> {
    const { platform, transport } = this.connection;
    const wanted: Wanted[] = [];
    for (const ref of shuffled(refs, platform.randomBytes)) wanted.push({ ref, rehash: await platform.crypto.sha256(ref.tag) });
    const body = { tags: concat(...wanted.map(({ ref }) => ref.tag)) };
    const input = { body, params: { imageId: this.imageId }, signal: this.signal };
    let at = 0;
    let bytes = 0;
    for await (const frame of transport.frames('fetchBlocks', input, wanted.length)) {
      const asked = wanted[at++];
      if (asked === undefined) break;
      outcomes.set(hexOf(asked.ref.tag), await this.#judge(asked, frame));
      bytes += frame.kind === 'block' ? frame.cipher.length : 0;
      // What is left is asked for when it is needed: a window stays bounded whatever the server sends.
      if (bytes > maxWindowBytes) return;
    }
    for (const { ref } of wanted.slice(at)) outcomes.set(hexOf(ref.tag), { ref, error: integrityFault('absent', 'The server left a block out.') });
  }

  async #judge({ ref, rehash }: Wanted, frame: Frame): Promise<BlockOutcome> {
    if (frame.kind === 'absent') return { ref, error: integrityFault('absent', 'The server cannot serve a block.') };
    const codes = await this.#codes(frame);
    if (!isEqual(frame.rehash, rehash)) return { ref, ...codes, error: integrityFault('tag', 'The server sent another block than was asked.') };
    try {
      const domain = domainOf(accountOf(this.connection).keyring, ref.domain);
      const content = await openBlock(this.connection.platform.crypto, contentCoder, { cipher: frame.cipher, tag: ref.tag, key: ref.key, domain });
      return { ref, ...codes, content };
    } catch (thrown) {
      if (thrown instanceof DiceError) return { ref, ...codes, error: thrown };
      throw thrown;
    }
  }

  async #codes(frame: BlockFrame): Promise<Pick<BlockOutcome, 'storedCode' | 'receivedCode'>> {
    return { storedCode: frame.code, receivedCode: hammingOf(await this.connection.platform.crypto.sha256(frame.cipher)) };
  }
}

/** The content of a ref whose outcome is known. Throws its error. */
export function contentOf(ref: ContentRef, outcomes: ReadonlyMap<string, BlockOutcome>): Uint8Array {
  if (ref.kind === 'inline') return contentCoder.decode(ref.coded);
  const outcome = outcomes.get(hexOf(ref.tag));
  if (outcome?.content !== undefined) return outcome.content;
  throw outcome?.error ?? fault('integrity-failed', 'A block did not come.');
}
