/**
 * All leaves of an account head: fetched in order, and believed because they give the root that the owner signed. 41 bytes an image.
 * SPEC.md section 14.
 */
import { type AccountHeads, notOfHead, type TrustedHead } from './account-head.js';
import type { Connection } from './connection.js';
import { bytesOfHex, compareBytes, concat, isEqual } from './protocol/bytes.js';
import { hashOfLeaves, idOfLeaf, type HeadLeaf, leafBytes, leavesOf, unpackLeaf } from './protocol/head-tree.js';
import { type ImageId, idOfBytes } from './protocol/ids.js';
import { idBytes, maxPageLeaves } from './protocol/limits.js';

/** Other devices may change them while they are fetched. */
const maxTries = 5;

/** Leaves in order of ids. */
export class HeadLeaves {
  constructor(
    readonly trusted: TrustedHead,
    private readonly packed: readonly Uint8Array[],
  ) {}

  /** Those of the newest trusted head. Throws what AccountHeads.trusted throws, and `answer-invalid` where they are others. */
  static async read(connection: Connection, heads: AccountHeads, signal: AbortSignal | undefined): Promise<HeadLeaves> {
    return readUnder(connection, { heads, newest: () => heads.trusted(), signal });
  }

  /** Those of the head that the server shows, held against nothing. */
  static async shown(connection: Connection, heads: AccountHeads, signal: AbortSignal | undefined): Promise<HeadLeaves> {
    return readUnder(connection, { heads, newest: () => heads.shown(), signal });
  }

  /** Of an image; undefined where it has none. */
  of(imageId: ImageId): HeadLeaf | undefined {
    const index = this.indexOf(imageId);
    return index === -1 ? undefined : this.at(index);
  }

  get count(): number {
    return this.packed.length;
  }

  at(index: number): HeadLeaf {
    const leaf = unpackLeaf(this.packed[index] ?? new Uint8Array());
    if (leaf === undefined) throw new RangeError(`there is no leaf ${String(index)}`);
    return leaf;
  }

  /** The index of an image's leaf; -1 where it has none. */
  indexOf(imageId: ImageId): number {
    const id = bytesOfHex(imageId) ?? new Uint8Array();
    let [low, high] = [0, this.packed.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compareBytes(this.#idAt(middle), id) < 0) low = middle + 1;
      else high = middle;
    }
    return low < this.packed.length && isEqual(this.#idAt(low), id) ? low : -1;
  }

  #idAt(index: number): Uint8Array {
    return idOfLeaf(this.packed[index] ?? new Uint8Array());
  }
}

interface Reading {
  readonly heads: AccountHeads;
  readonly newest: () => Promise<TrustedHead>;
  readonly signal: AbortSignal | undefined;
}

async function readUnder(connection: Connection, { heads, newest, signal }: Reading): Promise<HeadLeaves> {
  for (let tries = 1; ; tries++) {
    const trusted = await newest();
    const leaves = trusted.head.counter === 0 ? [] : await fetchLeaves(connection, trusted.head.leaves, signal);
    if (leaves !== undefined && isEqual(hashOfLeaves(heads.sha256, leaves), trusted.head.root)) return new HeadLeaves(trusted, leaves);
    if (tries >= maxTries) throw notOfHead();
  }
}

/** Undefined where they are more than the head signs, or not in order. */
async function fetchLeaves(connection: Connection, most: number, signal: AbortSignal | undefined): Promise<readonly Uint8Array[] | undefined> {
  const pages: Uint8Array[] = [];
  let [count, after] = [0, undefined as string | undefined];
  for (;;) {
    const page = await connection.transport.call('listLeaves', { body: undefined, query: { after }, signal });
    pages.push(page);
    count += page.length / leafBytes;
    if (count > most || page.length % leafBytes !== 0) return undefined;
    if (page.length < maxPageLeaves * leafBytes) return leavesOf(concat(...pages));
    after = idOfBytes<ImageId>(page.slice(page.length - leafBytes, page.length - leafBytes + idBytes));
  }
}
