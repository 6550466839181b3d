/**
 * Brings contents to the server as blocks: looks fingerprints up, codes and seals what is new, asks existence, sends
 * what is missing, proves possession where others have it. One sender serves all files of a run, so a content is
 * handled once. SPEC.md sections 3 and 12.
 */
import type { SealedBlock } from './core/block.js';
import type { ContentRef } from './core/block-list.js';
import { blockKey, type Domain } from './core/domain.js';
import { DiceError, fault } from './core/errors.js';
import { framesInBatches, inBatches, shuffled, streamBytes } from './core/plan.js';
import type { Connection } from './connection.js';
import { accountOf } from './connection.js';
import type { FingerprintCache } from './fingerprint-cache.js';
import { concat, hexOf, isEqual } from './protocol/bytes.js';
import { asRehash, asTag, type Rehash, type Tag, type UploadId } from './protocol/ids.js';
import { existenceStates } from './protocol/messages.js';
import { possessionPrefix } from './protocol/possession.js';
import type { FingerprintedContent, SealedContent, SplitContent, Tasks } from './tasks.js';
import type { SentMeter, UploadLane } from './upload-lane.js';

/** Where a content went. */
export interface Placement {
  readonly ref: ContentRef;
  /** Undefined where the block is another picture's, under a patch. */
  readonly fingerprint: Uint8Array | undefined;
  /** 0 for an inline content. */
  readonly cipherBytes: number;
  /** Undefined for an inline content. */
  readonly rehash: Rehash | undefined;
  readonly state: 'new' | 'stored' | 'patched' | 'flat';
}

/** What one file brings along. */
export interface SendingFile {
  readonly domain: Domain;
  readonly meter: SentMeter;
  readonly signal: AbortSignal | undefined;
  /** Called now and then in long work; throws `cancelled`. */
  breathe(): Promise<void>;
}

/** A content that this call brings to the server. Its bytes are given up once it is sealed. */
interface Own {
  readonly fingerprint: Uint8Array;
  item: SplitContent | undefined;
  readonly key: string;
  tag?: Tag;
  rehash?: Rehash;
  cipherBytes: number;
  sealed?: SealedBlock;
  wasSent: boolean;
  readonly settle: (placement: Placement) => void;
  readonly fail: (reason: unknown) => void;
}

/** Contents that are coded and sealed, or known by their tags, and that the server was not asked for yet. */
export interface Prepared {
  /** Where each content goes, in order. */
  readonly placements: readonly Promise<Placement>[];
  /** What this call brings: how many, and bytes in memory. */
  readonly blocks: number;
  readonly bytes: number;
  readonly owns: readonly Own[];
  /** Contents that others bring, by their place, as long as these may fail. */
  readonly foreign: ReadonlyMap<number, SplitContent>;
}

const maxRemembered = 100_000;
/** Bytes of contents that are sealed in one task. */
const sealBatchBytes = 1_048_576;

/** What a sender works with. */
export interface SenderParts {
  readonly connection: Connection;
  readonly lane: UploadLane;
  readonly cache: FingerprintCache | undefined;
  readonly tasks: Tasks;
  readonly isDryRun: boolean;
}

/** The sender of one run. */
export class BlockSender {
  readonly #placed = new Map<string, Promise<Placement>>();

  constructor(private readonly parts: SenderParts) {}

  /** Places all contents, which are given up, in order. `again` names rehashes that the server lacks though it once had them. */
  async place(items: readonly SplitContent[], file: SendingFile, again?: ReadonlySet<string>): Promise<readonly Placement[]> {
    if (again !== undefined) for (const item of items) this.#placed.delete(keyOf(item, file));
    const prepared = await this.prepare(items, file, again);
    await this.deliver([prepared], file);
    return this.collect(prepared, file);
  }

  /** Codes and seals what is not known. What comes of it is delivered or abandoned, else others wait for ever; and delivered before anything is collected. */
  async prepare(items: readonly SplitContent[], file: SendingFile, again?: ReadonlySet<string>): Promise<Prepared> {
    const owns: Own[] = [];
    const foreign = new Map<number, SplitContent>();
    const placements = items.map((item, i) => {
      const before = owns.length;
      const placement = this.#claimItem(item, file, owns);
      if (owns.length === before) foreign.set(i, item);
      // A rejection is met by the await of every placement.
      placement.then(() => foreign.delete(i), () => undefined);
      return placement;
    });
    try {
      await this.#sealUnknown(owns, file, again);
    } catch (thrown) {
      this.#fail(owns, thrown);
      throw thrown;
    }
    const bytes = owns.reduce((sum, own) => sum + (own.item === undefined ? own.cipherBytes : heldBytes(own.item)), 0);
    return { placements, blocks: owns.length, bytes, owns, foreign };
  }

  /** Asks for all blocks in one order that nobody can foresee, and sends what is missing. */
  async deliver(prepared: readonly Prepared[], file: SendingFile): Promise<void> {
    const owns = prepared.flatMap((one) => one.owns);
    try {
      const blocks = shuffled(owns.filter((own) => own.rehash !== undefined), this.parts.connection.platform.randomBytes);
      if (blocks.length > 0) await this.#askAndSend(blocks, file);
      for (const own of blocks) await this.#settleBlock(own, file);
    } catch (thrown) {
      this.#fail(owns, thrown);
      throw thrown;
    }
  }

