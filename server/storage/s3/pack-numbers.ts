/**
 * Numbers for new packs, unlike those of every other process that writes to the bucket: milliseconds above, a lane below. A lane belongs
 * to one store for one day and is claimed in the bucket itself. It also knows the names of packs. FORMAT.md sections 1 and 3.
 */
import { StorageError } from '../../ports/errors.js';
import { maxPack, maxShortPack } from '../record-format/pack-format.js';
import type { Bucket } from './bucket.js';
import { oddAnswer } from './failure.js';

/** Clock in ms since 1970, and random bytes. */
export interface NumberSources {
  readonly clock: () => number;
  readonly random: (length: number) => Uint8Array;
}

export const packFolder = 'packs/';

const epochMs = Date.UTC(2024, 0, 1);
const dayMs = 86_400_000;
const lanes = 4_096;
const maxClaims = 64;
/** Services refuse requests of a clock that is 15 minutes wrong, so two that write to a bucket are no more than twice that apart. */
const maxApartMs = 2 * 15 * 60_000;
/** Of two processes the later one may draw a number that is lower by so much. */
export const numberSlack = maxApartMs * lanes;
const namePattern = /^packs\/([01][0-9a-f]{13})$/;

/** Of this process: two stores in it never draw the same millisecond, and no store repeats one after it was opened again. */
const drawn = { lastMs: 0 };

/** The name of the object of `pack`; names sort as their numbers do. */
export function packName(pack: number): string {
  return packFolder + pack.toString(16).padStart(14, '0');
}

/** The number of the pack whose object is called `name`; undefined for the name of anything else. */
export function packOfName(name: string): number | undefined {
  const pack = Number.parseInt(namePattern.exec(name)?.[1] ?? '0', 16);
  return isPackNumber(pack) ? pack : undefined;
}

/** An object of this bucket may bear it. */
export function isPackNumber(pack: number): boolean {
  return Number.isSafeInteger(pack) && pack > maxShortPack;
}

export class PackNumbers {
  private line: Promise<unknown> = Promise.resolve();
  private claimed: { readonly day: number; readonly lane: number } | undefined;

  constructor(
    private readonly bucket: Bucket,
    private readonly sources: NumberSources,
  ) {}

  /** The first number that could be drawn now: packs at or above it were written by a clock that is ahead. */
  floor(): number {
    return Math.max(1, this.sources.clock() - epochMs) * lanes;
  }

  /** From now on every number lies above `pack`. */
  raise(pack: number): void {
    drawn.lastMs = Math.max(drawn.lastMs, Math.floor(pack / lanes));
  }

  /** The next number, above all that this process has drawn. Rejects with StorageError where no lane could be claimed. */
  next(): Promise<number> {
    const number = this.line.then(() => this.draw());
    this.line = number.catch(() => undefined);
    return number;
  }

  private async draw(): Promise<number> {
    // Above the 4 bytes of numbered files, so that the same number never means both.
    const ms = Math.max(this.sources.clock() - epochMs, drawn.lastMs + 1, Math.ceil((maxShortPack + 1) / lanes));
    if ((ms + 1) * lanes > maxPack) throw new StorageError('no pack number is left', { retryable: false });
    drawn.lastMs = ms;
    const day = Math.floor(ms / dayMs);
    if (this.claimed?.day !== day) this.claimed = { day, lane: await this.claim(day) };
    return ms * lanes + this.claimed.lane;
  }

  /**
   * Writes a claim, then looks who else claims: of two that claim the same lane at least one sees the other and goes elsewhere. Claims are
   * never taken back, so a lane of a day has one owner for ever. Needs a listing that shows what was written before.
   */
  private async claim(day: number): Promise<number> {
    for (let tries = 0; tries < maxClaims; tries++) {
      const [low = 0, high = 0, ...nonce] = this.sources.random(10);
      const lane = (high % 16) * 256 + low;
      const folder = `claims/${String(day).padStart(5, '0')}/${lane.toString(16).padStart(3, '0')}/`;
      const own = folder + Buffer.from(nonce).toString('hex');
      await this.bucket.replace(own, new Uint8Array(0));
      const seen: string[] = [];
      for await (const { name } of this.bucket.list(folder)) seen.push(name);
      if (!seen.includes(own)) throw oddAnswer('numbering a pack', 'a listing without what was just written');
      if (seen.length === 1) return lane;
    }
    throw new StorageError('numbering a pack: no free lane was found', { retryable: true });
  }
}
