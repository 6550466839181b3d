/**
 * Judges a row of the index by its check code and T1, and where these cannot tell, by the cipher. Pure: it
 * reads and writes nothing. It says nothing about the cipher's own health. SPEC.md section 4.
 */
import { correct, hammingOf } from '../../client-sdk/protocol/hamming.js';
import type { Tag } from '../../client-sdk/protocol/ids.js';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { rehashOf, tagOf, type Sha256 } from '../../client-sdk/protocol/tag.js';
import type { FiledBlock } from '../ports/tag-store.js';

/** What rotted. */
export type RotOf = 'tag' | 'code' | 'rehash';

/** Outcome without the cipher. `needs-cipher`: code and T1 cannot tell. */
export type RowJudgement =
  | { readonly kind: 'sound' }
  | { readonly kind: 'repair'; readonly rot: RotOf; readonly row: FiledBlock }
  | { readonly kind: 'needs-cipher' };

/** Judges T by code and T1. A correction counts only where SHA-256(T) = T1. */
export function judgeRow(sha256: Sha256, row: FiledBlock): RowJudgement {
  const fits = (tag: Tag) => isEqual(rehashOf(sha256, tag), row.rehash);
  const outcome = correct(row.tag, row.code);
  const code = hammingOf(row.tag);
  // T1 is the stronger witness: where T fits it, whatever the code says (in bits that no code has, too), the code is what rotted.
  if (fits(row.tag)) return row.code === code ? { kind: 'sound' } : { kind: 'repair', rot: 'code', row: { ...row, code } };
  if (outcome.kind === 'intact') return { kind: 'needs-cipher' };
  if (outcome.kind === 'corrected' && outcome.where === 'tag' && fits(outcome.tag)) {
    return { kind: 'repair', rot: 'tag', row: { ...row, tag: outcome.tag } };
  }
  return { kind: 'needs-cipher' };
}

/**
 * Judges a row by the cipher that lies at its place. Two of (T, T1, cipher) must agree; undefined where none do, and
 * then nothing may be rewritten.
 */
export function judgeByCipher(sha256: Sha256, row: FiledBlock, cipher: Uint8Array): { readonly rot: RotOf; readonly row: FiledBlock } | undefined {
  const tag = tagOf(sha256, cipher);
  const rehash = rehashOf(sha256, tag);
  const code = hammingOf(tag);
  if (isEqual(rehash, row.rehash)) return { rot: isEqual(tag, row.tag) ? 'code' : 'tag', row: { ...row, tag, code } };
  if (isEqual(tag, row.tag)) return { rot: 'rehash', row: { ...row, rehash, code } };
  return undefined;
}
