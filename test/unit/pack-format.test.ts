/**
 * The headers of packs in both layouts, and that a record of one pack is none of another, whichever way their numbers are written.
 */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { decodePackHeader, encodePackHeader, maxGeneration, maxPack, maxShortPack, packHeaderBytes, RecordFormat } from '../../server/storage/record-format/pack-format.js';

const mac = (message: Uint8Array): Uint8Array => createHmac('sha256', new Uint8Array(32).fill(5)).update(message).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('the header of a pack', () => {
  it('has layout 1 up to the last number of 4 bytes, and layout 2 above', () => {
    expect(hex(encodePackHeader(mac, 7, 9).subarray(0, 24))).toBe('444943455041434b' + '0001' + '0000' + '00000007' + '0000000000000009');
    expect(hex(encodePackHeader(mac, maxShortPack, 9).subarray(8, 16))).toBe('0001' + '0000' + 'ffffffff');
    expect(hex(encodePackHeader(mac, maxShortPack + 1, 9).subarray(0, 24))).toBe('444943455041434b' + '0002' + '000000000009' + '0000000100000000');
    expect(hex(encodePackHeader(mac, maxPack, maxGeneration).subarray(8, 24))).toBe('0002' + 'ffffffffffff' + '001fffffffffffff');
  });

  it.each([1, maxShortPack, maxShortPack + 1, maxPack])('of pack %i is read back, and is damage under any other number or with any bit flipped', (pack) => {
    const bytes = encodePackHeader(mac, pack, 123_456);
    expect(decodePackHeader(mac, bytes, pack)).toEqual({ kind: 'head', generation: 123_456 });
    for (const other of [1, 2, maxShortPack, maxShortPack + 1, maxPack, maxPack - 1]) if (other !== pack) expect(decodePackHeader(mac, bytes, other).kind).not.toBe('head');
    for (let bit = 0; bit < packHeaderBytes * 8; bit++) {
      const changed = Uint8Array.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << bit % 8);
      expect(decodePackHeader(mac, changed, pack)).toEqual({ kind: 'damaged' });
    }
    expect(decodePackHeader(mac, bytes.subarray(0, packHeaderBytes - 1), pack)).toEqual({ kind: 'damaged' });
  });

  it.each([[7, 2], [maxShortPack + 1, 1], [maxShortPack + 1, 3]])('of pack %i with version %i is of an unknown version', (pack, version) => {
    const bytes = Buffer.from(encodePackHeader(mac, pack, 1));
    bytes.writeUInt16BE(version, 8);
    bytes.set(mac(Buffer.concat([Buffer.from('dice/1/pack'), bytes.subarray(0, 24)])), 24);
    expect(decodePackHeader(mac, bytes, pack)).toEqual({ kind: 'unknown-version' });
  });
});

describe('a record', () => {
  it('of one pack is none of another, also where the numbers share their lower bytes', () => {
    const digest = new Uint8Array(32).fill(3);
    const packs = [7, 8, maxShortPack, maxShortPack + 1, 2 ** 32 + 7, 2 ** 40 + 7, maxPack];
    for (const pack of packs) {
      const header = new RecordFormat(mac, pack).encode(56, { type: 'block', length: 100, digest });
      expect(packs.filter((other) => new RecordFormat(mac, other).isAuthentic(56, header, digest))).toEqual([pack]);
    }
  });
});