  /** Contents that are not delivered after all. */
  abandon(prepared: readonly Prepared[], reason: unknown): void {
    this.#fail(prepared.flatMap(({ owns }) => owns), reason);
  }

  /** Waits for what others bring. Only who has delivered all of its own may wait: else two files would wait for each other. */
  async collect({ placements, foreign }: Prepared, file: SendingFile): Promise<readonly Placement[]> {
    const collected: Placement[] = [];
    for (const [i, placement] of placements.entries()) {
      try {
        collected.push(await placement);
      } catch (thrown) {
        const item = foreign.get(i);
        // Another file was to bring this content and failed: this one brings it itself.
        if (item === undefined || !(thrown instanceof DiceError)) throw thrown;
        await file.breathe();
        collected.push(...(await this.place([item], file)));
      }
    }
    return collected;
  }

  /** For each fingerprint, whether this run or an earlier one placed its content. */
  async knows(fingerprints: readonly Uint8Array[], domain: Domain): Promise<readonly boolean[]> {
    const cached = (await this.parts.cache?.find(domain, fingerprints)) ?? [];
    return fingerprints.map((fingerprint, i) => cached[i] !== undefined || this.#placed.has(keyOf({ fingerprint }, { domain })));
  }

  #claimItem(item: SplitContent, file: SendingFile, owns: Own[]): Promise<Placement> {
    const key = keyOf(item, file);
    const known = this.#placed.get(key);
    if (known !== undefined) return known.then((placement) => (placement.state === 'new' ? { ...placement, state: 'stored' } : placement));
    const { promise, resolve: settle, reject: fail } = withResolvers<Placement>();
    promise.catch(() => undefined);
    owns.push({ fingerprint: item.fingerprint, item, key, cipherBytes: 0, wasSent: false, settle, fail });
    this.#remember(key, promise);
    return promise;
  }

  #remember(key: string, promise: Promise<Placement>): void {
    this.#placed.set(key, promise);
    if (this.#placed.size <= maxRemembered) return;
    const [oldest] = this.#placed.keys();
    if (oldest !== undefined) this.#placed.delete(oldest);
  }

