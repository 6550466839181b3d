/**
 * A move that is killed at two of its steps, and stopped once, goes on where it stopped; until it has ended no server opens what comes to be. At many steps, to other
 * engines, and with the old store used in between: test/long.
 */
import path from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import type { MoveWish } from '../../server/move-places.js';
import { neverDies, ResumedMove } from '../support/resumed-move.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const temporary = temporaryDirectories();
let folder: string;
let move: ResumedMove;

beforeAll(async () => {
  folder = await temporary();
  move = await ResumedMove.fill(folder, { packs: 3, blocks: 40 });
});

function toDirectory(name: string): MoveWish {
  return { toIndex: 'sqlite', toBlocks: 'packs', toDirectory: path.join(folder, name), named: { databaseUrl: undefined, bucket: undefined } };
}

describe('a move that is broken off', () => {
  it('by kills goes on with the next run, and no server opens what is half moved', async () => {
    const wish = toDirectory('killed');
    expect(await move.throughKills(wish, [2, 3, neverDies])).toBe(3);
    await move.expectWhole(wish);
  });

  it('by Ctrl-C stops after the step at hand, and does not copy again what it has', async () => {
    const wish = toDirectory('stopped');
    expect(await move.runHere(wish, ({ phase, done }) => phase === 'packs' && done > 0)).toMatchObject({ outcome: 'stopped' });
    const packs: number[] = [];
    const answer = await move.runHere(wish, ({ phase, done }) => { if (phase === 'packs') packs.push(done); return false; });
    expect(answer).toMatchObject({ outcome: 'moved', packs: 3, different: [] });
    // Two are copied at a time.
    expect(packs[0]).toBe(2);
    await move.expectWhole(wish);
  });
});
