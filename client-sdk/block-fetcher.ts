/**
 * Fetches and opens the blocks of one image in windows: asked in shuffled order, each judged the moment it arrives in
 * the order of SPEC.md section 3, never more than a window held. A bad block is an outcome, not the end of the rest.
 */
import type { BlockMemory } from './block-memory.js';
import { contentCoder } from './coder.js';
import { accountOf, type Connection } from './connection.js';
import type { BlockRef, ContentRef } from './core/block-list.js';
import type { CryptoProvider } from './core/crypto.js';
import type { Domain } from './core/domain.js';
import { type DiceError, fault, integrityFault } from './core/errors.js';
import { domainOf } from './core/keys/keyring.js';
import { maxWindowBytes, shuffled } from './core/plan.js';
import { tasksOf } from './local-tasks.js';
import { concat, hexOf, isEqual } from './protocol/bytes.js';
import type { BlockFrame } from './protocol/frames.js';
import { hammingOf } from './protocol/hamming.js';
import type { ImageId } from './protocol/ids.js';
import { maxTagsPerFetch } from './protocol/limits.js';
import { withRetries } from './retries.js';
import type { Tasks } from './tasks.js';

/** What became of one block. Exactly one of `content` and `error` is there. */
export interface BlockOutcome {
  readonly ref: BlockRef;
  readonly content?: Uint8Array;
  /** Of the cipher as received. */
  readonly cipherBytes?: number;
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

/** A block that came. */
interface Received extends Wanted {
  readonly frame: BlockFrame;
  readonly domain: Domain | undefined;
}

/** Bytes of ciphers that are opened in one task. */
const openBatchBytes = 524_288;

/** Blocks of one image. */
export class BlockFetcher {
  readonly signal: AbortSignal | undefined;
  readonly #tasks: Tasks;
  readonly #memory: BlockMemory | undefined;

  /** What is in the memory is not fetched. */
  constructor(
    private readonly connection: Connection,
    readonly imageId: ImageId,
    { signal, memory }: { readonly signal: AbortSignal | undefined; readonly memory?: BlockMemory | undefined },
  ) {
    this.#tasks = tasksOf(connection.platform);
    this.signal = signal;
    this.#memory = memory;
  }

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
    const opening = new Opening({ tasks: this.#tasks, crypto: platform.crypto, signal: this.signal, memory: this.#memory }, outcomes);
    let at = 0;
    try {
      const unknown = await this.#openRemembered(refs, opening);
      const wanted: Wanted[] = [];
      for (const ref of shuffled(unknown, platform.randomBytes)) wanted.push({ ref, rehash: await platform.crypto.sha256(ref.tag) });
      if (wanted.length === 0 || opening.bytes > maxWindowBytes) return;
      const body = concat(...wanted.map(({ ref }) => ref.tag));
      const input = { body, params: { imageId: this.imageId }, signal: this.signal };
      for await (const frame of transport.frames('fetchBlocks', input, wanted.length)) {
        const asked = wanted[at++];
        if (asked === undefined) break;
        if (frame.kind === 'absent') outcomes.set(hexOf(asked.ref.tag), { ref: asked.ref, error: integrityFault('absent', 'The server cannot serve a block.') });
        else await opening.add({ ...asked, frame, domain: this.#domainOf(asked.ref) });
        // What is left is asked for when it is needed: a window stays bounded whatever the server sends.
        if (opening.bytes > maxWindowBytes) return;
      }
      for (const { ref } of wanted.slice(at)) outcomes.set(hexOf(ref.tag), { ref, error: integrityFault('absent', 'The server left a block out.') });
    } finally {
      // Blocks that came are judged, even where the network failed after them.
      await opening.end();
    }
  }

  /** Opens those that are remembered, as far as a window goes; answers the others. */
  async #openRemembered(refs: readonly BlockRef[], opening: Opening): Promise<readonly BlockRef[]> {
    const unknown: BlockRef[] = [];
    for (const ref of refs) {
      const frame = opening.bytes > maxWindowBytes ? undefined : this.#memory?.find(ref.tag);
      if (frame === undefined) unknown.push(ref);
      else await opening.add({ ref, rehash: frame.rehash, frame, domain: this.#domainOf(ref) });
    }
    return unknown;
  }

  #domainOf({ domain }: BlockRef): Domain | undefined {
    return domainOf(accountOf(this.connection).keyring, domain);
  }
}

/** Opens blocks as they come, in batches. */
class Opening {
  bytes = 0;
  readonly #batches: Promise<void>[] = [];
  #batch: Received[] = [];
  #batchBytes = 0;

  constructor(
    private readonly by: { readonly tasks: Tasks; readonly crypto: CryptoProvider; readonly signal: AbortSignal | undefined; readonly memory: BlockMemory | undefined },
    private readonly outcomes: Map<string, BlockOutcome>,
  ) {}

  async add(received: Received): Promise<void> {
    const { ref, rehash, frame } = received;
    this.bytes += frame.cipher.length;
    if (!isEqual(frame.rehash, rehash)) {
      this.outcomes.set(hexOf(ref.tag), { ref, storedCode: frame.code, receivedCode: hammingOf(await this.by.crypto.sha256(frame.cipher)), error: integrityFault('tag', 'The server sent another block than was asked.') });
      return;
    }
    this.#batch.push(received);
    this.#batchBytes += frame.cipher.length;
    if (this.#batchBytes >= openBatchBytes) this.#flush();
  }

  /** All that were added have their outcomes. Throws `cancelled`. */
  async end(): Promise<void> {
    this.#flush();
    await Promise.all(this.#batches);
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    const opened = this.#open(this.#batch);
    // Met by `end`, which may come later.
    opened.catch(() => undefined);
    this.#batches.push(opened);
    this.#batch = [];
    this.#batchBytes = 0;
  }

  async #open(batch: readonly Received[]): Promise<void> {
    const blocks = batch.map(({ frame, ref, domain }) => ({ cipher: frame.cipher, tag: ref.tag, key: ref.key, domain }));
    // The task takes the ciphers with it.
    const lengths = blocks.map(({ cipher }) => cipher.length);
    const { memory } = this.by;
    const copies = memory === undefined ? [] : blocks.map(({ cipher }) => new Uint8Array(cipher));
    const opened = await this.by.tasks.open({ blocks }, this.by.signal);
    for (const [i, { ref, frame }] of batch.entries()) {
      const { code, ...outcome } = opened[i] ?? { code: undefined, error: integrityFault('decode', 'It was not opened.') };
      const copy = copies[i];
      if (outcome.error === undefined && copy !== undefined) memory?.keep(ref.tag, { ...frame, cipher: copy });
      this.outcomes.set(hexOf(ref.tag), { ref, cipherBytes: lengths[i] ?? 0, storedCode: frame.code, ...(code === undefined ? {} : { receivedCode: code }), ...outcome });
    }
  }
}

/** The content of a ref whose outcome is known. Throws its error. */
export function contentOf(ref: ContentRef, outcomes: ReadonlyMap<string, BlockOutcome>): Uint8Array {
  if (ref.kind === 'inline') return contentCoder.decode(ref.coded);
  const outcome = outcomes.get(hexOf(ref.tag));
  if (outcome?.content !== undefined) return outcome.content;
  throw outcome?.error ?? fault('integrity-failed', 'A block did not come.');
}
