/**
 * A small store in a data directory, and moves of it that are broken off: killed in a process of their own, or stopped in this one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from '@jest/globals';
import request from 'supertest';
import { checkStore } from '../../server/core/check.js';
import type { MoveAnswer, MoveProgress } from '../../server/core/moving/move-ends.js';
import { moveStore } from '../../server/core/moving/move-store.js';
import { placesOf, type MoveWish, type StorePlace } from '../../server/move-places.js';
import { openMove } from '../../server/open-move.js';
import { serving, type Engines } from './moved-store.js';
import { rawBlock, registerRaw, storeRaw, type RawAccount } from './raw-account.js';

const child = fileURLToPath(new URL('./move-process.js', import.meta.url));
/** Beyond every step of a move. */
export const neverDies = 1_000_000;

/** How a process that moves ended; `over` where the one before died after the very last step. */
export type RunOutcome = 'killed' | 'over' | Pick<MoveAnswer, 'outcome'>;

export class ResumedMove {
  readonly images: string[] = [];
  #account: RawAccount | undefined;

  private constructor(
    private readonly folder: string,
    /** Blocks of every image; each image has a pack of its own. */
    readonly blocks: number,
  ) {}

  /** Makes the store below `folder`. */
  static async fill(folder: string, { packs, blocks }: { readonly packs: number; readonly blocks: number }): Promise<ResumedMove> {
    const move = new ResumedMove(folder, blocks);
    for (let pack = 0; pack < packs; pack++) await move.storeOne();
    return move;
  }

  get source(): StorePlace {
    return { directory: path.join(this.folder, 'source'), databaseUrl: undefined, bucket: undefined };
  }

  /** Serves the store as it is and stores one more image. */
  storeOne(): Promise<void> {
    return serving({ dataDirectory: this.source.directory }, async ({ url }) => {
      this.#account ??= await registerRaw(url, 'ada');
      this.images.push(await storeRaw(url, this.#account, Array.from({ length: this.blocks }, () => rawBlock(100 + this.images.length))));
    });
  }

  /** Where a wish leads to, for a server. */
  targetOf(wish: MoveWish): Engines {
    const { directory, ...engines } = placesOf(this.source, wish).target;
    return { dataDirectory: directory, ...engines };
  }

  /** One run that may die at a step. */
  async oneRun(wish: MoveWish, dieAt: number): Promise<RunOutcome> {
    const running = spawn(process.execPath, [child, JSON.stringify({ source: this.source, wish, dieAt })], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [said, complained]: [Buffer[], Buffer[]] = [[], []];
    running.stdout.on('data', (piece: Buffer) => said.push(piece));
    running.stderr.on('data', (piece: Buffer) => complained.push(piece));
    const [status, signal] = (await once(running, 'close')) as [number | null, string | null]; // what a process ends with
    if (signal === 'SIGKILL') return 'killed';
    const complaint = Buffer.concat(complained).toString();
    if (/If one was killed at its very end, it is done/.test(complaint)) return 'over';
    expect([status, complaint]).toEqual([0, expect.anything()]);
    return JSON.parse(Buffer.concat(said).toString()) as MoveAnswer; // what that process answers with
  }

  /** Runs one after the other, each to die at its step, until one comes to the end; after the first and the fifth no server opens what is half moved. Answers how many there were. */
  async throughKills(wish: MoveWish, steps: Iterable<number>): Promise<number> {
    let runs = 0;
    for (const dieAt of steps) {
      const outcome = await this.oneRun(wish, dieAt);
      runs++;
      if (outcome !== 'killed') {
        if (outcome !== 'over') expect(outcome).toMatchObject({ outcome: 'moved', packs: this.images.length, different: [], lost: [], rows: { block: this.blocks * this.images.length } });
        return runs;
      }
      if (runs === 1 || runs === 5) await expect(serving(this.targetOf(wish), () => Promise.resolve())).rejects.toThrow(/move that has not ended|parts of a store without its marker/);
    }
    throw new Error('no run came to the end');
  }

  /** A run in this process, stopped where `stopAt` says so. */
  async runHere(wish: MoveWish, stopAt?: (progress: MoveProgress) => boolean): Promise<MoveAnswer> {
    const places = placesOf(this.source, wish);
    const stop = { aborted: false };
    const move = await openMove(places);
    const { data, ends } = move;
    try {
      const onProgress = (progress: MoveProgress): void => { stop.aborted ||= stopAt?.(progress) === true; };
      return await moveStore(ends, { storeId: data.storeId, route: places.route, moveId: '2'.repeat(32), stop, onProgress });
    } finally {
      await move.close();
    }
  }

  /** All images are where the wish leads to, and a check finds nothing there. A bucket would be asked for each block, so none of it is checked. */
  async expectWhole(wish: MoveWish): Promise<void> {
    const engines = this.targetOf(wish);
    await serving(engines, async ({ url, store }) => {
      expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: this.blocks * this.images.length, unreferencedBlocks: 0 });
      if (engines.bucket === undefined) expect(await checkStore(store.parts, { onFinding: () => undefined })).toMatchObject({ findings: 0, damage: [], images: this.images.length });
      const listed = await request(url).get('/api/v1/images').set('Authorization', this.#account?.bearer ?? '');
      expect((listed.body as { images: readonly { readonly imageId: string }[] }).images.map(({ imageId }) => imageId).sort()).toEqual([...this.images].sort());
    });
  }
}
