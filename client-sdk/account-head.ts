/**
 * The account head as a client reads, trusts and replaces it: what the account holds, signed by its owner. A server that shows an older
 * state than one that this device has seen, or an account older than the head, is refused. SPEC.md section 14.
 */
import { rereadAccount } from './account-reading.js';
import { accountOf, type Connection } from './connection.js';
import { DiceError, fault } from './core/errors.js';
import { type AccountHead, hashOfHead, openHead, type Revisions, sealHead } from './core/keys/signed-head.js';
import type { FingerprintCache } from './fingerprint-cache.js';
import { type RememberedHead, rememberedHead, rememberHead } from './head-memory.js';
import { bytesOfHex, compareBytes, concat, isEqual } from './protocol/bytes.js';
import {
  emptyHash, type HeadLeaf, type HeadNode, hashOfNode, idOfLeaf, leafAt, packLeaf, parseTree, unpackLeaf, withLeaf,
} from './protocol/head-tree.js';
import type { ImageId } from './protocol/ids.js';
import { keptHeads, maxHeadLeaves } from './protocol/limits.js';
import type { HeadCard, HeadList } from './protocol/messages.js';
import type { Sha256 } from './protocol/tag.js';
import { pause } from './retries.js';

/** What becomes of the leaf of one image: from what it is now (undefined: it is none yet) to what it shall be; undefined leaves it as it is. */
export interface LeafChange {
  readonly imageId: ImageId;
  readonly to: (now: HeadLeaf | undefined) => HeadLeaf | undefined;
}

/** A head that was opened, and its hash. */
export interface TrustedHead {
  readonly head: AccountHead;
  readonly hash: Uint8Array;
}

/** The state that the owner accepts: a head, and the account's revisions beside it. */
export interface AcceptedState extends Revisions {
  readonly newest: TrustedHead;
}

/** What the next head says of its own. */
interface Next extends Revisions {
  readonly tree: HeadNode;
  readonly leaves: readonly HeadLeaf[];
  readonly epoch: number;
}

/** What this device remembers, and when the server says that it was restored: a word, no proof. */
interface Known {
  readonly remembered: RememberedHead;
  readonly restoredAt: number | undefined;
}

/** Other devices may come first so many times before this one gives up. */
const maxTries = 20;
/** Heads that may come while a device follows those before. */
export const overtaking = 64;
const noHead: TrustedHead = { head: { counter: 0, previous: emptyHash, epoch: 0, leaves: 0, root: emptyHash, signedAt: 0, keyringRevision: 0, revision: 0 }, hash: emptyHash };
const wayOut = 'If its operator restored a backup, accept that with "dice head --accept", or on the page of the account under “What is signed”. If not, trust this server no longer.';

/** What a server must not do, whatever the network does. */
const forbidden: ReadonlySet<string> = new Set(['account-rolled-back', 'sealed-invalid', 'signature-invalid', 'answer-invalid']);

/** No passing failure: the server showed what it must not show. */
export function isForbidden({ code }: DiceError): boolean {
  return forbidden.has(code);
}

/** The head of the account that is logged in. `cache`: where this device remembers; without one it trusts what it is shown first. */
export class AccountHeads {
  constructor(
    private readonly connection: Connection,
    private readonly cache: FingerprintCache | undefined,
    private readonly signal: AbortSignal | undefined,
  ) {}

  /** SHA-256 that answers at once. */
  readonly sha256: Sha256 = (bytes) => {
    const hash = this.connection.platform.newHash();
    hash.update(bytes);
    return hash.digest();
  };

  /**
   * The newest head; with counter 0 where the account has none yet. Throws `account-rolled-back`, of the account record too, `sealed-invalid`,
   * `signature-invalid`.
   */
  async trusted(): Promise<TrustedHead> {
    const remembered = await rememberedHead(this.cache);
    const { head: kept, restoredAt } = await this.#card();
    const newest = kept === undefined ? noHead : await this.#opened(kept);
    if (remembered !== undefined) await this.#checkDescent(newest, { remembered, restoredAt });
    if (kept === undefined) return noHead;
    await rememberHead(this.cache, { ...newest.head, hash: newest.hash });
    await this.#checkAccount(newest.head, remembered !== undefined && newest.head.epoch > remembered.epoch);
    return newest;
  }

  /** The newest head as the server shows it, opened but held against nothing; with counter 0 where it shows none. */
  async shown(): Promise<TrustedHead> {
    const { head: kept } = await this.#card();
    return kept === undefined ? noHead : this.#opened(kept);
  }

  /** The leaf of each image now, in order; undefined where it is none. */
  async leavesOf(images: readonly ImageId[]): Promise<readonly (HeadLeaf | undefined)[]> {
    const found: (HeadLeaf | undefined)[] = [];
    for (let at = 0; at < images.length; at += maxHeadLeaves) {
      const part = images.slice(at, at + maxHeadLeaves);
      const { tree } = await this.#agreed(part);
      found.push(...part.map((imageId) => leafIn(tree, imageId)));
    }
    return found;
  }

