/**
 * Parity of pack files: what heals and what does not, exactly as FORMAT.md section 8 says, for every kind of damage; and that neither damaged parity nor wrong parity
 * ever makes a pack worse.
 */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { StorageError } from '../../server/ports/errors.js';
import { nodeFiles, type FileLayer, type OpenFile } from '../../server/storage/packs/file-layer.js';
import { healingBytes, shardsOf } from '../../server/storage/packs/parity/layout.js';
import { seeded } from '../support/file-rot.js';
import { openParityStore, ParityPack, randomBytesOf } from '../support/parity-pack.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const whole = ['pack-0000000001.dice', 'pack-0000000001.parity'];
const atOnce = (): Promise<void> => Promise.resolve();

/** 104 shards in two groups of 52 with nine of parity each: 69,633 bytes in one piece heal anywhere. */
let made: ParityPack;
let parity: Buffer;

beforeAll(async () => {
  made = await ParityPack.make(await temporary(), { bytes: 420_000, percent: 17 });
  parity = readFileSync(made.parityFile);
  expect([made.layout.dataShards, made.layout.groups, made.layout.parityShards, healingBytes(made.layout)]).toEqual([104, 2, 9, 69_633]);
});

const overwritten = (from: number, length: number) => (bytes: Buffer): Buffer => {
  const damage = randomBytesOf(from + length, Math.min(length, bytes.length - from));
  // Whatever chance gives, no byte stays what it was.
  for (const [at, value] of damage.entries()) bytes[from + at] = value === bytes[from + at] ? value ^ 1 : value;
  return bytes;
};

/** Damages the pack and has it healed. Answers how many records are lost afterwards; whatever comes back is what was stored. */
async function healedAfter(change: (bytes: Buffer) => Uint8Array): Promise<number> {
  writeFileSync(made.parityFile, parity);
  made.damage(change);
  await made.heal();
  expect(made.names()).toEqual(whole);
  return made.lost();
}

async function expectWhole(change: (bytes: Buffer) => Uint8Array): Promise<void> {
  expect(await healedAfter(change)).toBe(0);
  expect(Buffer.compare(readFileSync(made.packFile), made.original)).toBe(0);
}

