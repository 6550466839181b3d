/**
 * Finds the blocks that the marks of a manifest record mean, among the rows of the index. For rebuilding: a mark is shorter
 * than T1. RECORDS.md says what is in a mark, DESIGN.md why it is enough.
 */
import { hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';
import { asRehash, type Rehash } from '../../client-sdk/protocol/ids.js';
import { hashBytes } from '../../client-sdk/protocol/limits.js';
import type { Parts } from './contract.js';
import { markOf, markPrefixBytes, type ManifestRecord } from './image-record.js';

const maxPage = 1_000;

/** What finding needs. */
type FindingParts = Pick<Parts, 'stores' | 'world'>;

/** `isComplete`: every mark met a block. */
export interface MarkedBlocks {
  readonly rehashes: readonly Rehash[];
  readonly isComplete: boolean;
}

/**
 * Every T1 of the index with one of the marks, sorted. Where two share a mark both count: one too many keeps a block, one too few
 * would lose it. All rows that begin as a mark does are looked at, however many somebody made.
 */
export async function rehashesOf(parts: FindingParts, { recordId, marks }: Pick<ManifestRecord, 'recordId' | 'marks'>): Promise<MarkedBlocks> {
  const wanted = new Set(marks.map(hexOf));
  const met = new Set<string>();
  const rehashes: Rehash[] = [];
  for (const prefix of prefixesOf(marks)) {
    for await (const rehash of beginningWith(parts, prefix)) {
      const mark = hexOf(markOf((bytes) => parts.world.hasher.sha256(bytes), recordId, rehash));
      if (!wanted.has(mark)) continue;
      met.add(mark);
      rehashes.push(rehash);
    }
  }
  return { rehashes, isComplete: met.size === wanted.size };
}

/** The first bytes of sorted marks, each once. */
function* prefixesOf(marks: readonly Uint8Array[]): Iterable<Uint8Array> {
  let last: Uint8Array | undefined;
  for (const mark of marks) {
    const prefix = mark.subarray(0, markPrefixBytes);
    if (last === undefined || !isEqual(prefix, last)) yield prefix;
    last = prefix;
  }
}

/** T1s that begin with `prefix`, in order. Mostly it is one, so the pages begin small. */
async function* beginningWith({ stores }: FindingParts, prefix: Uint8Array): AsyncGenerator<Rehash> {
  let after = before(prefix);
  for (let page = 4; ; page = Math.min(2 * page, maxPage)) {
    const rows = await stores.tags.list(after, page);
    for (const { rehash } of rows) {
      if (!isEqual(rehash.subarray(0, prefix.length), prefix)) return;
      yield rehash;
    }
    after = rows.at(-1)?.rehash;
    if (rows.length < page || after === undefined) return;
  }
}

/** The greatest T1 below all that begin with `prefix`; undefined where there is none. */
function before(prefix: Uint8Array): Rehash | undefined {
  const bytes = new Uint8Array(hashBytes);
  bytes.set(prefix);
  for (let i = prefix.length - 1; i >= 0; i--) {
    const byte = bytes[i] ?? 0;
    bytes[i] = (byte + 255) & 255;
    if (byte === 0) continue;
    return asRehash(bytes.fill(255, prefix.length));
  }
  return undefined;
}
