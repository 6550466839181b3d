/**
 * The list of an image's contents: for each, the block that holds it (tag, key, domain) or, where it is smaller than
 * a block, its coded bytes. Long lists are cut at fixed indices into segments, which are contents themselves, level by
 * level, so that near copies share most of them. Pure; sealing and fetching are passed in. SPEC.md section 10.
 */
import { concat, isEqual } from '../protocol/bytes.js';
import { asTag, type Tag } from '../protocol/ids.js';
import { hashBytes, maxInlineSegmentBytes, minBlockCodedBytes } from '../protocol/limits.js';
import type { DomainId } from './domain.js';
import { fault } from './errors.js';
import { kindOf, plainBytes, plainContent } from './image/content.js';

/** A content that is a block: T, K and the domain that gave K. */
export interface BlockRef {
  readonly kind: 'block';
  readonly tag: Tag;
  readonly key: Uint8Array;
  readonly domain: DomainId;
}

/** A content that travels in the list: its coded bytes, fewer than `minBlockCodedBytes`, without padding. */
export interface InlineContent {
  readonly kind: 'inline';
  readonly coded: Uint8Array;
}

/** Where one content is. */
export type ContentRef = BlockRef | InlineContent;

/** A list as the manifest holds it: `packed` are the refs themselves (depth 0), or of segments of segments. */
export interface PackedList {
  /** Refs at depth 0. */
  readonly count: number;
  /** Levels of segments, 0 to 4. */
  readonly depth: number;
  readonly packed: Uint8Array;
}

/** Stores contents of kind segment, one ref for each in order. */
export type SealSegments = (contents: readonly Uint8Array[]) => Promise<readonly ContentRef[]>;
/** Gives the contents of such refs back, opened and verified, in order. */
export type OpenSegments = (refs: readonly ContentRef[]) => Promise<readonly Uint8Array[]>;

/** Refs in one segment. */
export const refsPerSegment = 32;
/** Enough for `refsPerSegment` ** 4 refs, above any limit of an image. */
export const maxListDepth = 4;
/** Domains that one manifest may name. */
export const maxDomains = 32;

const inlineCode = 0;
const maxRun = 255;
const refBytes = 2 * hashBytes;

/**
 * Runs of (code u8, length u8), code 0 for inline and 1 + index in `domains` for blocks, each run as long as it can be;
 * then for each ref in order T (32) and K (32), or length u8 and the coded bytes.
 */
export function packRefs(refs: readonly ContentRef[], domains: readonly DomainId[]): Uint8Array<ArrayBuffer> {
  const runs: number[] = [];
  for (const ref of refs) {
    const code = codeOf(ref, domains);
    const last = runs.length - 2;
    if (runs[last] === code && (runs[last + 1] ?? maxRun) < maxRun) runs[last + 1] = (runs[last + 1] ?? 0) + 1;
    else runs.push(code, 1);
  }
  return concat(Uint8Array.from(runs), ...refs.flatMap(packRef));
}

/** Exactly `count` refs. Throws DiceError `recipe-invalid` for anything that packRefs would not have written. */
export function unpackRefs(packed: Uint8Array, domains: readonly DomainId[], count: number): readonly ContentRef[] {
  if (2 * Math.ceil(count / maxRun) + 2 * count > packed.length) throw malformed('it is shorter than its refs');
  const { codes, end } = readCodes(packed, count);
  const refs: ContentRef[] = [];
  let at = end;
  for (const code of codes) {
    const ref = readRef(packed, at, code === inlineCode ? undefined : knownDomain(domains, code));
    at += ref.kind === 'inline' ? 1 + ref.coded.length : refBytes;
    refs.push(ref);
  }
  if (at !== packed.length) throw malformed('bytes follow its refs');
  return refs;
}

/** Packs a list; as long as it is above `maxInlineSegmentBytes`, cuts it into segments and packs their refs instead. */
export async function foldRefs(refs: readonly ContentRef[], domains: readonly DomainId[], sealSegments: SealSegments): Promise<PackedList> {
  let level = refs;
  let packed = packRefs(level, domains);
  let depth = 0;
  while (packed.length > maxInlineSegmentBytes) {
    const contents: Uint8Array[] = [];
    for (let at = 0; at < level.length; at += refsPerSegment) {
      contents.push(plainContent('segment', packRefs(level.slice(at, at + refsPerSegment), domains)));
    }
    level = await sealSegments(contents);
    if (level.length !== contents.length) throw new RangeError('every segment has one ref');
    packed = packRefs(level, domains);
    depth++;
  }
  return { count: refs.length, depth, packed };
}