  #fail(owns: readonly Own[], reason: unknown): void {
    for (const own of owns) {
      this.#placed.delete(own.key);
      own.fail(reason);
    }
  }

  async #sealUnknown(owns: readonly Own[], file: SendingFile, again: ReadonlySet<string> | undefined): Promise<void> {
    const cached = (await this.parts.cache?.find(file.domain, owns.map((own) => own.fingerprint))) ?? [];
    const unknown: Own[] = [];
    for (const [i, own] of owns.entries()) {
      const known = cached[i];
      if (known !== undefined && again === undefined) await this.#know(own, known);
      else unknown.push(own);
    }
    await this.#seal(unknown, file);
  }

  async #know(own: Own, { tag, cipherBytes }: { readonly tag: Tag; readonly cipherBytes: number }): Promise<void> {
    own.tag = tag;
    own.rehash = asRehash(await this.parts.connection.platform.crypto.sha256(tag));
    own.cipherBytes = cipherBytes;
  }

  /** Codes and seals; what is so small that it travels in the manifest is settled. */
  async #seal(owns: readonly Own[], { domain, signal }: SendingFile): Promise<void> {
    const unsealed: { readonly own: Own; readonly item: FingerprintedContent }[] = [];
    for (const own of owns) {
      const { item } = own;
      if (item === undefined) throw new RangeError('what is sealed is not sealed again');
      if ('sealed' in item) this.#take(own, item.sealed);
      else unsealed.push({ own, item });
    }
    await Promise.all(inBatches(unsealed, ({ item }) => item.content.length, sealBatchBytes).map(async (batch) => {
      const sealed = await this.parts.tasks.seal({ domain, contents: batch.map(({ item }) => item) }, signal);
      for (const [i, { own }] of batch.entries()) this.#take(own, sealed[i]);
    }));
  }

  #take(own: Own, sealed: SealedContent | undefined): void {
    if (sealed === undefined) throw new RangeError('every content that was given is sealed');
    own.item = undefined;
    if (sealed.kind === 'inline') {
      own.settle({ ref: { kind: 'inline', coded: sealed.coded }, fingerprint: own.fingerprint, cipherBytes: 0, rehash: undefined, state: 'flat' });
      return;
    }
    own.sealed = sealed;
    own.tag = sealed.tag;
    own.rehash = sealed.rehash;
    own.cipherBytes = sealed.cipher.length;
  }

  async #askAndSend(blocks: readonly Own[], file: SendingFile): Promise<void> {
    const asked = concat(...blocks.map((own) => rehashOfOwn(own)));
    const { answer, uploadId } = await this.parts.lane.ask(asked, file.meter);
    const missing = blocks.filter((_, i) => answer.states[i] === existenceStates.send);
    const claimable = blocks.filter((_, i) => answer.states[i] === existenceStates.claimable);
    if (answer.states.some((state) => state > existenceStates.claimable)) throw fault('answer-invalid', 'A block is in an unknown state.');
    if (claimable.length > 0 && answer.nonce !== undefined && !this.parts.isDryRun) {
      missing.push(...(await this.#claim(claimable, { uploadId, nonce: answer.nonce }, file)));
    }
    await this.#seal(missing.filter((own) => own.sealed === undefined), file);
    for (const own of missing) own.wasSent = true;
    const frames = missing.flatMap((own) => (own.sealed === undefined ? [] : [{ ...own.sealed, kind: 'block' as const }]));
    if (this.parts.isDryRun) file.meter.bytes += streamBytes(frames);
    else await this.#send(frames, file);
  }

  /** Proves possession of blocks that others have; answers those that must be sent all the same. */
  async #claim(claimable: readonly Own[], { uploadId, nonce }: { readonly uploadId: UploadId; readonly nonce: Uint8Array }, file: SendingFile): Promise<readonly Own[]> {
    const tags = concat(...claimable.map((own) => rehashOfOwn(own)));
    const proofs: Uint8Array[] = [];
    await this.#seal(claimable.filter((own) => own.sealed === undefined), file);
    for (const own of claimable) proofs.push(await this.#prove(own, { uploadId, nonce }));
    // A cached tag by an older coder: what was asked is not what can be proven.
    if (!isEqual(tags, concat(...claimable.map((own) => rehashOfOwn(own))))) return claimable;
    try {
      const states = await this.parts.lane.claim(uploadId, { nonce, tags, proofs: concat(...proofs) }, file.meter);
      return claimable.filter((_, i) => states[i] !== 1);
    } catch (thrown) {
      // A nonce that is used up or expired costs the saving, not the upload.
      if (thrown instanceof DiceError && ['proof-invalid', 'upload-unknown', 'rate-limited'].includes(thrown.code)) return claimable;
      throw thrown;
    }
  }

  async #prove(own: Own, { uploadId, nonce }: { readonly uploadId: UploadId; readonly nonce: Uint8Array }): Promise<Uint8Array> {
    if (own.sealed === undefined) throw new RangeError('a block that was cached as one is one');
    const { rehash, cipher } = own.sealed;
    const { accountId } = accountOf(this.parts.connection).record;
    const prefix = possessionPrefix({ serverId: this.parts.connection.server.serverId, accountId, uploadId, rehash }, cipher.length);
    return await this.parts.connection.platform.crypto.hmacSha256(nonce, concat(prefix, cipher));
  }

  async #send(frames: readonly (SealedBlock & { readonly kind: 'block' })[], file: SendingFile): Promise<void> {
    let rejected = await this.#sendOnce(frames, file);
    if (rejected.length > 0) rejected = await this.#sendOnce(rejected, file);
    if (rejected.length > 0) throw new DiceError('tag-mismatch', 'The server says twice that a block does not have the tag that it was sent under.');
  }

  async #sendOnce<F extends SealedBlock & { readonly kind: 'block' }>(frames: readonly F[], file: SendingFile): Promise<readonly F[]> {
    const rejected: F[] = [];
    for (const batch of framesInBatches(frames)) {
      await file.breathe();
      const results = await this.parts.lane.send(batch, file.meter);
      rejected.push(...batch.filter((_, i) => results[i] !== 'stored'));
    }
    return rejected;
  }

  async #settleBlock(own: Own, { domain }: SendingFile): Promise<void> {
    const { tag, rehash, cipherBytes, fingerprint } = own;
    if (tag === undefined || rehash === undefined) throw new RangeError('a block has a tag');
    const key = await blockKey(this.parts.connection.platform.crypto, domain, fingerprint);
    const ref: ContentRef = { kind: 'block', tag: asTag(tag), key, domain: domain.id };
    own.settle({ ref, fingerprint, cipherBytes, rehash, state: own.wasSent ? 'new' : 'stored' });
    delete own.sealed;
    own.item = undefined;
  }
}

/** Bytes of the contents that others bring, as long as these may fail. */
export function heldForOthers({ foreign }: Prepared): number {
  return [...foreign.values()].reduce((sum, item) => sum + heldBytes(item), 0);
}

/** Of what waits as it came. */
function heldBytes(item: SplitContent): number {
  if ('content' in item) return item.content.length;
  return item.sealed.kind === 'block' ? item.sealed.cipher.length : item.sealed.coded.length;
}

function keyOf({ fingerprint }: Pick<FingerprintedContent, 'fingerprint'>, { domain }: Pick<SendingFile, 'domain'>): string {
  return `${domain.id}/${hexOf(fingerprint)}`;
}

function rehashOfOwn({ rehash }: Own): Rehash {
  if (rehash === undefined) throw new RangeError('a block has a rehash');
  return rehash;
}

function withResolvers<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void; readonly reject: (reason: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<T>((onValue, onReason) => {
    resolve = onValue;
    reject = onReason;
  });
  return { promise, resolve, reject };
}
