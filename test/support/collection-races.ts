/**
 * A sweep and a client that meet over the same blocks, in every order of few switches: the one is stopped before any of its calls while the other makes some of its own, goes
 * on, and is stopped once more while the other makes the rest, which are four switches at most. Orders of more switches are left out: there are too many. At the end the
 * block is there, or the commit was told that it is not.
 */
import { concat } from '../../client-sdk/protocol/bytes.js';
import type { AccountId, ImageId, UploadId } from '../../client-sdk/protocol/ids.js';
import { existenceStates, type CommitResult } from '../../client-sdk/protocol/messages.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { checkStore } from '../../server/core/check.js';
import type { Parts, Services, Stores } from '../../server/core/contract.js';
import { createGate } from '../../server/core/gate.js';
import { createServices, defaultPolicy } from '../../server/core/services.js';
import { blocksOf, commitOf, framesOf, hereAndTrusted, hmacSha256, randomId, registrationOf, serverId, sha256 } from './core-store.js';
import { fixedRandom } from './fixed-random.js';
import type { RawBlock } from './raw-account.js';
import { Turnstile } from './turnstile.js';

/** How the client comes to the blocks that the sweep is about to take. */
export const ways = ['asks', 'asks again', 'sends', 'claims'] as const;
export type Way = (typeof ways)[number];

/** Whether the sweep may come first: what was sent, and what a session of one's own holds, is never taken. */
export function mayBeMissing(way: Way): boolean {
  return way === 'asks' || way === 'claims';
}

/** One order: how many calls the sweep makes before the client makes as many, and so on. */
type Schedule = readonly (readonly ['sweep' | 'client', number])[];

interface Bench {
  readonly parts: Parts;
  readonly services: Services;
  readonly clock: { now: number };
  readonly owner: AccountId;
  readonly stranger: AccountId;
}

/** What the client was told. */
interface Told {
  readonly states: readonly number[];
  /** Blocks that it may rely on. */
  readonly isPromised: boolean;
  readonly result: CommitResult | undefined;
}

/** Orders that were tried, and in how many the commit was stored. */
export interface RaceCounts {
  readonly orders: number;
  readonly stored: number;
  readonly missing: number;
}

const hasEnded = 10_000;

/** An empty store, and what closes it. */
export type OpenStores = () => Promise<{ readonly stores: Stores; readonly close: () => Promise<void> }>;

/** What removed images leave in the packs is copied by every sweep: a store serves so many races. */
const racesOfStore = 40;

/** Tries every `stride`-th order. Throws where a block is lost, or a commit was promised and refused. */
export async function raceAll(open: OpenStores, way: Way, stride: number): Promise<RaceCounts> {
  const [alone] = await raceIn(open, way, [[['sweep', hasEnded]]]);
  const schedules = [...schedulesOf(alone ?? { sweepCalls: 0, clientCalls: 0 })].filter((_, at) => at % stride === 0);
  const outcomes: boolean[] = [];
  for (let from = 0; from < schedules.length; from += racesOfStore) {
    for (const { stored } of await raceIn(open, way, schedules.slice(from, from + racesOfStore))) outcomes.push(stored);
  }
  const stored = outcomes.filter(Boolean).length;
  return { orders: outcomes.length, stored, missing: outcomes.length - stored };
}

async function raceIn(open: OpenStores, way: Way, schedules: readonly Schedule[]): Promise<readonly Awaited<ReturnType<typeof race>>[]> {
  const { stores, close } = await open();
  const bench = await openBench(stores);
  const outcomes: Awaited<ReturnType<typeof race>>[] = [];
  for (const schedule of schedules) outcomes.push(await race(bench, way, schedule));
  await close();
  return outcomes;
}

