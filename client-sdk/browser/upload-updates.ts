/**
 * What an upload tells its page, in few messages: outcomes at once and in order, phases and tiles gathered for a while, so that
 * thousands of files do not flood it. DESIGN.md section 7 (Pages).
 */
import type { TileState } from '../api.js';
import type { Region } from '../core/image/splitter.js';
import { tileStateCodes } from './page-calls.js';
import type { PhaseNote, UploadUpdate } from './upload-messages.js';

/** Phases and tiles wait this long for company. */
const gatherMs = 200;

/** A tile that has a place in the picture. */
export interface PlacedTile {
  readonly region: Region;
  readonly state: TileState;
}

/** One upload's updates, for one reader. */
export class UploadUpdates {
  #ready: UploadUpdate[] = [];
  readonly #phases = new Map<number, PhaseNote>();
  #tiles: PlacedTile[] = [];
  #tilesOf = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isEnded = false;
  #wake: () => void = () => undefined;

  /** After everything that was told before. */
  push(update: UploadUpdate): void {
    if (update.kind === 'done') {
      this.#phases.delete(update.key);
      this.#flushTiles();
    }
    this.#ready.push(update);
    this.#wake();
  }

  phase(note: PhaseNote): void {
    this.#phases.set(note.key, note);
    this.#flushLater();
  }

  tile(key: number, tile: PlacedTile): void {
    if (key !== this.#tilesOf) this.#flushTiles();
    this.#tilesOf = key;
    this.#tiles.push(tile);
    this.#flushLater();
  }

  end(): void {
    this.#flush();
    this.#isEnded = true;
    this.#wake();
  }

  async *all(): AsyncGenerator<UploadUpdate> {
    for (;;) {
      const taken = this.#ready;
      this.#ready = [];
      yield* taken;
      if (this.#ready.length > 0) continue;
      if (this.#isEnded) return;
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }

  #flushLater(): void {
    this.#timer ??= setTimeout(() => { this.#flush(); }, gatherMs);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#flushTiles();
    if (this.#phases.size > 0) this.#ready.push({ kind: 'phases', notes: [...this.#phases.values()] });
    this.#phases.clear();
    this.#wake();
  }

  #flushTiles(): void {
    const tiles = this.#tiles;
    if (tiles.length === 0) return;
    this.#tiles = [];
    const regions = new Uint32Array(tiles.length * 4);
    for (const [i, { region }] of tiles.entries()) regions.set([region.x, region.y, region.width, region.height], i * 4);
    this.#ready.push({ kind: 'tiles', key: this.#tilesOf, regions, codes: Uint8Array.from(tiles, ({ state }) => tileStateCodes[state]) });
  }
}
