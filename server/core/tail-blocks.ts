/**
 * The blocks that are met in the tail of the packs: those without a row, those whose row is quarantined, and those whose row names a pack that has gone, are kept in mind and led to
 * what was met. All others are looked up and forgotten. Memory: about 200 bytes for each that is kept in mind.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { asTag, rehashHex, type Rehash } from '../../client-sdk/protocol/ids.js';
import { rehashOf } from '../../client-sdk/protocol/tag.js';
import type { Place, ScannedRecord } from '../ports/block-store.js';
import type { FiledBlock } from '../ports/tag-store.js';
import type { Stop } from './contract.js';
import { filedAt, fileFound, readFound, type ReinstatingParts } from './reinstatement.js';
import { readOrRotten } from './stored-block.js';

const batchBlocks = 1_000;

interface Met {
  readonly rehash: Rehash;
  readonly place: Place;
}

/** `from`: where the row says that it lies. */
interface Misplaced extends Met {
  readonly from: Place;
}

export class TailBlocks {
  readonly #lost: Met[] = [];
  readonly #misplaced: Misplaced[] = [];
  #batch: Met[] = [];

  /** `packs`: those that are there. */
  constructor(private readonly parts: ReinstatingParts, private readonly packs: ReadonlySet<number>) {}

  async meet({ digest, place }: ScannedRecord): Promise<void> {
    // The record's own word is enough to look; what gets a row is hashed anew.
    this.#batch.push({ rehash: rehashOf((bytes) => this.parts.world.hasher.sha256(bytes), asTag(digest.slice())), place });
    if (this.#batch.length >= batchBlocks) await this.flush();
  }

  /** To be called when all were met. */
  async flush(): Promise<void> {
    const batch = this.#batch;
    this.#batch = [];
    const { tags } = this.parts.stores;
    const live = new Map((await tags.findLive(batch.map(({ rehash }) => rehash))).map(({ rehash, place }) => [rehashHex(rehash), place]));
    for (const met of batch) {
      const from = live.get(rehashHex(met.rehash));
      // A quarantined row may be one of which the healing was forgotten.
      if (from === undefined) this.#lost.push(met);
      else if (!this.packs.has(from.pack)) this.#misplaced.push({ ...met, from });
    }
  }

  /** Files what has no live row, without references. Answers how many; undefined where it was stopped. */
  async fileLost(stop: Stop | undefined): Promise<number | undefined> {
    let filed = 0;
    for (let at = 0; at < this.#lost.length; at += batchBlocks) {
      if (stop?.aborted === true) return undefined;
      filed += await fileFound(this.parts, this.#cipherOf(this.#lost.slice(at, at + batchBlocks)));
    }
    return filed;
  }

  /** Leads rows whose pack has gone, as compaction had done before it was forgotten; before `fileLost`, which heals those that a reader quarantines meanwhile. Answers how many; undefined where it was stopped. */
  async leadMisplaced(stop: Stop | undefined): Promise<number | undefined> {
    let moved = 0;
    const { tags } = this.parts.stores;
    for (const met of this.#misplaced) {
      const { rehash, from, place } = met;
      if (stop?.aborted === true) return undefined;
      // A pack that is begun meanwhile is not among those of the beginning.
      if ((await readOrRotten(this.parts, from, 'block')) !== undefined) continue;
      const found = filedAt(this.parts, { payload: await readFound(this.parts, place, 'block'), place });
      if (hexOf(found.rehash) !== hexOf(rehash)) continue;
      if ((await tags.find(rehash))?.state === 'quarantined') this.#lost.push(met);
      else if (await tags.move(rehash, from, place)) moved++;
    }
    return moved;
  }

  async *#cipherOf(met: readonly Met[]): AsyncGenerator<FiledBlock> {
    for (const { place } of met) yield filedAt(this.parts, { payload: await readFound(this.parts, place, 'block'), place });
  }
}
