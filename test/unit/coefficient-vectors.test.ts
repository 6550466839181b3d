/**
 * The frozen codes of tiles of coefficients: each vector is coded and decoded, or refused.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { DiceError } from '../../client-sdk/core/errors.js';
import { codeContent, decodeContent } from '../../client-sdk/core/image/coded.js';
import { blocksOf, newCoefficients } from '../../client-sdk/core/image/content.js';
import { bytesOfHex, hexOf } from '../../client-sdk/protocol/bytes.js';
import { readPlainly } from '../support/plain-coefficients.js';
import { bytesIn, numberIn, objectIn, type Vector } from '../support/vector.js';

const folder = 'test/vectors/coefficients';
const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
const refused = names.filter((name) => name.startsWith('refused-'));
const right = names.filter((name) => !refused.includes(name));

function read(name: string): Vector {
  // The file was written by test/vectors/make-coefficients.ts.
  return JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Vector;
}

function codedOf(vector: Vector): Uint8Array {
  return bytesIn(objectIn({ output: vector.output ?? null }, 'output'), 'coded');
}

/** The content that a vector describes: blocks without their last zeros, where they differ from the one before. */
function contentOf({ input }: Vector): Uint8Array {
  const content = newCoefficients({ across: numberIn(input, 'across'), down: numberIn(input, 'down') });
  const blocks = blocksOf(content);
  const given = objectIn(input, 'blocks');
  let block = new Uint8Array(128);
  for (let at = 0; at < blocks.length; at += 128) {
    const hex = given[String(at / 128)];
    if (typeof hex === 'string') {
      block = new Uint8Array(128);
      block.set(bytesOfHex(hex) ?? []);
    }
    blocks.set(block, at);
  }
  return content;
}

describe('the frozen codes of coefficients', () => {
  it('cover the three coders that tiles of coefficients may have', () => {
    expect([...new Set(right.map((name) => codedOf(read(name))[0]))].sort()).toEqual([1, 2, 7]);
    expect(right.length).toBeGreaterThanOrEqual(12);
  });

  it.each(right)('%s is coded to the same bytes', (name) => {
    const vector = read(name);
    expect(hexOf(codeContent(contentOf(vector)))).toBe(hexOf(codedOf(vector)));
  });

  it.each(right)('%s is decoded to the same content', (name) => {
    const vector = read(name);
    expect(Buffer.compare(decodeContent(codedOf(vector)), contentOf(vector))).toBe(0);
  });

  it.each(right.filter((name) => codedOf(read(name))[0] === 7))('%s is read to the same content by a reader written from the specification', (name) => {
    const vector = read(name);
    expect(Buffer.compare(readPlainly(unframed(codedOf(vector))), contentOf(vector))).toBe(0);
  });

  it.each(refused)('%s is refused', (name) => {
    const { input, failure } = read(name);
    expect(failure).toBe('recipe-invalid');
    expect(() => decodeContent(bytesIn(input, 'coded'))).toThrow(DiceError);
  });
});

/** A payload without the coder's id and its length. */
function unframed(coded: Uint8Array): Uint8Array {
  return coded.subarray(1 + (coded.subarray(1).findIndex((byte) => byte < 128) + 1));
}