/** The client's calls lie in two of the sweep's gaps, or the sweep's in two of the client's: each pair of gaps, wherever the row of calls is cut in two. */
function* schedulesOf({ sweepCalls, clientCalls }: { readonly sweepCalls: number; readonly clientCalls: number }): Iterable<Schedule> {
  for (let cut = 1; cut < clientCalls; cut++) {
    for (let first = 0; first <= sweepCalls; first++) {
      for (let second = first; second <= sweepCalls; second++) yield [['sweep', first], ['client', cut], ['sweep', second - first], ['client', hasEnded]];
    }
  }
  for (let cut = 1; cut < sweepCalls; cut++) {
    for (let first = 0; first <= clientCalls; first++) {
      for (let second = first; second <= clientCalls; second++) yield [['client', first], ['sweep', cut], ['client', second - first], ['sweep', hasEnded]];
    }
  }
}

async function openBench(stores: Stores): Promise<Bench> {
  const clock = { now: 1_800_000_000_000 };
  const parts: Parts = {
    stores, gate: createGate(), otherFileBytes: () => Promise.resolve(0),
    world: { clock: { now: () => clock.now }, random: fixedRandom('race'), hasher: { sha256, hmacSha256 } },
    policy: { ...defaultPolicy, existence: 'shared', trashMs: 0, graceMs: 0 },
    secrets: { serverId, saltKey: new Uint8Array(32), setupToken: undefined },
  };
  const services = createServices(parts);
  const [owner, stranger] = [registrationOf('owner'), registrationOf('stranger')];
  for (const registration of [owner, stranger]) await services.accounts.register(registration, hereAndTrusted);
  return { parts, services, clock, owner: owner.accountId, stranger: stranger.accountId };
}

async function race(bench: Bench, way: Way, schedule: Schedule): Promise<{ readonly sweepCalls: number; readonly clientCalls: number; readonly stored: boolean }> {
  const { parts, clock } = bench;
  const blocks = blocksOf(2, 60);
  const { accountId, uploadId, holder } = await prepare(bench, way, blocks);
  clock.now++;
  const stiles = { sweep: new Turnstile(), client: new Turnstile() };
  const servicesOf = (stile: Turnstile): Services => createServices({ ...parts, stores: stile.inFrontOf(parts.stores), gate: stile.at(parts.gate) });
  const commit = commitOf(randomId<ImageId>(), blocks);
  const sweeper = servicesOf(stiles.sweep);
  // The first sweep after a start compares the tail of the packs before: that would be most of its calls.
  await sweeper.reconcile.run();
  const sweeping = await stiles.sweep.begin(() => sweeper.sweep.sweep({ isThorough: true }));
  const asking = await stiles.client.begin(() => meet(servicesOf(stiles.client), { way, accountId, uploadId, holder, blocks, commit }));
  for (const [who, count] of schedule) await stiles[who].let(count);
  while (!stiles.client.isOver || !stiles.sweep.isOver) {
    await stiles.client.let(hasEnded);
    await stiles.sweep.let(hasEnded);
  }
  await sweeping.outcome;
  const told = await asking.outcome;
  const stored = told.result?.status === 'stored';
  if (!stored && (told.isPromised || told.result?.status !== 'blocks-missing')) throw new Error(`${way}, ${JSON.stringify(schedule)}: told ${JSON.stringify(told)}`);
  await settle(bench, { accountId, uploadId, blocks, commit }, stored).catch((cause: unknown) => { throw new Error(`${way}, ${JSON.stringify(schedule)}`, { cause }); });
  return { sweepCalls: stiles.sweep.calls, clientCalls: stiles.client.calls, stored };
}

