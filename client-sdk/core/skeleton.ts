/**
 * The skeleton in a manifest: inline where it is short, else cut by its own bytes into segments, so that a piece of
 * metadata that grows moves the cuts around it only. The cuts are no secret and no security: equal pieces meet as
 * blocks. Pure; sealing and fetching are passed in. SPEC.md section 10.
 */
import { concat } from '../protocol/bytes.js';
import { maxInlineSegmentBytes } from '../protocol/limits.js';
import {
  type ContentRef, foldRefs, type OpenSegments, type PackedList, refsPerSegment, type SealSegments, segmentBytes, unfoldRefs,
} from './block-list.js';
import type { DomainId } from './domain.js';
import { fault } from './errors.js';
import { plainContent } from './image/content.js';

/** A skeleton as the manifest holds it. `length` is in bytes. */
export type PackedSkeleton =
  | { readonly kind: 'inline'; readonly bytes: Uint8Array }
  | { readonly kind: 'segments'; readonly length: number; readonly list: PackedList };

/** Bytes of a piece: at least, at most, and the bits of the hash that are zero before a cut. */
export interface PieceSizes {
  readonly min: number;
  readonly max: number;
  readonly mask: number;
}

const smallPieces: PieceSizes = { min: 2_048, max: 16_384, mask: 0xffe00000 };
/** So that a film behind a photograph does not become thousands of blocks. */
const largePieces: PieceSizes = { min: 16_384, max: 262_144, mask: 0xffff0000 };
const largeSkeletonBytes = 262_144;

/** How a skeleton of so many bytes is cut. */
export function pieceSizes(bytes: number): PieceSizes {
  return bytes > largeSkeletonBytes ? largePieces : smallPieces;
}

/** The pieces of a skeleton, as views; a cut after a byte depends on the 32 bytes before it. Empty for no bytes. */
export function cutSkeleton(skeleton: Uint8Array): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const sizes = pieceSizes(skeleton.length);
  for (let start = 0; start < skeleton.length; ) {
    const end = nextCut(skeleton, start, sizes);
    pieces.push(skeleton.subarray(start, end));
    start = end;
  }
  return pieces;
}

/** Packs a skeleton; above `maxInlineSegmentBytes` its pieces become segments. */
export async function foldSkeleton(skeleton: Uint8Array, domains: readonly DomainId[], sealSegments: SealSegments): Promise<PackedSkeleton> {
  if (skeleton.length <= maxInlineSegmentBytes) return { kind: 'inline', bytes: skeleton };
  const contents = cutSkeleton(skeleton).map((piece) => plainContent('segment', piece));
  const refs: ContentRef[] = [];
  for (let at = 0; at < contents.length; at += refsPerSegment) refs.push(...(await sealSegments(contents.slice(at, at + refsPerSegment))));
  return { kind: 'segments', length: skeleton.length, list: await foldRefs(refs, domains, sealSegments) };
}

/** The skeleton's bytes. Throws DiceError `recipe-invalid` where pieces and length do not agree; never keeps more than `length`. */
export async function unfoldSkeleton(packed: PackedSkeleton, domains: readonly DomainId[], openSegments: OpenSegments): Promise<Uint8Array> {
  if (packed.kind === 'inline') return packed.bytes;
  const refs = await unfoldRefs(packed.list, domains, openSegments);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let at = 0; at < refs.length; at += refsPerSegment) {
    for (const content of await openSegments(refs.slice(at, at + refsPerSegment))) {
      const piece = segmentBytes(content);
      length += piece.length;
      if (piece.length === 0 || length > packed.length) throw mismatch();
      pieces.push(piece);
    }
  }
  if (length !== packed.length) throw mismatch();
  return concat(...pieces);
}

function nextCut(bytes: Uint8Array, start: number, { min, max, mask }: PieceSizes): number {
  const last = Math.min(bytes.length, start + max);
  let hash = 0;
  for (let at = start + min - 32; at < last; at++) {
    // Each step shifts one bit out, so the hash knows the last 32 bytes and no more.
    hash = ((hash << 1) + Math.imul((bytes[at] ?? 0) + 1, 0x9e3779b1)) | 0;
    if (at + 1 >= start + min && (hash & mask) === 0) return at + 1;
  }
  return last;
}

function mismatch(): Error {
  return fault('recipe-invalid', 'The pieces of the skeleton do not have its length.');
}