  /** Changes leaves and signs the head that follows; begins again where another device came first. */
  async change(changes: readonly LeafChange[]): Promise<void> {
    for (let at = 0; at < changes.length; at += maxHeadLeaves) await this.#changeSome(changes.slice(at, at + maxHeadLeaves));
  }

  /** Signs a head that names the account's revisions, unless the newest one does. */
  name(): Promise<void> {
    return this.#changeSome([]);
  }

  /**
   * Follows the head of this state, and no other, by one of a new epoch with these leaves: the owner accepted that something was lost. Throws
   * `revision-conflict` where the server shows another state by now.
   */
  async accept({ newest, keyringRevision, revision }: AcceptedState, leaves: readonly HeadLeaf[]): Promise<void> {
    const account = await rereadAccount(this.connection, this.signal, true);
    if (account.keyringRevision !== keyringRevision || account.revision !== revision) throw otherByNow();
    const epoch = 1 + Math.max((await rememberedHead(this.cache))?.epoch ?? 0, newest.head.epoch);
    let before = newest;
    for (let at = 0; at === 0 || at < leaves.length; at += maxHeadLeaves) {
      const part = leaves.slice(at, at + maxHeadLeaves);
      const tree = await this.#treeUnder(before, part.map(({ imageId }) => imageId));
      if (tree === undefined) throw otherByNow();
      before = await this.#replace(before, { tree, leaves: part, epoch, keyringRevision, revision });
    }
  }

  async #changeSome(changes: readonly LeafChange[]): Promise<void> {
    const images = changes.map(({ imageId }) => imageId);
    for (let tries = 1; ; tries++) {
      const { newest, tree } = await this.#agreed(images);
      const leaves = changedLeaves(tree, changes);
      const revisions = notBelow(newest.head, accountOf(this.connection).record);
      if (leaves.length === 0 && !isBelow(newest.head, revisions)) return;
      try {
        await this.#replace(newest, { tree, leaves, epoch: newest.head.epoch, ...revisions });
        return;
      } catch (thrown) {
        if (!(await this.#mayTryAgain(thrown, tries))) throw thrown;
      }
    }
  }

  /** Another device came first, or the answer was lost: then this very head may stand already, and nothing is left to change. */
  async #mayTryAgain(thrown: unknown, tries: number): Promise<boolean> {
    const isOvertaken = thrown instanceof DiceError && (thrown.code === 'revision-conflict' || thrown.code === 'server-unreachable');
    if (!isOvertaken || tries >= maxTries) return false;
    const { platform } = this.connection;
    await pause(platform, 20 * tries * (0.5 + (platform.randomBytes(1)[0] ?? 0) / 255), this.signal);
    return true;
  }

  /** The trusted head and the part of its tree that leads to `images`; asked again while other devices change it. */
  async #agreed(images: readonly ImageId[]): Promise<{ readonly newest: TrustedHead; readonly tree: HeadNode }> {
    for (let tries = 1; ; tries++) {
      const newest = await this.trusted();
      const tree = await this.#treeUnder(newest, images);
      if (tree !== undefined) return { newest, tree };
      if (tries >= maxTries) throw notOfHead();
    }
  }

  /** Undefined where the tree that the server shows is another's. */
  async #treeUnder({ head }: TrustedHead, images: readonly ImageId[]): Promise<HeadNode | undefined> {
    if (images.length === 0) return { kind: 'hidden', hash: head.root };
    const bytes = await this.connection.transport.call('readHeadPaths', { body: { images: [...images] }, signal: this.signal });
    const tree = parseTree(bytes);
    if (tree === undefined) throw notOfHead();
    return isEqual(hashOfNode(this.sha256, tree), head.root) ? tree : undefined;
  }

  async #replace(before: TrustedHead, next: Next): Promise<TrustedHead> {
    const { platform } = this.connection;
    const { crypto, randomBytes } = platform;
    const { record, accountKey, identity } = accountOf(this.connection);
    const packed = next.leaves.map(packLeaf).sort(compareBytes);
    const added = packed.filter((leaf) => leafAt(next.tree, idOfLeaf(leaf)) === 'absent').length;
    const root = hashOfNode(this.sha256, packed.reduce(withShownLeaf, next.tree));
    const head: AccountHead = {
      counter: before.head.counter + 1, previous: before.hash, epoch: next.epoch, leaves: before.head.leaves + added, root, signedAt: platform.now(),
      keyringRevision: next.keyringRevision, revision: next.revision,
    };
    const sealed = await sealHead(crypto, { accountId: record.accountId, accountKey }, { head, identity, randomBytes });
    await this.connection.transport.call('replaceHead', { body: { counter: head.counter, head: sealed, leaves: concat(...packed), root }, signal: this.signal });
    const hash = await hashOfHead(crypto, head);
    await rememberHead(this.cache, { ...head, hash });
    return { head, hash };
  }

  /** Throws `account-rolled-back` unless `newest` is the remembered head, descends from it, or was accepted on another device. */
  async #checkDescent({ head, hash }: TrustedHead, known: Known): Promise<void> {
    const { remembered } = known;
    if (head.epoch > remembered.epoch) return;
    if (head.epoch < remembered.epoch || head.counter < remembered.counter) throw rolledBack(head, known);
    let [last, named]: [Uint8Array, Revisions] = [remembered.hash, remembered];
    for (let after = remembered.counter; after < head.counter; ) {
      const { heads } = await this.connection.transport.call('listHeads', { body: undefined, query: { after: String(after) }, signal: this.signal });
      const between = heads.filter(({ counter }) => counter <= head.counter);
      // What does not go on would be asked for ever.
      if (between.length === 0) throw fault('answer-invalid', 'It does not tell how the account came to its head.');
      for (const kept of between) {
        const next = await this.#opened(kept);
        // What the server keeps no more cannot be followed: then counter and epoch alone were compared.
        const isGap = next.head.counter > after + 1 && after + 1 <= head.counter - keptHeads + overtaking;
        const isNext = next.head.counter === after + 1 && isEqual(next.head.previous, last);
        if ((!isGap && !isNext) || isBelow(next.head, named)) throw rolledBack(head, known);
        [last, named, after] = [next.hash, next.head, next.head.counter];
      }
    }
    if (!isEqual(last, hash)) throw rolledBack(head, known);
  }

  /** Throws `account-rolled-back` where the account that the server shows has less than the head names. */
  async #checkAccount(head: AccountHead, isAccepted: boolean): Promise<void> {
    const held = accountOf(this.connection).record;
    const isNamed = head.keyringRevision === held.keyringRevision && head.revision === held.revision;
    if (head.keyringRevision === 0 || (isNamed && !isAccepted)) return;
    // Another device changed it, or died before it said so. Where the owner accepted a loss, this client may hold what is lost.
    const shown = await rereadAccount(this.connection, this.signal, isAccepted);
    if (isBelow(shown, head)) throw outdated(shown, head);
  }

  #card(): Promise<HeadCard> {
    return this.connection.transport.call('readHead', { body: undefined, signal: this.signal });
  }

  async #opened({ counter, head: sealed }: HeadList['heads'][number]): Promise<TrustedHead> {
    const { crypto } = this.connection.platform;
    const { record, accountKey, identity } = accountOf(this.connection);
    const head = await openHead(crypto, { accountId: record.accountId, accountKey, counter }, { sealed, ownerKey: identity.ed25519 });
    return { head, hash: await hashOfHead(crypto, head) };
  }
}