/** Brings the store to where the sweep is about to take the blocks, and a session to where it is about to use them. */
async function prepare({ services, clock, owner, stranger }: Bench, way: Way, blocks: readonly RawBlock[]): Promise<Prepared> {
  const upload = { accountId: owner, uploadId: (await services.uploads.begin(owner)).uploadId };
  await services.blocks.receive(upload, framesOf([...blocks, ...blocksOf(1, 400)]));
  const imageId = randomId<ImageId>();
  await services.uploads.commit(upload, [commitOf(imageId, blocks)]);
  await services.images.trash(owner, imageId);
  const holder = way === 'asks' || way === 'claims' ? undefined : (await services.uploads.begin(owner)).uploadId;
  if (way === 'asks again' && holder !== undefined) await services.uploads.askExistence({ accountId: owner, uploadId: holder }, concat(...blocks.map(({ rehash }) => rehash)));
  // What nobody took of it is for the sweep to compact.
  await services.uploads.end(upload);
  if (way !== 'asks') {
    clock.now++;
    await services.images.purge(owner, imageId);
  }
  const accountId = way === 'claims' ? stranger : owner;
  return { accountId, holder, uploadId: (await services.uploads.begin(accountId)).uploadId };
}

interface Prepared {
  readonly accountId: AccountId;
  readonly uploadId: UploadId;
  /** Another session of the owner, that pins the blocks and ends as soon as the new one has asked for them. */
  readonly holder: UploadId | undefined;
}

interface Meeting {
  readonly way: Way;
  readonly accountId: AccountId;
  readonly uploadId: UploadId;
  readonly holder: UploadId | undefined;
  readonly blocks: readonly RawBlock[];
  readonly commit: ReturnType<typeof commitOf>;
}

/** What the client does: asks, claims or sends, then commits. */
async function meet(services: Services, { way, accountId, uploadId, holder, blocks, commit }: Meeting): Promise<Told> {
  const upload = { accountId, uploadId };
  const tags = concat(...blocks.map(({ rehash }) => rehash));
  let isPromised = false;
  let states: readonly number[] = [];
  if (way === 'sends') {
    await services.blocks.receive(upload, framesOf(blocks));
    isPromised = true;
  } else {
    const answer = await services.uploads.askExistence(upload, tags);
    states = [...answer.states];
    isPromised = states.every((state) => state === existenceStates.present);
    if (way === 'claims' && answer.nonce !== undefined) {
      const { nonce } = answer;
      const claimed = blocks.filter((_, at) => states[at] === existenceStates.claimable);
      const proofs = claimed.map(({ rehash, cipher }) => hmacSha256(nonce, concat(possessionPrefix({ ...upload, serverId, rehash }, cipher.length), cipher)));
      const pins = await services.uploads.claim(upload, { nonce, tags: concat(...claimed.map(({ rehash }) => rehash)), proofs: concat(...proofs) });
      isPromised = pins.length === blocks.length && pins.every((pin) => pin === 1);
    }
  }
  if (holder !== undefined) await services.uploads.end({ accountId, uploadId: holder });
  const [result] = await services.uploads.commit(upload, [commit]);
  return { states, isPromised, result };
}

/** What was stored is whole; what was not is stored when it is sent. Then all of it goes again. */
async function settle({ parts, services, clock }: Bench, { accountId, uploadId, blocks, commit }: Omit<Meeting, 'way' | 'holder'>, isStored: boolean): Promise<void> {
  const upload = { accountId, uploadId };
  if (!isStored) {
    await services.blocks.receive(upload, framesOf(blocks));
    const [again] = await services.uploads.commit(upload, [commit]);
    if (again?.status !== 'stored') throw new Error(`sent again, and ${String(again?.status)}`);
  }
  let at = 0;
  for await (const frame of await services.blocks.fetch(accountId, commit.imageId, blocks.map(({ tag }) => tag))) {
    if (frame.kind !== 'block' || Buffer.compare(frame.cipher, blocks[at++]?.cipher ?? new Uint8Array(0)) !== 0) throw new Error('a block is lost');
  }
  const { findings } = await checkStore(parts, { onFinding: () => undefined });
  if (at !== blocks.length || findings > 0) throw new Error(`${String(findings)} findings, ${String(at)} blocks`);
  await services.images.trash(accountId, commit.imageId);
  await services.uploads.end(upload);
  clock.now += 2;
  for (let round = 0; round < 2; round++, clock.now += 2) await services.sweep.sweep({ isThorough: true });
}
