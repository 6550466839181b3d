/**
 * Sealing and opening blocks in every domain, on both providers.
 */
import { describe, expect, it } from '@jest/globals';
import { codeForSealing, compareCodes, fingerprint, openBlock, sealContent } from '../../client-sdk/core/block.js';
import { blockKey, type Domain, groupDomain, kindOfDomain, newGroupDomain, openDomain, personalDomain } from '../../client-sdk/core/domain.js';
import { newTile, plainContent, tileHeaderBytes } from '../../client-sdk/core/image/content.js';
import { nobleProvider } from '../../client-sdk/core/noble-provider.js';
import { padmeLength } from '../../client-sdk/core/padding.js';
import { contentCoder } from '../../client-sdk/coder.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { ivBytes, maxCipherBytes, maxPayloadBytes } from '../../client-sdk/protocol/limits.js';
import { fixedRandom } from '../support/fixed-random.js';
import { plainCoder } from '../support/plain-coder.js';

const random = fixedRandom('block.test');
const content = random(1_000);
const prepare = async (bytes: Uint8Array) => ({ fingerprint: await fingerprint(nodeProvider, bytes), coded: codeForSealing(plainCoder, bytes) });
const personal = personalDomain(random(32));
const group = newGroupDomain(random);

describe.each([nobleProvider, nodeProvider])('a block, with the $name provider', (provider) => {
  const sealIn = async (domain: Domain) => sealContent(provider, domain, await prepare(content));

  it.each([['open', openDomain], ['personal', personal], ['group', group]] as const)('opens to its content in the domain %s', async (_, domain) => {
    const block = await sealIn(domain);
    expect(await openBlock(provider, plainCoder, { ...block, domain })).toEqual(content);
    expect(await openBlock(provider, plainCoder, block)).toEqual(content);
    expect(await provider.sha256(block.cipher)).toEqual(block.tag);
    expect(await provider.sha256(block.tag)).toEqual(block.rehash);
    expect(block.code).toBe(hammingOf(block.tag));
  });

  it('is the same bytes each time it is sealed', async () => {
    expect(await sealIn(personal)).toEqual(await sealIn(personal));
  });

  it('meets no block of another domain', async () => {
    const ciphers = await Promise.all([openDomain, personal, group, personalDomain(random(32)), newGroupDomain(random)].map(sealIn));
    expect(new Set(ciphers.map((block) => String(block.tag))).size).toBe(5);
  });

  it('has the fingerprint as its key in the open domain: the paper’s Key = Hash(Block)', async () => {
    expect((await sealIn(openDomain)).key).toEqual(await fingerprint(provider, content));
  });

  it('is padded in the personal domain alone', async () => {
    expect((await sealIn(personal)).cipher.length).toBe(ivBytes + padmeLength(1_004));
    expect((await sealIn(openDomain)).cipher.length).toBe(ivBytes + 1_004);
    expect((await sealIn(group)).cipher.length).toBe(ivBytes + 1_004);
  });

  it('stops at the tag for a flip of any kind in the cipher', async () => {
    const block = await sealIn(group);
    for (const at of [0, 15, 16, 500, block.cipher.length - 1]) {
      const cipher = block.cipher.slice();
      cipher[at] = (cipher[at] ?? 0) ^ 0x10;
      await expect(openBlock(provider, plainCoder, { ...block, cipher })).rejects.toMatchObject({ code: 'integrity-failed', extra: { step: 'tag' } });
    }
  });

  it('stops at the domain where another content was filed under the key', async () => {
    const other = await sealContent(provider, personal, await prepare(random(50)));
    await expect(openBlock(provider, plainCoder, { ...other, domain: personalDomain(random(32)) })).rejects.toMatchObject({ extra: { step: 'domain' } });
  });
});

describe('sealing', () => {
  it('never seals what its coder does not give back', () => {
    const liar = { ...plainCoder, code: (bytes: Uint8Array) => plainCoder.code(bytes.subarray(1)) };
    expect(() => codeForSealing(liar, content)).toThrow(RangeError);
  });

  it('never lets the decoder see bytes that are not the sealer’s', async () => {
    const block = await sealContent(nodeProvider, openDomain, await prepare(content));
    const seen: Uint8Array[] = [];
    const spy = { ...plainCoder, length: (coded: Uint8Array) => { seen.push(coded); return plainCoder.length(coded); } };
    await expect(openBlock(nodeProvider, spy, { ...block, key: random(32) })).rejects.toMatchObject({ extra: { step: 'iv' } });
    expect(seen).toEqual([]);
  });

  it('compares H(i) with H(j) for the report', async () => {
    const block = await sealContent(nodeProvider, openDomain, await prepare(content));
    expect(compareCodes(block.tag, block.code)).toEqual({ stored: block.code, computed: block.code, isEqual: true });
    expect(compareCodes(block.tag, block.code ^ 4)).toMatchObject({ isEqual: false });
  });
});

describe('with the real coder', () => {
  const tile = newTile({ width: 64, height: 64, channels: 3, depth: 8 });
  tile.set(random(tile.length - tileHeaderBytes), tileHeaderBytes);
  const largest = plainContent('bytes', random(maxPayloadBytes - 4));

  it.each([['a tile', tile], ['a segment', plainContent('segment', random(300))], ['the largest bytes', largest]])('%s opens in every domain, and fits what a server takes', async (_, bytes) => {
    const coded = codeForSealing(contentCoder, bytes);
    for (const domain of [openDomain, personal, group]) {
      const block = await sealContent(nodeProvider, domain, { fingerprint: await fingerprint(nodeProvider, bytes), coded });
      expect(block.cipher.length).toBeLessThanOrEqual(maxCipherBytes);
      expect(Buffer.compare(await openBlock(nodeProvider, contentCoder, { ...block, domain }), bytes)).toBe(0);
    }
  });
});

describe('domains', () => {
  it('know their ids and no others', () => {
    expect(['open', 'personal', 'a1'.repeat(16), 'A1'.repeat(16), '', 'a1'.repeat(15)].map(kindOfDomain)).toEqual(['open', 'personal', 'group', undefined, undefined, undefined]);
  });

  it.each([0, 31, 33])('refuse a secret of %d bytes', (length) => {
    expect(() => personalDomain(new Uint8Array(length))).toThrow(RangeError);
    expect(() => groupDomain('00'.repeat(16), new Uint8Array(length))).toThrow(RangeError);
  });

  it('give personal and group other keys under the same secret', async () => {
    const secret = random(32);
    const print = random(32);
    expect(await blockKey(nodeProvider, personalDomain(secret), print)).not.toEqual(await blockKey(nodeProvider, groupDomain('00'.repeat(16), secret), print));
  });
});
