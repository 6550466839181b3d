/**
 * The deflate streams of the vectors of SPEC.md section 6.7: each shows one way in which tokens, blocks or codes are foretold or corrected.
 */
import { utf8 } from '../../client-sdk/protocol/bytes.js';
import type { MadeBlock, MadeToken } from '../support/deflate-maker.js';

/** A stream of blocks, under the model of that name. */
export interface TokenStream {
  readonly why: string;
  readonly by: string;
  readonly blocks: readonly MadeBlock[];
  readonly padding?: number;
  /** The corrections are changed, and then refused. */
  readonly changed?: (corrections: Uint8Array) => Uint8Array;
}

const text = (words: string): readonly MadeToken[] => [...utf8(words)];
const match = (length: number, distance: number): MadeToken => ({ length, distance });
const fixed = (...tokens: readonly MadeToken[]): readonly MadeBlock[] => [{ kind: 'fixed', tokens }];
const dynamic = (seed: number, hasRuns: boolean, tokens: readonly MadeToken[]): MadeBlock => ({ kind: 'dynamic', seed, hasRuns, tokens });
/** "abcde abcd abcde ..." as zlib would write it, but for its end. */
const song = [...text('one two three '), match(14, 14), ...text('four '), match(9, 33)];
const twice = [...text('abcdef-bcdefgh-'), ...text('a'), match(7, 9)];

export const tokenStreams: Readonly<Record<string, TokenStream>> = {
  'literals-foretold': { why: 'Literals where nothing repeats cost next to nothing.', by: 'no matches', blocks: fixed(...text('a picture of noise')) },
  'match-among-none': { why: 'A match where none was foretold: length and distance in full.', by: 'no matches', blocks: fixed(...text('again and '), match(6, 10)) },
  'fixed-distance': { why: 'Matches at one distance.', by: 'matches at distance 4', blocks: fixed(...text('wxyz'), match(20, 4), ...text('!')) },
  'greedy-foretold': { why: 'A greedy encoder takes the first match.', by: 'zlib level 1', blocks: fixed(...song) },
  'lazy-deferred': { why: 'A lazy encoder waits for a longer match.', by: 'zlib level 6', blocks: fixed(...twice) },
  'lazy-not-deferred': { why: 'It did not wait: the shorter match is corrected.', by: 'zlib level 6', blocks: fixed(...text('abcdef-bcdefgh-'), match(3, 15), ...text('defgh')) },
  'weighing': { why: 'Length is weighed against distance.', by: 'libdeflate level 5', blocks: fixed(...twice) },
  'weighing-by-two': { why: 'Two places ahead are weighed.', by: 'libdeflate level 8', blocks: fixed(...twice) },
  'medium': { why: 'The match after this one is drawn to the left.', by: 'zlib-ng level 6', blocks: fixed(...text('abcdefgh12345678abcd'), match(8, 20), ...text('56781234567'), match(3, 19)) },
  'chromium-hash': { why: 'Four bytes hashed from the middle of the product.', by: 'Chromium level 6', blocks: fixed(...song) },
  'short-table': { why: 'A match of three bytes from the table of such.', by: 'libdeflate level 2', blocks: fixed(...text('abc-def-'), match(3, 8), ...text('+')) },
  'literal-instead': { why: 'A match was foretold, a literal came.', by: 'zlib level 6', blocks: fixed(...text('banana banana')) },
  'shorter': { why: 'A shorter match at the same distance.', by: 'zlib level 6', blocks: fixed(...text('banana split '), match(8, 13), ...text('lit')) },
  'longer': { why: 'A longer match than a poor chain finds.', by: 'zlib level 1', blocks: fixed(...text('abcdXabcYabcZabcVabcWabcdX'.slice(0, 20)), match(5, 20)) },
  'rank': { why: 'A farther place of the same bytes, by its rank.', by: 'zlib level 6', blocks: fixed(...text('abc.abc,abc;'), match(3, 12), ...text('!')) },
  'distance-in-full': { why: 'A place that the chain does not know, by its distance.', by: 'zlib-ng level 1', blocks: fixed(...text('xyz.'), match(3, 4), ...text('?')) },
  'odd-258': { why: 'Length 258 in its odd form.', by: 'zlib level 6', blocks: fixed(...text('a'), { length: 258, distance: 1, isOdd: true }, match(258, 1)) },
  'stored': { why: 'A stored block with padding that is not zero, then another.', by: 'zlib level 6', blocks: [{ kind: 'stored', bytes: utf8('stored as it is'), padding: 0x15 }, ...fixed(...text('stored'), match(6, 21))] },
  'stored-empty': { why: 'An empty stored block, as a flush leaves it.', by: 'zlib level 6', blocks: [...fixed(...text('abc')), { kind: 'stored', bytes: new Uint8Array(0) }, ...fixed(...text('def'))] },
  'last-bits': { why: 'Unused bits of the last byte are ones.', by: 'no matches', blocks: fixed(...text('ab')), padding: 0x7f },
  'dynamic-corrected': { why: 'A dynamic code that no builder gives, length by length.', by: 'zlib level 6', blocks: [dynamic(3, false, song)] },
  'dynamic-runs': { why: 'Steps of the code that repeat otherwise than foretold.', by: 'zlib level 6', blocks: [dynamic(4, true, song)] },
  'dynamic-no-distance': { why: 'A dynamic code without distances.', by: 'zlib level 6', blocks: [dynamic(5, true, text('just letters'))] },
  'blocks-alike': { why: 'Several blocks: counts, kinds and the end.', by: 'zlib level 6', blocks: [dynamic(6, true, text('one by one ')), dynamic(7, true, text('and 2 by 2 ')), ...fixed(match(5, 8))] },
  'refuse-cut': { why: 'Corrections that end early.', by: 'zlib level 6', blocks: fixed(...twice), changed: (corrections) => corrections.subarray(0, 3) },
  'refuse-trailing': { why: 'Bytes after the corrections.', by: 'zlib level 6', blocks: fixed(...twice), changed: (corrections) => Uint8Array.of(...corrections, 0) },
  'refuse-other': { why: 'Corrections of other tokens lead to a code, a match or an end that cannot be.', by: 'no matches', blocks: fixed(...text('again and '), match(6, 10)), changed: (corrections) => corrections.map((byte, i) => (i === 1 ? byte ^ 0xff : byte)) },
};
