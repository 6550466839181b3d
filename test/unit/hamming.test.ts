/**
 * The check code, exhaustively: every single flip is corrected, every double flip is noticed.
 */
import { describe, expect, it } from '@jest/globals';
import { sha256 } from '@noble/hashes/sha2.js';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import { correct, hammingOf } from '../../client-sdk/protocol/hamming.js';
import { asTag, type Tag } from '../../client-sdk/protocol/ids.js';

const dataBits = 256;
const allBits = 266;
const tags: readonly (readonly [string, Tag])[] = [
  ['of zeros', asTag(new Uint8Array(32))],
  ['of ones', asTag(new Uint8Array(32).fill(255))],
  ['of a hash', asTag(sha256(new Uint8Array()))],
];

/** Bits 0 to 255 are the tag's, 256 to 265 the code's. */
function flip(tag: Tag, code: number, bits: readonly number[]): { tag: Tag; code: number } {
  const copy = tag.slice();
  let word = code;
  for (const bit of bits) {
    if (bit < dataBits) copy[bit >>> 3] = (copy[bit >>> 3] ?? 0) ^ (128 >>> (bit & 7));
    else word ^= 1 << (bit - dataBits);
  }
  return { tag: asTag(copy), code: word };
}

/** The slow oracle: positions of Hamming's 1950 paper, one bit at a time. */
function slowHamming(tag: Uint8Array): number {
  let check = 0;
  let ones = 0;
  let position = 1;
  for (let bit = 0; bit < dataBits; bit++) {
    while (Number.isInteger(Math.log2(position))) position++;
    if ((((tag[bit >>> 3] ?? 0) >>> (7 - (bit & 7))) & 1) === 1) {
      check ^= position;
      ones++;
    }
    position++;
  }
  for (let k = 0; k < 9; k++) ones += (check >>> k) & 1;
  return check | ((ones & 1) << 9);
}

describe.each(tags)('the check code of a tag %s', (_, tag) => {
  const code = hammingOf(tag);

  it('is what the definition says, bit by bit', () => {
    expect(code).toBe(slowHamming(tag));
    expect(correct(tag, code)).toEqual({ kind: 'intact' });
  });

  it('corrects every one of the 266 single flips, and says where it was', () => {
    let corrected = 0;
    for (let bit = 0; bit < allBits; bit++) {
      const damaged = flip(tag, code, [bit]);
      const outcome = correct(damaged.tag, damaged.code);
      if (outcome.kind !== 'corrected' || outcome.where !== (bit < dataBits ? 'tag' : 'code')) continue;
      if (isEqual(outcome.tag, tag) && outcome.code === code) corrected++;
    }
    expect(corrected).toBe(266);
  });

  it('notices every one of the 35,245 double flips, and corrects none', () => {
    let noticed = 0;
    for (let first = 0; first < allBits; first++) {
      for (let second = first + 1; second < allBits; second++) {
        const damaged = flip(tag, code, [first, second]);
        if (correct(damaged.tag, damaged.code).kind === 'uncorrectable') noticed++;
      }
    }
    expect(noticed).toBe(35_245);
  });
});

describe('the limits of the check code', () => {
  it('mis-corrects most triple flips, which is why SHA-256 decides', () => {
    const tag = asTag(sha256(Uint8Array.of(3)));
    const code = hammingOf(tag);
    let wrong = 0;
    for (let first = 0; first < 60; first++) {
      const damaged = flip(tag, code, [first, first + 70, first + 150]);
      if (correct(damaged.tag, damaged.code).kind === 'corrected') wrong++;
    }
    expect(wrong).toBeGreaterThan(30);
  });

  it('fits 10 bits for a thousand tags and agrees with the definition', () => {
    for (let n = 0; n < 1_000; n++) {
      const tag = sha256(Uint8Array.of(n, n >>> 8));
      expect(hammingOf(tag)).toBe(slowHamming(tag));
      expect(hammingOf(tag)).toBeLessThan(1_024);
    }
  });
});