/** All refs of a list; `openSegments` is asked once for each level. Throws DiceError `recipe-invalid`. */
export async function unfoldRefs(list: PackedList, domains: readonly DomainId[], openSegments: OpenSegments): Promise<readonly ContentRef[]> {
  checkList(list);
  let level = unpackRefs(list.packed, domains, levelCount(list.count, list.depth));
  for (let depth = list.depth - 1; depth >= 0; depth--) {
    const below = levelCount(list.count, depth);
    const contents = await openSegments(level);
    if (contents.length !== level.length) throw new RangeError('every ref has one segment');
    level = contents.flatMap((content, index) => {
      const count = Math.min(refsPerSegment, below - index * refsPerSegment);
      return unpackRefs(segmentBytes(content), domains, count);
    });
  }
  return level;
}

/** Throws DiceError `recipe-invalid` unless count and depth can belong to one list that foldRefs wrote. */
export function checkList({ count, depth, packed }: PackedList): void {
  const isFolded = depth === 0 || levelCount(count, depth - 1) > 1;
  if (depth > maxListDepth || packed.length > maxInlineSegmentBytes || !isFolded) {
    throw malformed('its depth does not fit its length');
  }
}

/** The bytes of a content of kind segment. Throws DiceError `recipe-invalid` for another kind. */
export function segmentBytes(content: Uint8Array): Uint8Array {
  if (kindOf(content) !== 'segment') throw malformed('a segment is a content of another kind');
  return plainBytes(content);
}

/** Two refs lead to the same content under the same key. */
export function isSameRef(a: ContentRef, b: ContentRef): boolean {
  if (a.kind === 'inline' || b.kind === 'inline') return a.kind === 'inline' && b.kind === 'inline' && isEqual(a.coded, b.coded);
  return isEqual(a.tag, b.tag) && isEqual(a.key, b.key) && a.domain === b.domain;
}

function levelCount(count: number, depth: number): number {
  return Math.ceil(count / refsPerSegment ** depth);
}

function codeOf(ref: ContentRef, domains: readonly DomainId[]): number {
  if (ref.kind === 'inline') return inlineCode;
  const index = domains.indexOf(ref.domain);
  if (index < 0 || index >= maxDomains) throw new RangeError('every domain of a list is in the manifest’s table');
  return 1 + index;
}

function packRef(ref: ContentRef): readonly Uint8Array[] {
  if (ref.kind === 'block') {
    if (ref.key.length !== hashBytes) throw new RangeError('a key has 32 bytes');
    return [ref.tag, ref.key];
  }
  if (ref.coded.length === 0 || ref.coded.length >= minBlockCodedBytes) throw new RangeError('this content is a block');
  return [Uint8Array.of(ref.coded.length), ref.coded];
}

function readCodes(packed: Uint8Array, count: number): { readonly codes: readonly number[]; readonly end: number } {
  const codes: number[] = [];
  let at = 0;
  let previous: { code: number; length: number } | undefined;
  while (codes.length < count) {
    const [code, length] = [packed[at], packed[at + 1]];
    if (code === undefined || length === undefined || length === 0 || length > count - codes.length) throw malformed('a run has a wrong length');
    if (previous?.code === code && previous.length < maxRun) throw malformed('a run is cut in two');
    for (let i = 0; i < length; i++) codes.push(code);
    previous = { code, length };
    at += 2;
  }
  return { codes, end: at };
}

function readRef(packed: Uint8Array, at: number, domain: DomainId | undefined): ContentRef {
  if (domain !== undefined) {
    if (at + refBytes > packed.length) throw malformed('it ends early');
    return { kind: 'block', tag: asTag(packed.slice(at, at + hashBytes)), key: packed.slice(at + hashBytes, at + refBytes), domain };
  }
  const length = packed[at] ?? 0;
  if (length === 0 || length >= minBlockCodedBytes) throw malformed('an inline content has a wrong length');
  if (at + 1 + length > packed.length) throw malformed('it ends early');
  return { kind: 'inline', coded: packed.slice(at + 1, at + 1 + length) };
}

function knownDomain(domains: readonly DomainId[], code: number): DomainId {
  const domain = domains[code - 1];
  if (domain === undefined) throw malformed('it names a domain that is not in the table');
  return domain;
}

function malformed(what: string): Error {
  return fault('recipe-invalid', `A list of blocks is refused: ${what}.`);
}