describe('a pack with parity heals', () => {
  it.each([0, 3, 60, 75, 4_096, 300_000, 419_000])('from one bit flipped at %i', async (at) => {
    await expectWhole((bytes) => { bytes[at] = (bytes[at] ?? 0) ^ 8; return bytes; });
  });

  it.each([[0, 512], [4_000, 512], [419_000, 512], [0, 65_536], [100_001, 65_536], [354_000, 65_536]])('from %i, %i bytes overwritten', async (from, length) => {
    await expectWhole(overwritten(from, length));
  });

  it('from a region as long as is stated, wherever it begins, and from the end cut off as far', async () => {
    const length = healingBytes(made.layout);
    for (const from of [0, 1, 4_095, 4_096, 200_003, made.original.length - length]) await expectWhole(overwritten(from, length));
    for (const bytes of [1, 4_096, length]) await expectWhole((pack) => pack.subarray(0, pack.length - bytes));
  });

  it('from bytes cut out, or there twice, where no more than such a region lies behind them', async () => {
    const near = made.original.length - 50_000;
    await expectWhole((pack) => Buffer.concat([pack.subarray(0, near), pack.subarray(near + 1_000)]));
    await expectWhole((pack) => Buffer.concat([pack.subarray(0, near), pack.subarray(near - 1_000)]));
    await expectWhole((pack) => Buffer.concat([pack, randomBytesOf(1, 0)]).subarray(0, near));
  });

  it('from any m shards lost in every group, of the pack or of its parity', async () => {
    const { layout } = made;
    await fc.assert(fc.asyncProperty(fc.nat(), async (seed) => {
      const below = seeded(seed);
      const damagedParity = Buffer.from(parity);
      const bytes = Buffer.from(made.original);
      for (let group = 0; group < layout.groups; group++) {
        const { data, parity: own } = shardsOf(layout, group);
        const left = [...data, ...own];
        for (let n = 0; n < layout.parityShards; n++) {
          const index = left.splice(below(left.length), 1)[0] ?? 0;
          if (index < layout.dataShards) overwritten(index * 4_096 + below(4_000), 1 + below(90))(bytes);
          else overwritten(56 + 16 * layout.indexes + 4_096 * (index - layout.dataShards), 9)(damagedParity);
        }
      }
      made.damage(() => bytes);
      writeFileSync(made.parityFile, damagedParity);
      await made.heal();
      expect(Buffer.compare(readFileSync(made.packFile), made.original)).toBe(0);
    }), { numRuns: 6 });
  });

  it('whose end was cut off, though nothing but zeros was there', async () => {
    const directory = await temporary();
    await (await openParityStore(directory)).close();
    const file = path.join(directory, 'pack-0000000001.dice');
    const bytes = Buffer.concat([randomBytesOf(1, 6_000), Buffer.alloc(3_000)]);
    writeFileSync(file, bytes);
    const store = await openParityStore(directory);
    await store.parity?.make(1, { percent: 5, onRead: atOnce });
    truncateSync(file, 8_500);
    expect(await store.parity?.heal(1, atOnce)).toEqual({ pack: 1, healed: [{ offset: 8_192, length: 808 }] });
    expect(Buffer.compare(readFileSync(file), bytes)).toBe(0);
    await store.close();
  });

  it('in the groups that can be healed, where others cannot', async () => {
    const { groups, parityShards } = made.layout;
    // Ten shards of the first group, which two records share, and one of the second.
    const damage = (pack: Buffer): Buffer => {
      for (let n = 0; n <= parityShards; n++) overwritten(n * groups * 4_096 + 100, 10)(pack);
      return overwritten(4_096 + 100, 10)(pack);
    };
    writeFileSync(made.parityFile, parity);
    made.damage(damage);
    expect(await made.heal()).toEqual({ pack: 1, healed: [{ offset: 4_096, length: 4_096 }] });
    expect(await made.lost()).toBe(9);
    expect(await made.check()).toMatchObject({ healable: 0, isParityWhole: true });
  });
});

describe('a pack with parity does not heal', () => {
  it('from a region that is longer than is stated, where it lies badly', async () => {
    // One shard more than all parity: the group that has it stays damaged, the other heals.
    const lost = await healedAfter(overwritten(4_095, 17 * 4_096 + 2));
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(11);
    expect(await healedAfter((pack) => pack.subarray(0, pack.length / 2))).toBeGreaterThan(20);
  });

  it.each([
    ['bytes cut out near the beginning', (pack: Buffer) => Buffer.concat([pack.subarray(0, 5_000), pack.subarray(5_100)])],
    ['bytes there twice near the beginning', (pack: Buffer) => Buffer.concat([pack.subarray(0, 5_000), pack.subarray(4_900)])],
    ['zeros', (pack: Buffer) => pack.fill(0)],
    ['nothing left', () => Buffer.alloc(0)],
    ['another content', (pack: Buffer) => randomBytesOf(77, pack.length)],
  ])('from %s', async (_what, change) => {
    expect(await healedAfter(change)).toBeGreaterThan(made.records - 2);
  });

  it('when its file is gone, and nothing comes of it', async () => {
    rmSync(made.packFile);
    expect([await made.heal(), await made.check(), made.names()]).toEqual([undefined, undefined, [whole[1]]]);
    expect(await made.with((files) => files.list())).toEqual([{ pack: 1, bytes: parity.length, isOrphan: true }]);
  });

  it('without parity', async () => {
    rmSync(made.parityFile);
    made.damage(overwritten(9_000, 10));
    expect([await made.heal(), await made.check(), await made.lost()]).toEqual([undefined, undefined, 1]);
  });
});

