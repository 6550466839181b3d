/**
 * What the index on PostgreSQL does for blocks that others have and for blocks that nobody has, counted: under existence = own the work must be the same, for its
 * time is all that could tell. Times themselves: test/long/existence-oracle.test.ts. server/THREATS.md, *The existence oracle*.
 */
import { describe, expect, it } from '@jest/globals';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import type { FiledBlock } from '../../server/ports/tag-store.js';
import { commit, missing, purge } from '../../server/storage/postgres/commit.js';
import { file } from '../../server/storage/postgres/filing.js';
import { setTrashed } from '../../server/storage/postgres/image-lists.js';
import { openIndexReader } from '../../server/storage/postgres/index-reader.js';
import type { Session } from '../../server/storage/postgres/session.js';
import { findAllOwned } from '../../server/storage/postgres/tag-rows.js';
import { pinOwned } from '../../server/storage/postgres/upload-rows.js';
import { wholeLife } from '../support/oracle-prober.js';
import { tracesAt } from '../support/oracle-trace.js';
import { OracleBench } from '../support/oracle-trials.js';
import { openProcess, type StoreProcess } from '../support/postgres-process.js';
import { postgresServer } from '../support/postgres-server.js';
import { type Work, workOf } from '../support/postgres-work.js';
import { alice, begin, blockFrom, bob, idFrom, imageFrom, placeFrom, rehashes } from './store-fixture.js';

const server = postgresServer();

async function storeAs(process: StoreProcess, number: number, blocks: readonly FiledBlock[]): Promise<void> {
  const scope = await begin(process, alice, number);
  await process.tags.file(scope, blocks);
  expect(await process.images.commit(scope, imageFrom(number, blocks), undefined)).toEqual({ kind: 'stored' });
}

/** What the log says of a page of keys that is split, which happens by chance. */
const splitBytes = 4_400;

describe('what others have', () => {
  const count = 60;
  const carol = idFrom<AccountId>(3);
  const blocksOf = (from: number): readonly FiledBlock[] => Array.from({ length: count }, (_, index) => blockFrom(from + index));

  it('costs PostgreSQL the work of what nobody has: statements, rows written and fetched by table, bytes of the log, from the question to the removal', async () => {
    const process = await openProcess(await server.freshDatabase());
    for (const number of [1, 2, 3]) await storeAs(process, number, Array.from({ length: 300 }, (_, index) => blockFrom(1_000 * number + index)));
    await process.db.look('measuring the tables', (session) => session.run('ANALYZE'));
    // Who comes first tidies pages and fills the connection's memory.
    await lifeOf(process, { account: idFrom(4), number: 10, blocks: blocksOf(8_000) });
    const foreign = await lifeOf(process, { account: bob, number: 11, blocks: blocksOf(2_000) });
    const absent = await lifeOf(process, { account: carol, number: 12, blocks: blocksOf(9_000) });
    for (const [step, work] of Object.entries(foreign)) expect([step, countsOf(work)]).toEqual([step, countsOf(absent[step])]);
    for (const [step, { logBytes }] of Object.entries(foreign)) expect([step, Math.abs(logBytes - (absent[step]?.logBytes ?? 0)) < 2 * splitBytes]).toEqual([step, true]);
    await process.close();
  });

  it('stands among the unreferenced for a while, and neither figures, forecasts, moves nor the collector take it for what nobody refers to', async () => {
    const url = await server.freshDatabase();
    const process = await openProcess(url);
    await storeAs(process, 1, blocksOf(0));
    const theirs = await begin(process, bob, 2);
    await process.tags.file(theirs, blocksOf(0).slice(0, 50).map((block, index) => ({ ...block, place: placeFrom(500 + index) })));
    await process.tags.file(theirs, blocksOf(100));
    await process.tags.endUpload(theirs.uploadId, bob);
    expect(await process.tags.figures()).toMatchObject({ unreferencedBlocks: count, pendingCopies: 50 });
    const { blocks } = await process.tags.listWaiting({ after: undefined, limit: 1_000, now: 5_000 });
    expect(blocks.filter(({ unreferenced }) => unreferenced !== undefined)).toHaveLength(count);
    expect(await touchedOf(url)).toBe(count);
    // A look may meet nothing but what others refer to.
    expect(await process.tags.collect(5_000, 7)).toHaveLength(7);
    expect(await process.tags.collect(5_000, 1_000)).toHaveLength(count - 7);
    expect(await process.images.referencesOf(alice, imageFrom(1, []).imageId)).toEqual(rehashes(blocksOf(0)));
    await process.images.trash(alice, imageFrom(1, []).imageId, 5_000);
    await process.images.purge(alice, imageFrom(1, []).imageId, 5_000);
    expect(await process.tags.figures()).toMatchObject({ blocks: count, unreferencedBlocks: count });
    expect(await process.tags.collect(5_001, 1_000)).toHaveLength(count);
    await process.close();
  });
});

/** How many blocks a move takes for unreferenced. */
async function touchedOf(url: string): Promise<number> {
  const reader = await openIndexReader(url);
  try {
    let touched = 0;
    for await (const { rows } of reader.batches('block', undefined)) touched += rows.filter((row) => row.at(-1) !== null).length;
    return touched;
  } finally {
    await reader.close();
  }
}

interface Life {
  readonly account: AccountId;
  readonly number: number;
  readonly blocks: readonly FiledBlock[];
}

/** All that an account may do about blocks, each measured. */
async function lifeOf(process: StoreProcess, { account, number, blocks }: Life): Promise<Readonly<Record<string, Work>>> {
  const scope = await begin(process, account, number);
  const image = imageFrom(number, blocks);
  const sent = blocks.map((block, index) => ({ ...block, place: { ...placeFrom(100 * number + index), length: block.place.length } }));
  const steps: Readonly<Record<string, (session: Session) => Promise<unknown>>> = {
    ask: (session) => pinOwned(session, scope, rehashes(blocks)),
    lack: (session) => missing(session, scope, rehashes(blocks)),
    claimByCommit: (session) => commit(session, scope, { image, quotaBytes: 2 ** 40 }),
    fetch: (session) => findAllOwned(session, account, rehashes(blocks)),
    send: (session) => file(session, scope, sent),
    askAgain: (session) => pinOwned(session, scope, rehashes(blocks)),
    commit: (session) => commit(session, scope, { image, quotaBytes: 2 ** 40 }),
    fetchOwn: (session) => findAllOwned(session, account, rehashes(blocks)),
    trash: (session) => setTrashed(session, { accountId: account, imageId: image.imageId }, 2_000),
    purge: (session) => purge(session, { accountId: account, imageId: image.imageId }, 2_000),
    askAfter: (session) => pinOwned(session, scope, rehashes(blocks)),
  };
  const life: Record<string, Work> = {};
  for (const [step, work] of Object.entries(steps)) life[step] = await workOf(process.db, work);
  return life;
}

function countsOf(work: Work | undefined): unknown {
  return { ...work, logBytes: 0 };
}

describe('over HTTP', () => {
  it('blocks that others have and blocks that nobody has get equal answers in everything that a client may do', async () => {
    const bench = await OracleBench.open('own', { databaseUrl: await server.freshDatabase() });
    try {
      const { foreign, absent } = await tracesAt(bench);
      expect(foreign).toEqual(absent);
      expect(foreign).toHaveLength(3 * wholeLife.length);
    } finally {
      await bench.close();
    }
  });
});
