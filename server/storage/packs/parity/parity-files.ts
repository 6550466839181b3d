/**
 * Parity as files beside packs: which there are, made, checked, used and removed, one step at a time. What is made or healed gets its name between two steps of the
 * append queue, and only where its pack is still there, so that it never brings back what was dropped. FORMAT.md section 8.
 */
import path from 'node:path';
import type { HealedPack, OnRead, PackParity, ParityFile, ParityHealth, ParityOrder } from '../../../ports/pack-parity.js';
import { guarded, unlessAbsent } from '../failure.js';
import { packOfName, packPath, type PackFolder } from '../pack-folder.js';
import { maxShortPack } from '../../record-format/pack-format.js';
import { ErasureCode } from './erasure-code.js';
import { healthOf, writeHealed } from './healing.js';
import { stretchesOf } from './layout.js';
import { writeParity } from './making.js';
import type { PairOrder } from './parity-pair.js';

/** What the store of the packs lends. */
export interface ParityHost {
  readonly folder: PackFolder;
  readonly sha256: (bytes: Uint8Array) => Uint8Array;
  /** Runs a step between those that append and drop. */
  inTurn<T>(step: () => Promise<T>): Promise<T>;
  isOpen(pack: number): boolean;
  /** Whoever reads the pack opens its file anew. */
  forget(pack: number): Promise<void>;
}

const namePattern = /^pack-(\d{10})\.parity$/;
const unfinished = '.tmp';

/** The path of the parity of `pack`. */
export function parityPath(folder: PackFolder, pack: number): string {
  return path.join(folder.directory, `pack-${String(pack).padStart(10, '0')}.parity`);
}

export class ParityFiles implements PackParity {
  private line: Promise<unknown> = Promise.resolve();
  private loading: Promise<ErasureCode> | undefined;

  constructor(private readonly host: ParityHost) {}

  list(): Promise<readonly ParityFile[]> {
    return guarded('listing the parity of packs', async () => {
      const { folder } = this.host;
      const names = await folder.files.names(folder.directory);
      const packs = new Set(names.map(packOfName));
      const found: ParityFile[] = [];
      for (const name of names.filter((one) => ofParityName(one) !== undefined).sort()) {
        const pack = ofParityName(name) ?? 0;
        const bytes = await this.sizeOf(path.join(folder.directory, name));
        if (bytes !== undefined) found.push({ pack, bytes, isOrphan: !packs.has(pack) });
      }
      return found;
    });
  }

  make(pack: number, order: ParityOrder): Promise<boolean> {
    const { folder } = this.host;
    const temporary = parityPath(folder, pack) + unfinished;
    return this.alone(`making the parity of pack ${pack}`, async () => (await this.whileThere(pack, temporary, async () => {
      if (this.host.isOpen(pack) || (await this.sizeOf(packPath(folder, pack))) === undefined) return false;
      const making = { place: { ...this.placeOf(pack), parityFile: temporary }, code: await this.code(), order };
      return (await writeParity(making, await folder.files.freeBytes(folder.directory))) && this.publish(pack, temporary, parityPath(folder, pack));
    })) ?? false);
  }

  check(pack: number, onRead: OnRead): Promise<ParityHealth | undefined> {
    return this.alone(`checking the parity of pack ${pack}`, () => healthOf(this.placeOf(pack), onRead));
  }

  heal(pack: number, onRead: OnRead): Promise<HealedPack | undefined> {
    const temporary = packPath(this.host.folder, pack) + unfinished;
    return this.alone(`healing pack ${pack}`, () => this.whileThere(pack, temporary, async () => {
      if (this.host.isOpen(pack) || (await this.sizeOf(parityPath(this.host.folder, pack))) === undefined) return undefined;
      const written = await writeHealed({ place: this.placeOf(pack), temporary, code: await this.code(), onRead });
      if (written === undefined || !(await this.publish(pack, temporary, packPath(this.host.folder, pack)))) return undefined;
      return { pack, healed: stretchesOf(written.layout, written.healed) };
    }));
  }

  remove(pack: number): Promise<void> {
    return this.alone(`removing the parity of pack ${pack}`, () => this.removeFiles([parityPath(this.host.folder, pack)]));
  }

  tidy(): Promise<void> {
    return this.alone('tidying the parity of packs', async () => {
      const { directory, files } = this.host.folder;
      const isOfPack = (name: string): boolean => packOfName(name) !== undefined || ofParityName(name) !== undefined;
      const halves = (await files.names(directory)).filter((name) => name.endsWith(unfinished) && isOfPack(name.slice(0, -unfinished.length)));
      const orphans = (await this.list()).filter(({ isOrphan }) => isOrphan).map(({ pack }) => parityPath(this.host.folder, pack));
      await this.removeFiles([...halves.map((name) => path.join(directory, name)), ...orphans]);
    });
  }

  /** Steps of one pack and another wait for each other: the disk has one head, and temporary files one writer. */
  private alone<T>(doing: string, step: () => Promise<T>): Promise<T> {
    const result = this.line.then(() => guarded(doing, step));
    this.line = result.catch(() => undefined);
    return result;
  }

  /** Leaves no temporary file behind, whatever happens. Undefined where the pack is dropped meanwhile: what is missing then is no failure. */
  private async whileThere<T>(pack: number, temporary: string, step: () => Promise<T>): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      if ((await this.sizeOf(packPath(this.host.folder, pack))) !== undefined) throw error;
      return undefined;
    } finally {
      await this.host.folder.files.remove(temporary).catch(() => undefined); // the next one writes over it
    }
  }

  /** Gives a file its name; false where the pack was dropped meanwhile. */
  private publish(pack: number, temporary: string, name: string): Promise<boolean> {
    const { folder } = this.host;
    return this.host.inTurn(async () => {
      if ((await this.sizeOf(packPath(folder, pack))) === undefined) return false;
      await folder.files.rename(temporary, name);
      await folder.files.syncFolder(folder.directory);
      await this.host.forget(pack);
      return true;
    });
  }

  private async removeFiles(names: readonly string[]): Promise<void> {
    const { directory, files } = this.host.folder;
    for (const name of names) await files.remove(name);
    if (names.length > 0) await files.syncFolder(directory);
  }

  private placeOf(pack: number): PairOrder {
    const { folder: { files, mac }, sha256 } = this.host;
    return { files, mac, sha256, pack, packFile: packPath(this.host.folder, pack), parityFile: parityPath(this.host.folder, pack) };
  }

  /** Loaded when it is first needed: most stores have no parity. */
  private code(): Promise<ErasureCode> {
    return (this.loading ??= ErasureCode.load());
  }

  private sizeOf(file: string): Promise<number | undefined> {
    return unlessAbsent(() => this.host.folder.files.size(file));
  }
}

function ofParityName(name: string): number | undefined {
  const number = Number(namePattern.exec(name)?.[1] ?? 0);
  return number >= 1 && number <= maxShortPack ? number : undefined;
}