describe('damaged parity', () => {
  const codesEnd = (): number => 56 + 16 * made.layout.indexes;
  const hole = (from: number, length: number) => (): Buffer => overwritten(from, length)(Buffer.from(parity));

  it.each([
    ['its header', () => hole(0, 56)()],
    ['its header and all codes in front', () => hole(0, codesEnd())()],
    ['its last header and all codes at the end', () => hole(parity.length - codesEnd(), codesEnd())()],
    ['its end', () => parity.subarray(0, parity.length - codesEnd() - 4_096)],
    ['half of its shards', () => hole(codesEnd(), 9 * 4_096)()],
  ])('heals without %s, and is told', async (what, change) => {
    writeFileSync(made.parityFile, change());
    made.damage((pack) => overwritten(20_000, 4_096 * 6)(pack));
    expect(await made.check()).toMatchObject({ percent: 17, isParityWhole: false });
    await made.heal();
    const isHealed = Buffer.compare(readFileSync(made.packFile), made.original) === 0;
    // All shards of the first group's parity are lost with half of them, so only the other group heals.
    expect(isHealed).toBe(what !== 'half of its shards');
    expect((await made.lost()) === 0).toBe(isHealed);
  });

  it.each([['both headers', () => { const bytes = hole(0, 56)(); return overwritten(bytes.length - 56, 56)(bytes); }], ['everything', () => Buffer.alloc(parity.length)], ['all of its bytes', () => Buffer.alloc(0)]])('heals nothing without %s', async (_what, change) => {
    writeFileSync(made.parityFile, change());
    made.damage(overwritten(20_000, 10));
    expect(await made.check()).toEqual({ percent: undefined, lost: [], healable: 0, isParityWhole: false });
    expect(await made.heal()).toBeUndefined();
    expect(made.names()).toEqual(whole);
  });

  it('of another pack, or of this pack as it was read wrongly, changes nothing', async () => {
    const other = await ParityPack.make(await temporary(), { bytes: 420_000, percent: 17 });
    // Made of a pack of which three shards were read wrongly: it would put these wrong bytes back.
    other.damage(overwritten(50_000, 9_000));
    await other.make();
    writeFileSync(made.parityFile, readFileSync(other.parityFile));
    made.damage((pack) => pack);
    expect(await made.check()).toMatchObject({ healable: 3 * 4_096 });
    expect(await made.heal()).toBeUndefined();
    expect(Buffer.compare(readFileSync(made.packFile), made.original)).toBe(0);
    expect(made.names()).toEqual(whole);
  });
});

