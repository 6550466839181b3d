/**
 * A move that is broken off anywhere goes on where it stopped: after a kill at many steps, after Ctrl-C, and after the old store was used in between. Until it has
 * ended no server opens what comes to be.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { checkStore } from '../../server/core/check.js';
import type { MoveAnswer, MoveProgress } from '../../server/core/moving/move-ends.js';
import { moveStore } from '../../server/core/moving/move-store.js';
import { placesOf, type MoveWish, type StorePlace } from '../../server/move-places.js';
import { openMove } from '../../server/open-move.js';
import { serving } from '../support/moved-store.js';
import { postgresServer } from '../support/postgres-server.js';
import { rawBlock, registerRaw, storeRaw, type RawAccount } from '../support/raw-account.js';
import { startS3rver, type S3Server } from '../support/s3-server.js';

const database = postgresServer();
const child = fileURLToPath(new URL('../support/move-process.js', import.meta.url));
let s3: S3Server;
let folder: string;
let ada: RawAccount;
const images: string[] = [];

beforeAll(async () => {
  s3 = await startS3rver();
  folder = await mkdtemp(path.join(tmpdir(), 'dice-resume-'));
  for (let round = 0; round < 5; round++) {
    await serving({ dataDirectory: source().directory }, async ({ url }) => {
      if (round === 0) ada = await registerRaw(url, 'ada');
      // More than the rows of two batches.
      images.push(await storeRaw(url, ada, Array.from({ length: 1_000 }, () => rawBlock(100 + round))));
    });
  }
});
afterAll(async () => {
  await s3.close();
  await rm(folder, { recursive: true, force: true });
});

function source(): StorePlace {
  return { directory: path.join(folder, 'source'), databaseUrl: undefined, bucket: undefined };
}

async function toPostgresAndBucket(prefix: string): Promise<MoveWish> {
  const bucket = { ...s3.place, endpoint: new URL(s3.place.endpoint), prefix: `${prefix}/` };
  return { toIndex: 'postgres', toBlocks: 's3', toDirectory: undefined, named: { databaseUrl: await database.freshDatabase(), bucket } };
}

/** Another data directory, whose packs a check reads at once where a bucket would be asked for each block. */
async function toPostgresAndPacks(name: string): Promise<MoveWish> {
  return { toIndex: 'postgres', toBlocks: 'packs', toDirectory: path.join(folder, name), named: { databaseUrl: await database.freshDatabase(), bucket: undefined } };
}

/** Where a wish leads to, for a server. */
function targetOf(wish: MoveWish): { readonly dataDirectory: string; readonly databaseUrl: string | undefined; readonly bucket: StorePlace['bucket'] } {
  const { directory, ...engines } = placesOf(source(), wish).target;
  return { dataDirectory: directory, ...engines };
}

/** One run that may die; `over` where the one before died after the very last step. */
async function oneRun(wish: MoveWish, dieAt: number): Promise<'killed' | 'over' | Pick<MoveAnswer, 'outcome'>> {
  const running = spawn(process.execPath, [child, JSON.stringify({ source: source(), wish, dieAt })], { stdio: ['ignore', 'pipe', 'pipe'] });
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

async function expectWhole(engines: ReturnType<typeof targetOf>): Promise<void> {
  await serving(engines, async ({ url, store }) => {
    expect(await store.parts.stores.tags.figures()).toMatchObject({ blocks: 1_000 * images.length, unreferencedBlocks: 0 });
    if (engines.bucket === undefined) expect(await checkStore(store.parts, { onFinding: () => undefined })).toMatchObject({ findings: 0, damage: [], images: images.length });
    const listed = await request(url).get('/api/v1/images').set('Authorization', ada.bearer);
    expect((listed.body as { images: readonly { readonly imageId: string }[] }).images.map(({ imageId }) => imageId).sort()).toEqual([...images].sort());
  });
}

async function runHere(wish: MoveWish, stopAt?: (progress: MoveProgress) => boolean): Promise<MoveAnswer> {
  const places = placesOf(source(), wish);
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

describe('a move that is broken off', () => {
  it('by a kill at any step goes on with the next run, and no server opens what is half moved', async () => {
    const wish = await toPostgresAndPacks('killed');
    let outcome = await oneRun(wish, 2);
    let runs = 1;
    for (let dieAt = 6; outcome === 'killed'; dieAt = dieAt === 6 ? 7 : 6) {
      if (runs === 1 || runs === 5) await expect(serving(targetOf(wish), () => Promise.resolve())).rejects.toThrow(/move that has not ended|parts of a store without its marker/);
      outcome = await oneRun(wish, dieAt);
      runs++;
    }
    expect(runs).toBeGreaterThan(7);
    if (outcome !== 'over') expect(outcome).toMatchObject({ outcome: 'moved', packs: 5, different: [], lost: [], rows: { block: 1_000 * images.length } });
    await expectWhole(targetOf(wish));
  });

  it('by Ctrl-C stops after the step at hand, and goes on though the old store was used in between', async () => {
    const wish = await toPostgresAndBucket('stopped');
    expect(await runHere(wish, ({ phase, done }) => phase === 'packs' && done > 0)).toMatchObject({ outcome: 'stopped' });
    expect(await runHere(wish, ({ phase, done }) => phase === 'rows' && done > 3_000)).toMatchObject({ outcome: 'stopped', packs: 5 });
    expect(await runHere(wish, ({ phase }) => phase === 'compare')).toMatchObject({ outcome: 'stopped' });
    await serving({ dataDirectory: source().directory }, async ({ url }) => {
      images.push(await storeRaw(url, ada, Array.from({ length: 1_000 }, () => rawBlock(50))));
    });
    const packs: number[] = [];
    const answer = await runHere(wish, ({ phase, done }) => { if (phase === 'packs') packs.push(done); return false; });
    expect(answer).toMatchObject({ outcome: 'moved', packs: 6, different: [] });
    // What was copied before was not copied again.
    expect(packs[0]).toBe(5);
    await expectWhole(targetOf(wish));
  });

  it('is gone on with as it was begun alone, and keeps off what others left', async () => {
    const wish = await toPostgresAndBucket('mixed');
    expect(await runHere(wish, ({ phase }) => phase === 'rows')).toMatchObject({ outcome: 'stopped' });
    const elsewhere = await toPostgresAndBucket('elsewhere');
    const { databaseUrl, bucket } = wish.named;
    const open = (engines: object): Promise<void> => serving({ dataDirectory: source().directory, ...engines }, () => Promise.resolve());
    await expect(open({ bucket })).rejects.toThrow(/bucket dice-test, mixed\/: holds packs of a move that has not ended/);
    await expect(open({ databaseUrl })).rejects.toThrow(/index holds a move that has not ended/);
    await expect(runHere({ ...wish, named: { databaseUrl, bucket: elsewhere.named.bucket } })).rejects.toThrow(/was begun otherwise: from SQLite/);
    await expect(runHere({ ...wish, named: { databaseUrl: elsewhere.named.databaseUrl, bucket } })).rejects.toThrow(/holds another move that has not ended/);
    expect(await runHere(wish)).toMatchObject({ outcome: 'moved' });
    await expect(runHere(wish)).rejects.toThrow(/the index to move to is not empty/);
    await expect(runHere({ ...wish, named: { databaseUrl: elsewhere.named.databaseUrl, bucket } })).rejects.toThrow(/place for the packs is not empty/);
    expect(await runHere(elsewhere)).toMatchObject({ outcome: 'moved' });
  });
});
