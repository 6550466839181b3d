/**
 * Making parity and healing by it, stopped between any two calls that change the folder, or with any of them failing: what was intact stays intact, nothing that is half
 * done has a name that counts, and the same step succeeds afterwards.
 */
import { readFileSync, rmSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { StorageError } from '../../server/ports/errors.js';
import type { FileLayer } from '../../server/storage/packs/file-layer.js';
import { FailingFiles, type FileFailure } from '../support/failing-files.js';
import { ParityPack } from '../support/parity-pack.js';
import { StoppingFiles } from '../support/stopping-files.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
const whole = ['pack-0000000001.dice', 'pack-0000000001.parity'];
const atOnce = (): Promise<void> => Promise.resolve();

/** A pack of five shards with its parity, or without. */
async function packOf(hasParity: boolean): Promise<ParityPack> {
  const pack = await ParityPack.make(await temporary(), { bytes: 18_000, percent: 40 });
  if (!hasParity) rmSync(pack.parityFile);
  return pack;
}

const damage = (bytes: Buffer): Buffer => bytes.fill(7, 5_000, 12_000);
const isSound = (pack: ParityPack): boolean => Buffer.compare(readFileSync(pack.packFile), pack.original) === 0;

interface Step {
  readonly failure: FileFailure;
  readonly prepare: () => Promise<ParityPack>;
  readonly act: (pack: ParityPack, files: FileLayer) => Promise<unknown>;
  /** After it was broken off. */
  readonly expectWhole: (pack: ParityPack) => Promise<void>;
}

const steps: Readonly<Record<string, Step>> = {
  'making parity': {
    failure: 'short',
    prepare: () => packOf(false),
    act: (pack, files) => pack.with((parity) => parity.make(1, { percent: 40, onRead: atOnce }), files),
    async expectWhole(pack) {
      expect(isSound(pack)).toBe(true);
      // What has the name is whole.
      if (pack.names().includes('pack-0000000001.parity')) expect(await pack.check()).toEqual({ percent: 40, lost: [], healable: 0, isParityWhole: true });
      await pack.make();
      pack.damage(damage);
      await pack.heal();
    },
  },
  'making parity over other parity': {
    failure: 'ENOSPC',
    prepare: async () => {
      const pack = await packOf(true);
      await pack.make(10);
      return pack;
    },
    act: (pack, files) => pack.with((parity) => parity.make(1, { percent: 40, onRead: atOnce }), files),
    async expectWhole(pack) {
      expect(await pack.check()).toMatchObject({ lost: [], isParityWhole: true });
      await pack.make();
    },
  },
  healing: {
    failure: 'EIO',
    prepare: async () => {
      const pack = await packOf(true);
      pack.damage(damage);
      return pack;
    },
    act: (pack, files) => pack.with((parity) => parity.heal(1, atOnce), files),
    async expectWhole(pack) {
      // The old file or the new one, never anything between.
      expect(await pack.lost()).toBe(isSound(pack) ? 0 : 2);
      expect(await pack.check()).toMatchObject({ isParityWhole: true });
      await pack.heal();
    },
  },
};

describe.each(Object.entries(steps))('%s', (_name, { failure, prepare, act, expectWhole }) => {
  const expectRight = async (pack: ParityPack): Promise<void> => {
    await expectWhole(pack);
    await pack.with((parity) => parity.tidy());
    expect([isSound(pack), await pack.lost(), pack.names()]).toEqual([true, 0, whole]);
  };

  it('may be stopped anywhere', async () => {
    let taken = 0;
    for (let isThrough = false; !isThrough; taken++) {
      const pack = await prepare();
      const stopping = new StoppingFiles(taken);
      const outcome = await act(pack, stopping.files).then(() => 'done', (error: unknown) => error);
      isThrough = !stopping.isStopped;
      if (isThrough) expect(outcome).toBe('done');
      await expectRight(pack);
    }
    // A file made, written, synced, renamed, its folder synced.
    expect(taken).toBeGreaterThan(5);
  });

  it('says so where a call fails, and leaves nothing half done', async () => {
    const disk = new FailingFiles();
    for (let at = 1, hasFailed = true; hasFailed; at++) {
      const pack = await prepare();
      disk.arm(at, failure);
      const outcome = await act(pack, disk.files).then(() => 'done', (error: unknown) => error);
      hasFailed = disk.disarm();
      // What is left over may fail to go, and is written over.
      if (outcome !== 'done') expect(outcome).toBeInstanceOf(StorageError);
      await expectRight(pack);
    }
  });
});
