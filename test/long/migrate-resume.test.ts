/**
 * A move that is broken off anywhere goes on where it stopped: after a kill at many steps, after Ctrl-C, and after the old store was used in between. Until it has
 * ended no server opens what comes to be.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { MoveWish } from '../../server/move-places.js';
import { serving } from '../support/moved-store.js';
import { postgresServer } from '../support/postgres-server.js';
import { ResumedMove } from '../support/resumed-move.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';

const database = postgresServer();
let s3: S3Server;
let folder: string;
let move: ResumedMove;

beforeAll(async () => {
  s3 = await startS3rver();
  folder = await mkdtemp(path.join(tmpdir(), 'dice-resume-'));
  // More than the rows of two batches in each image.
  move = await ResumedMove.fill(folder, { packs: 5, blocks: 1_000 });
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

async function toPostgresAndBucket(prefix: string): Promise<MoveWish> {
  const bucket = { ...s3.place, endpoint: new URL(s3.place.endpoint), prefix: `${prefix}/` };
  return { toIndex: 'postgres', toBlocks: 's3', toDirectory: undefined, named: { databaseUrl: await database.freshDatabase(), bucket } };
}

/** Another data directory, whose packs a check reads at once where a bucket would be asked for each block. */
async function toPostgresAndPacks(name: string): Promise<MoveWish> {
  return { toIndex: 'postgres', toBlocks: 'packs', toDirectory: path.join(folder, name), named: { databaseUrl: await database.freshDatabase(), bucket: undefined } };
}

/** Each run comes a little further than the one before. */
function* alternately(): Iterable<number> {
  yield 2;
  for (;;) yield* [6, 7];
}

describe('a move that is broken off', () => {
  it('by a kill at any step goes on with the next run, and no server opens what is half moved', async () => {
    const wish = await toPostgresAndPacks('killed');
    expect(await move.throughKills(wish, alternately())).toBeGreaterThan(7);
    await move.expectWhole(wish);
  });

  it('by Ctrl-C stops after the step at hand, and goes on though the old store was used in between', async () => {
    const wish = await toPostgresAndBucket('stopped');
    expect(await move.runHere(wish, ({ phase, done }) => phase === 'packs' && done > 0)).toMatchObject({ outcome: 'stopped' });
    expect(await move.runHere(wish, ({ phase, done }) => phase === 'rows' && done > 3_000)).toMatchObject({ outcome: 'stopped', packs: 5 });
    expect(await move.runHere(wish, ({ phase }) => phase === 'compare')).toMatchObject({ outcome: 'stopped' });
    await move.storeOne();
    const packs: number[] = [];
    const answer = await move.runHere(wish, ({ phase, done }) => { if (phase === 'packs') packs.push(done); return false; });
    expect(answer).toMatchObject({ outcome: 'moved', packs: 6, different: [] });
    // What was copied before was not copied again.
    expect(packs[0]).toBe(5);
    await move.expectWhole(wish);
  });

  it('is gone on with as it was begun alone, and keeps off what others left', async () => {
    const wish = await toPostgresAndBucket('mixed');
    expect(await move.runHere(wish, ({ phase }) => phase === 'rows')).toMatchObject({ outcome: 'stopped' });
    const elsewhere = await toPostgresAndBucket('elsewhere');
    const { databaseUrl, bucket } = wish.named;
    const open = (engines: object): Promise<void> => serving({ dataDirectory: move.source.directory, ...engines }, () => Promise.resolve());
    await expect(open({ bucket })).rejects.toThrow(/bucket dice-test, mixed\/: holds packs of a move that has not ended/);
    await expect(open({ databaseUrl })).rejects.toThrow(/index holds a move that has not ended/);
    await expect(move.runHere({ ...wish, named: { databaseUrl, bucket: elsewhere.named.bucket } })).rejects.toThrow(/was begun otherwise: from SQLite/);
    await expect(move.runHere({ ...wish, named: { databaseUrl: elsewhere.named.databaseUrl, bucket } })).rejects.toThrow(/holds another move that has not ended/);
    expect(await move.runHere(wish)).toMatchObject({ outcome: 'moved' });
    await expect(move.runHere(wish)).rejects.toThrow(/the index to move to is not empty/);
    await expect(move.runHere({ ...wish, named: { databaseUrl: elsewhere.named.databaseUrl, bucket } })).rejects.toThrow(/place for the packs is not empty/);
    expect(await move.runHere(elsewhere)).toMatchObject({ outcome: 'moved' });
  });
});
