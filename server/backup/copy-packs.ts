/**
 * Copies the packs that a repository has not. Sealed packs never change, so a name, a length and both ends tell whether one is had; the last
 * pack may grow, and is copied as far as its records are whole.
 */
import path from 'node:path';
import { isEqual } from '../../client-sdk/protocol/bytes.js';
import type { Damage } from '../ports/block-store.js';
import { copyDurably } from '../storage/packs/durable-copy.js';
import { unlessAbsent } from '../storage/packs/failure.js';
import { nodeFiles } from '../storage/packs/file-layer.js';
import { endWithHeader, type PackFile, PackSet } from '../storage/packs/pack-set.js';
import type { BackupOrder } from './backup-order.js';
import type { ListedFile } from './point.js';
import type { Repository, StoredPack } from './repository.js';
import { refuseStopped } from './stopping.js';

/** The packs of a point. */
export interface CopiedPacks {
  readonly files: readonly ListedFile[];
  readonly copiedPacks: number;
  readonly copiedBytes: number;
  readonly damage: readonly Damage[];
}

/** Bytes at each end that are compared: headers in them are codes over what they belong to. */
const endBytes = 65_536;

/** Copies what is missing. `ends`: how far rows need each pack, without headers. */
export async function copyPacks(order: BackupOrder, packs: readonly PackFile[], ends: ReadonlyMap<number, number>): Promise<CopiedPacks> {
  const copier = new PackCopier(order, ends, await stockOf(order.repository));
  const totalBytes = packs.reduce((sum, { bytes }) => sum + bytes, 0);
  let doneBytes = 0;
  for (const [done, file] of packs.entries()) {
    order.onProgress({ phase: 'packs', done, total: packs.length, doneBytes, totalBytes });
    await copier.take(file, file === packs.at(-1));
    doneBytes += file.bytes;
  }
  order.onProgress({ phase: 'packs', done: packs.length, total: packs.length, doneBytes, totalBytes });
  return copier.result();
}

/** What a repository has, by number: sound packs, and those that were damaged in the store already when they were copied. */
interface Stock {
  readonly sound: ReadonlyMap<number, readonly StoredPack[]>;
  readonly damaged: ReadonlyMap<number, readonly StoredPack[]>;
}

async function stockOf(repository: Repository): Promise<Stock> {
  const { points } = await repository.points();
  const damaged = new Set(points.flatMap(({ files }) => files.flatMap(({ sha256, isDamaged }) => (isDamaged === true ? [sha256] : []))));
  const packs = await repository.packs();
  return { sound: groupByPack(packs.filter(({ sha256 }) => !damaged.has(sha256))), damaged: groupByPack(packs.filter(({ sha256 }) => damaged.has(sha256))) };
}

class PackCopier {
  private readonly files: ListedFile[] = [];
  private readonly damage: Damage[] = [];
  private readonly set: PackSet;
  private copiedPacks = 0;
  private copiedBytes = 0;

  constructor(
    private readonly order: BackupOrder,
    private readonly ends: ReadonlyMap<number, number>,
    private readonly had: Stock,
  ) {
    this.set = new PackSet(order.data.packsDirectory, order.data.storeKey);
  }

  /** Files the pack under the name that it has or gets in the repository. */
  async take(file: PackFile, isLast: boolean): Promise<void> {
    refuseStopped(this.order.stop);
    const known = isLast ? undefined : await this.find(file, this.had.sound);
    if (known !== undefined) {
      this.files.push(known);
      return;
    }
    // Damage is told by each run that meets it, so that none forgets an older point which may be whole.
    const survey = await this.set.survey(file);
    // The collector decided to drop it before this backup began: nothing needs it.
    if (survey === undefined) return;
    const needed = this.neededBytes(file.pack);
    // Damage in front of what rows need is left as it is.
    const bytes = isLast && survey.intactBytes >= needed ? survey.intactBytes : file.bytes;
    const damage = survey.damage.filter(({ offset }) => offset < Math.max(needed, survey.intactBytes));
    this.damage.push(...damage);
    if (bytes === 0) return;
    const cut = { ...file, bytes };
    // One that was damaged and is no more was healed: then it is another pack.
    const had = damage.length > 0 ? await this.find(cut, this.had.damaged) : isLast ? await this.find(cut, this.had.sound) : undefined;
    const filed = had ?? (await this.copy(cut));
    if (filed !== undefined) this.files.push(damage.length > 0 ? { ...filed, isDamaged: true } : filed);
  }

  /** What rows name is there, or is told. */
  result(): CopiedPacks {
    const lengths = new Map(this.files.map(({ name, bytes }) => [name, bytes]));
    const missing = [...this.ends.keys()].flatMap((pack): readonly Damage[] => {
      const [have, needed] = [lengths.get(nameOf(pack)) ?? 0, this.neededBytes(pack)];
      return have < needed ? [{ pack, offset: have, length: needed - have, what: 'rows name bytes that are not there' }] : [];
    });
    return { files: this.files, copiedPacks: this.copiedPacks, copiedBytes: this.copiedBytes, damage: [...this.damage, ...missing] };
  }

  private neededBytes(pack: number): number {
    const end = this.ends.get(pack);
    return end === undefined ? 0 : endWithHeader(end);
  }

  private async copy(file: PackFile): Promise<ListedFile | undefined> {
    const { repository, stop } = this.order;
    const base = path.basename(file.path);
    // A pack may go that nothing needs.
    const digest = await unlessAbsent(() => copyDurably({
      from: file.path,
      bytes: file.bytes,
      temporary: path.join(repository.packsFolder, `${base}.tmp`),
      targetOf: (sha256) => repository.packPath(base, sha256),
      onPiece: () => { refuseStopped(stop); },
    }));
    if (digest === undefined) return undefined;
    this.copiedPacks++;
    this.copiedBytes += digest.bytes;
    return { name: nameOf(file.pack), ...digest };
  }

  /** The pack among these that this one is. */
  private async find(file: PackFile, among: Stock['sound']): Promise<ListedFile | undefined> {
    for (const { sha256 } of among.get(file.pack) ?? []) {
      if (await haveEqualEnds(file, this.order.repository.packPath(path.basename(file.path), sha256))) return { name: nameOf(file.pack), bytes: file.bytes, sha256 };
    }
    return undefined;
  }
}

function nameOf(pack: number): string {
  return `packs/pack-${String(pack).padStart(10, '0')}.dice`;
}

function groupByPack(packs: readonly StoredPack[]): ReadonlyMap<number, readonly StoredPack[]> {
  const groups = new Map<number, StoredPack[]>();
  for (const stored of packs) groups.set(stored.pack, [...(groups.get(stored.pack) ?? []), stored]);
  return groups;
}

/** The other file has the length of the pack, and its first and last bytes. */
async function haveEqualEnds(file: PackFile, other: string): Promise<boolean> {
  if ((await nodeFiles.size(other)) !== file.bytes) return false;
  const source = await readEnds(file.path, file.bytes);
  const copy = await readEnds(other, file.bytes);
  return source !== undefined && copy !== undefined && isEqual(source, copy);
}

async function readEnds(file: string, bytes: number): Promise<Uint8Array | undefined> {
  const length = Math.min(endBytes, bytes);
  const open = await unlessAbsent(() => nodeFiles.open(file, 'read'));
  if (open === undefined) return undefined;
  try {
    const both = new Uint8Array(2 * length);
    await open.read(both.subarray(0, length), 0);
    await open.read(both.subarray(length), bytes - length);
    return both;
  } finally {
    await open.close();
  }
}
