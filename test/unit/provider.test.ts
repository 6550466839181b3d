/**
 * Both providers against published vectors and against each other.
 */
import { describe, expect, it } from '@jest/globals';
import { ed25519 } from '@noble/curves/ed25519.js';
import fc from 'fast-check';
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';
import { nobleProvider } from '../../client-sdk/core/noble-provider.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { bytesOfHex, concat, hexOf, utf8 } from '../../client-sdk/protocol/bytes.js';

const hex = (text: string): Uint8Array => bytesOfHex(text.replaceAll(' ', '')) ?? new Uint8Array();

/** The same residue, written as no honest signer writes it: RFC 8032 section 5.1.7 refuses it. */
function plusOrder(scalar: Uint8Array): Uint8Array {
  const value = scalar.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + ed25519.Point.Fn.ORDER;
  return Uint8Array.from({ length: 32 }, (_, i) => Number((value >> BigInt(8 * i)) & 255n));
}

describe.each([nobleProvider, nodeProvider])('the $name provider', (provider: CryptoProvider) => {
  it('hashes as FIPS 180-4 says', async () => {
    expect(hexOf(await provider.sha256(utf8('abc')))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  });

  it('authenticates as RFC 4231 case 2 says', async () => {
    const [key, bytes] = [utf8('Jefe'), utf8('what do ya want for nothing?')];
    expect(hexOf(await provider.hmacSha256(key, bytes))).toBe('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843');
    expect(hexOf(await provider.hmacSha512(key, bytes))).toMatch(/^164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554/);
  });

  it('encrypts as NIST SP 800-38A F.5.5 says, and back', async () => {
    const key = hex('603deb1015ca71be2b73aef0857d7781 1f352c073b6108d72d9810a30914dff4');
    const iv = hex('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff');
    const plain = hex('6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51');
    const ciphertext = await provider.aes256Ctr(key, iv, plain);
    expect(hexOf(ciphertext)).toBe('601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5');
    expect(await provider.aes256Ctr(key, iv, ciphertext)).toEqual(plain);
  });

  it.each([['ff'.repeat(16), '00'.repeat(16)], [`00112233445566778899aabb${'ff'.repeat(4)}`, '00112233445566778899aabc00000000']])(
    'counts on from %s with all 128 bits',
    async (iv, next) => {
      const key = new Uint8Array(32).fill(7);
      const two = await provider.aes256Ctr(key, hex(iv), new Uint8Array(32));
      expect(two.slice(16)).toEqual(await provider.aes256Ctr(key, hex(next), new Uint8Array(16)));
    },
  );

  it('gives iv and ciphertext in one array where asked', async () => {
    const [key, iv, bytes] = [new Uint8Array(32), new Uint8Array(16).fill(9), new Uint8Array(100).fill(3)];
    expect(await provider.aes256CtrWithIv?.(key, iv, bytes)).toEqual(concat(iv, await provider.aes256Ctr(key, iv, bytes)));
  });

  it('answers undefined for a wrong tag, wrong associated bytes and too few bytes', async () => {
    const [key, nonce, associated] = [new Uint8Array(32), new Uint8Array(12), utf8('a')];
    const bytes = await provider.aes256GcmSeal(key, nonce, { bytes: utf8('text'), associated });
    expect(await provider.aes256GcmOpen(key, nonce, { bytes, associated })).toEqual(utf8('text'));
    expect(await provider.aes256GcmOpen(key, nonce, { bytes, associated: utf8('b') })).toBeUndefined();
    expect(await provider.aes256GcmOpen(key, nonce, { bytes: bytes.subarray(1), associated })).toBeUndefined();
    for (let length = 0; length <= 16; length++) {
      expect(await provider.aes256GcmOpen(key, nonce, { bytes: bytes.subarray(0, length), associated })).toBeUndefined();
    }
  });

  it('signs as RFC 8032 section 7.1 says', async () => {
    const secret = hex('c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7');
    const publicKey = hex('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025');
    const [message, signature] = [hex('af82'), await provider.ed25519Sign(secret, hex('af82'))];
    expect(hexOf(signature)).toBe('6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a');
    expect(await provider.ed25519Verify(publicKey, message, signature)).toBe(true);
    const wrong = [[publicKey, hex('af83'), signature], [publicKey, message, signature.map((byte, i) => byte ^ (i === 40 ? 1 : 0))], [publicKey.map((byte) => byte ^ 1), message, signature]] as const;
    for (const [key, said, signed] of wrong) expect(await provider.ed25519Verify(key, said, signed)).toBe(false);
  });

  it('takes no signature with a scalar above the order, and none of another length', async () => {
    const secret = new Uint8Array(32).fill(5);
    const [message, signature] = [utf8('message'), await provider.ed25519Sign(secret, utf8('message'))];
    const publicKey = ed25519.getPublicKey(secret);
    expect(await provider.ed25519Verify(publicKey, message, concat(signature.subarray(0, 32), plusOrder(signature.subarray(32))))).toBe(false);
    for (const length of [0, 32, 63, 65]) expect(await provider.ed25519Verify(publicKey, message, concat(signature, signature).subarray(0, length))).toBe(false);
    for (const length of [0, 31, 33]) expect(await provider.ed25519Verify(concat(publicKey, publicKey).subarray(0, length), message, signature)).toBe(false);
    expect(await provider.ed25519Verify(new Uint8Array(32).fill(0xff), message, signature)).toBe(false);
  });

  it('stretches as RFC 7914 section 12 says', async () => {
    const key = await provider.scrypt(utf8('password'), utf8('NaCl'), { log2N: 10, r: 8, p: 16 });
    expect(hexOf(key)).toBe('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162');
  });

  it('answers with arrays of its own, whose slices are copies', async () => {
    const digest = await provider.sha256(new Uint8Array());
    const copy = digest.slice();
    copy[0] = (copy[0] ?? 0) ^ 1;
    expect(digest[0]).not.toBe(copy[0]);
    expect(Object.getPrototypeOf(digest)).toBe(Uint8Array.prototype);
  });
});

describe('the two providers', () => {
  const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

  it('agree on any bytes, at any offset in their memory', async () => {
    const inputs = fc.tuple(bytesOf(32), bytesOf(16), fc.uint8Array({ maxLength: 300 }), fc.nat(7));
    await fc.assert(fc.asyncProperty(inputs, async ([key, iv, bytes, offset]) => {
      const shifted = concat(new Uint8Array(offset), bytes).subarray(offset);
      const of = async (p: CryptoProvider) => [
        await p.sha256(shifted), await p.hmacSha256(iv, shifted), await p.hmacSha512(key, shifted), await p.aes256Ctr(key, iv, shifted),
        await p.aes256GcmSeal(key, iv.subarray(4), { bytes: shifted, associated: iv }), await p.ed25519Sign(key, shifted),
      ];
      expect(await of(nodeProvider)).toEqual(await of(nobleProvider));
    }), { numRuns: 60 });
  });
});