describe('making parity', () => {
  it('leaves alone what is open or empty, and is stopped between groups', async () => {
    const directory = await temporary();
    const pack = await ParityPack.make(directory, { bytes: 9_000, percent: 5 });
    writeFileSync(path.join(directory, 'pack-0000000002.dice'), '');
    await pack.with(async (files, store) => {
      await store.append([{ type: 'block', payload: randomBytesOf(1, 10), digest: new Uint8Array(32) }]);
      const order = { percent: 5, onRead: atOnce };
      expect([await files.make(2, order), await files.make(3, order), await files.make(9, order)]).toEqual([false, false, false]);
      await files.remove(1);
      expect(await files.make(1, { ...order, stop: { aborted: true } })).toBe(false);
      expect(await files.list()).toEqual([]);
    });
    expect(pack.names().filter((name) => !name.endsWith('.dice'))).toEqual([]);
  });

  it('waits for room on the disk', async () => {
    const pack = await ParityPack.make(await temporary(), { bytes: 9_000, percent: 5 });
    const files = { ...nodeFiles, freeBytes: () => Promise.resolve(2 ** 28) };
    await pack.with(async (full) => {
      await full.remove(1);
      const refused: unknown = await full.make(1, { percent: 5, onRead: atOnce }).catch((error: unknown) => error);
      expect(refused).toBeInstanceOf(StorageError);
      expect(refused).toMatchObject({ options: { isFull: true } });
    }, files);
    expect(pack.names()).toEqual([whole[0]]);
  });

  it('goes with its pack, also where the pack is dropped while parity is made or healed', async () => {
    const pack = await ParityPack.make(await temporary(), { bytes: 60_000, percent: 20 });
    await pack.with(async (files, store) => {
      const dropped = store.drop(1);
      expect(await files.make(1, { percent: 20, onRead: () => dropped })).toBe(false);
      expect(await files.list()).toEqual([]);
    });
    expect(pack.names()).toEqual([]);
    const late = await ParityPack.make(await temporary(), { bytes: 60_000, percent: 20 });
    await late.with(async (files, store) => {
      // After the last byte was read back, before the file gets its name.
      let reads = 0;
      const dropping: Promise<void>[] = [];
      const onRead = (): Promise<void> => {
        if (++reads === late.layout.dataShards + late.layout.indexes) dropping.push(store.drop(1));
        return Promise.resolve();
      };
      expect(await files.make(1, { percent: 20, onRead })).toBe(false);
      await Promise.all(dropping);
      expect(dropping).toHaveLength(1);
    });
    expect(late.names()).toEqual([]);
    const again = await ParityPack.make(await temporary(), { bytes: 60_000, percent: 20 });
    again.damage(overwritten(9_000, 10));
    await again.with(async (files, store) => {
      let dropping: Promise<void> | undefined;
      expect(await files.heal(1, () => (dropping ??= store.drop(1)))).toBeUndefined();
    });
    expect(again.names()).toEqual([]);
  });

  it('is tidied: what was left half made, and what belongs to no pack', async () => {
    const pack = await ParityPack.make(await temporary(), { bytes: 9_000, percent: 5 });
    for (const name of ['pack-0000000001.dice.tmp', 'pack-0000000001.parity.tmp', 'pack-0000000008.parity', 'other.tmp']) writeFileSync(path.join(pack.directory, name), 'x');
    await pack.with((files) => files.tidy());
    expect(pack.names()).toEqual(['other.tmp', ...whole]);
  });

  it('reads back what it wrote: a disk that keeps another byte changes nothing, and is told', async () => {
    const pack = await ParityPack.make(await temporary(), { bytes: 18_000, percent: 40 });
    const files: FileLayer = {
      ...nodeFiles,
      open: async (name, how) => {
        const file = await nodeFiles.open(name, how);
        const write: OpenFile['write'] = (parts, position) => file.write(parts.map((part) => (part.length > 4_000 ? Uint8Array.from(part, (value, at) => (at === 70 ? value ^ 1 : value)) : part)), position);
        return name.endsWith('.tmp') ? { ...file, write } : file;
      },
    };
    const before = readFileSync(pack.parityFile);
    pack.damage(overwritten(9_000, 10));
    await pack.with(async (parity) => {
      await expect(parity.make(1, { percent: 40, onRead: atOnce })).rejects.toThrow('what was read back is not what was written');
      await expect(parity.heal(1, atOnce)).rejects.toThrow('what was read back is not what was written');
    }, files);
    expect([pack.names(), Buffer.compare(readFileSync(pack.parityFile), before), await pack.lost()]).toEqual([whole, 0, 1]);
  });

  it('reads a pack anew that was healed while it was open for reading', async () => {
    const pack = await ParityPack.make(await temporary(), { bytes: 60_000, percent: 20 });
    await pack.with(async (files, store) => {
      const place = { pack: 1, offset: 56, length: 8_978 };
      const before = await store.read(place, 'block');
      const bytes = Buffer.from(pack.original);
      bytes[100] = (bytes[100] ?? 0) ^ 1;
      writeFileSync(pack.packFile, bytes);
      await expect(store.read(place, 'block')).rejects.toThrow('not what was stored');
      expect(await files.heal(1, atOnce)).toEqual({ pack: 1, healed: [{ offset: 0, length: 4_096 }] });
      expect(await store.read(place, 'block')).toEqual(before);
    });
  });
});