/** The leaf that a tree shows for an image. Throws `answer-invalid` where it does not show the way. */
function leafIn(tree: HeadNode, imageId: ImageId): HeadLeaf | undefined {
  const packed = leafAt(tree, bytesOfHex(imageId) ?? emptyHash);
  if (packed === 'hidden') throw notOfHead();
  return packed === 'absent' ? undefined : unpackLeaf(packed);
}

function changedLeaves(tree: HeadNode, changes: readonly LeafChange[]): readonly HeadLeaf[] {
  return changes.flatMap(({ imageId, to }) => to(leafIn(tree, imageId)) ?? []);
}

function withShownLeaf(tree: HeadNode, leaf: Uint8Array): HeadNode {
  const changed = withLeaf(tree, leaf);
  if (changed === undefined) throw notOfHead();
  return changed;
}

/** Leaves, or the way to them, that the head does not sign, or that do not show what was asked. */
export function notOfHead(): DiceError {
  return fault('answer-invalid', 'The leaves do not belong to the account head.');
}

function rolledBack(shown: AccountHead, { remembered, restoredAt }: Known): DiceError {
  const now = shown.counter === 0 ? 'none' : String(shown.counter);
  const seen = `This device has seen state ${String(remembered.counter)}, and the server shows ${now}${shown.counter >= remembered.counter ? ', which does not follow from it' : ''}.`;
  const told = restoredAt === undefined ? '' : ` It says that its operator restored or rebuilt the store on ${new Date(restoredAt).toISOString().slice(0, 10)}.`;
  return fault('account-rolled-back', `${seen}${told} ${wayOut}`);
}

function outdated(shown: Revisions, head: Revisions): DiceError {
  const keyring = `Its keyring is older than the one that you signed (${String(shown.keyringRevision)}, not ${String(head.keyringRevision)}): uploads would go to another domain. `;
  const credentials = `Its password, recovery words or second factor are older than what you signed (${String(shown.revision)}, not ${String(head.revision)}): what you replaced may open the account. Change them once more. `;
  return fault('account-rolled-back', `${shown.keyringRevision < head.keyringRevision ? keyring : ''}${shown.revision < head.revision ? credentials : ''}${wayOut}`);
}

/** What was confirmed is not what would be signed. */
export function otherByNow(): DiceError {
  return new DiceError('revision-conflict', 'The server shows something else by now. Nothing was signed: look at it again.');
}

/** One of the revisions is lower than the other's. */
function isBelow(one: Revisions, other: Revisions): boolean {
  return one.keyringRevision < other.keyringRevision || one.revision < other.revision;
}

function notBelow(one: Revisions, other: Revisions): Revisions {
  return { keyringRevision: Math.max(one.keyringRevision, other.keyringRevision), revision: Math.max(one.revision, other.revision) };
}
