/**
 * The parity file: its layout and bytes by vectors, by a computation from the format alone, and what a reader refuses. FORMAT.md section 8.
 */
import { createHash, createHmac } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { concat, u16, u32, utf8 } from '../../client-sdk/protocol/bytes.js';
import { u64 } from '../../server/storage/record-format/pack-format.js';
import { healingBytes, layoutOf, shardsOf } from '../../server/storage/packs/parity/layout.js';
import { ParityHead } from '../../server/storage/packs/parity/parity-head.js';
import { openParityStore, parityKey } from '../support/parity-pack.js';
import { plainParity } from '../support/plain-parity.js';
import { temporaryDirectories } from '../support/temp-directory.js';
import { bytesIn, numberIn, type Vector } from '../support/vector.js';

const folder = new URL('../../../test/vectors/parity/', import.meta.url);
const temporary = temporaryDirectories();
const mac = (message: Uint8Array): Uint8Array => createHmac('sha256', parityKey).update(message).digest();

const vectors = readdirSync(folder).map((name) => [name, JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Vector] as const); // as they were written

/** The pack of a vector: no records, for parity is made of bytes. */
function packOf(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, n) => (n * 31 + (n >> 8)) & 255));
}

describe('the vectors of parity', () => {
  it.each(vectors.filter(([, { operation }]) => operation === 'layout'))('%s', (_name, { input, output }) => {
    const layout = layoutOf(numberIn(input, 'packBytes'), numberIn(input, 'percent'));
    const { shardBytes, dataShards, groups, parityShards, fileBytes } = layout;
    expect({ shardBytes, dataShards, groups, parityShards, fileBytes, healingBytes: healingBytes(layout) }).toEqual(output);
  });

  it.each(vectors.filter(([, { operation }]) => operation === 'file'))('%s', async (_name, { input, output }) => {
    const directory = await temporary();
    const [pack, percent, bytes] = [numberIn(input, 'pack'), numberIn(input, 'percent'), packOf(numberIn(input, 'packBytes'))];
    const name = path.join(directory, `pack-${String(pack).padStart(10, '0')}`);
    // A store takes its key from a mark; packs without a header that authenticates need one.
    await (await openParityStore(directory)).close();
    writeFileSync(`${name}.dice`, bytes);
    expect(bytesIn(input, 'storeKey')).toEqual(parityKey);
    const store = await openParityStore(directory);
    expect(await store.parity?.make(pack, { percent, onRead: () => Promise.resolve() })).toBe(true);
    await store.close();
    const file = readFileSync(`${name}.parity`);
    const sha256 = createHash('sha256').update(file).digest('hex');
    expect({ fileBytes: file.length, header: file.subarray(0, 56).toString('hex'), firstCode: file.subarray(56, 72).toString('hex'), sha256 }).toEqual(output);
    expect(Buffer.compare(file, plainParity({ storeKey: parityKey, pack, bytes, percent }))).toBe(0);
  });
});

describe('the layout', () => {
  it('puts each shard into one group, and neighbours into different ones', () => {
    for (const packBytes of [1, 4_096, 4_097, 409_600, 409_601, 4_194_304, 4_194_305, 67_108_864, 75_000_000]) {
      const layout = layoutOf(packBytes, 7);
      const groups = Array.from({ length: layout.groups }, (_, group) => shardsOf(layout, group));
      expect(groups.flatMap(({ data }) => data).sort((a, b) => a - b)).toEqual(Array.from({ length: layout.dataShards }, (_, n) => n));
      expect(groups.flatMap(({ parity }) => parity)).toEqual(Array.from({ length: layout.groups * layout.parityShards }, (_, n) => layout.dataShards + n));
      expect(groups.every(({ data, parity }) => data.length >= 1 && data.length <= 100 && 100 * parity.length >= 7 * data.length)).toBe(true);
      expect(layout.dataShards).toBeLessThanOrEqual(1_024);
    }
  });
});

describe('the header', () => {
  const head = new ParityHead(mac, 7, layoutOf(10_000, 5));

  it('is read back, and is none with any bit flipped, of another pack or another length', () => {
    const header = head.header();
    expect(ParityHead.read(mac, 7, header)?.layout).toEqual(layoutOf(10_000, 5));
    for (let bit = 0; bit < header.length * 8; bit++) {
      const changed = Uint8Array.from(header);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << bit % 8);
      expect(ParityHead.read(mac, 7, changed)).toBeUndefined();
    }
    expect(ParityHead.read(mac, 8, header)).toBeUndefined();
    expect(ParityHead.read(mac, 7, header.subarray(1))).toBeUndefined();
    expect(ParityHead.read((message) => createHmac('sha256', 'another').update(message).digest(), 7, header)).toBeUndefined();
  });

  it.each([[2, 5, 10_000], [1, 0, 10_000], [1, 101, 10_000], [1, 5, 0]])('is refused with version %i, %i percent and %i bytes, though it authenticates', (version, percent, packBytes) => {
    const fields = concat(utf8('DICEPRTY'), u16(version), u16(percent), u32(7), u64(packBytes));
    expect(ParityHead.read(mac, 7, concat(fields, mac(concat(utf8('dice/1/parity'), fields))))).toBeUndefined();
  });

  it('gives each shard a code of its own', () => {
    const digest = new Uint8Array(32).fill(1);
    const codes = [head.codeOf(0, digest), head.codeOf(1, digest), head.codeOf(0, new Uint8Array(32)), new ParityHead(mac, 8, head.layout).codeOf(0, digest), new ParityHead(mac, 7, layoutOf(10_001, 5)).codeOf(0, digest)];
    expect(new Set(codes.map((code) => Buffer.from(code).toString('hex'))).size).toBe(codes.length);
  });
});
