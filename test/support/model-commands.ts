/**
 * Random sequences of what clients, operators and machines do to a store, as commands of fast-check: each is a few numbers until it runs, and
 * then names what there is. So a shorter sequence is still one that makes sense.
 */
import fc from 'fast-check';
import type { Draft, Operation } from './model-move.js';
import { sorted } from './model-names.js';
import { ModelRun } from './model-run.js';
import type { EngineName } from './model-store.js';
import { blockLengths, imagesOf, isOwned, liveUpload, type Terms } from './store-model.js';

/** An operation before it is known what there is. */
interface Wish {
  readonly kind: Operation['kind'];
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly blocks: readonly number[];
}

type Command = fc.AsyncCommand<object, ModelRun>;

class Act implements Command {
  constructor(private readonly name: string, private readonly act: (run: ModelRun) => Promise<unknown>) {}

  check(): boolean {
    return true;
  }

  async run(_: object, run: ModelRun): Promise<void> {
    run.count('step');
    await this.act(run);
  }

  toString(): string {
    return this.name;
  }
}

const weights: Readonly<Record<Operation['kind'], number>> = {
  register: 2, close: 1, keyring: 1, begin: 2, end: 2, ask: 6, send: 5, claim: 4, commit: 9, trash: 5, restore: 1, purge: 6, sweep: 5,
};
const kinds = fc.oneof(...Object.entries(weights).map(([kind, weight]) => ({ arbitrary: fc.constant(kind as Operation['kind']), weight }))); // the keys of that very record
const blocksOf = fc.array(fc.nat(blockLengths.length - 1), { minLength: 1, maxLength: 4 });
const wishes = fc.record({ kind: kinds, a: fc.nat(15), b: fc.nat(15), c: fc.nat(63), blocks: blocksOf });
const cuts = fc.record({ at: fc.integer({ min: 1, max: 14 }), takesEffect: fc.boolean() });

function pick<T>(list: readonly T[], number: number): T | undefined {
  return list[number % Math.max(1, list.length)];
}

/** Says what a wish comes to now; undefined where there is nothing to do it to. `taken`: what is wished beside it. */
function resolved(run: ModelRun, { kind, a, b, c, blocks }: Wish, taken: readonly Operation[]): Operation | undefined {
  const { state } = run;
  const open = state.accounts.flatMap(({ status }, account) => (status === 'open' ? [account] : []));
  const account = pick(open, a) ?? 0;
  const images = imagesOf(state, account);
  switch (kind) {
    case 'register': {
      const free = state.accounts.findIndex(({ status }, at) => status === 'none' && !taken.some((other) => other.kind === 'register' && other.account === at));
      return free < 0 ? undefined : { kind, account: free, revision: 0 };
    }
    case 'close': return account === 0 || taken.some((other) => other.kind === 'close' && other.account === account) ? undefined : { kind, account, revision: 0 };
    case 'keyring': return { kind, account, revision: (state.accounts[account]?.keyring ?? 1) - (c % 4 === 0 ? 1 : 0) };
    case 'trash': case 'restore': case 'purge': {
      const fitting = c % 4 === 0 ? images : images.filter(({ trashedAt }) => (trashedAt === null) === (kind === 'trash'));
      const image = pick(fitting, b)?.image;
      return image === undefined ? undefined : { kind, account, image };
    }
    case 'sweep': return { kind, isThorough: c % 2 === 0 };
    case 'begin': return { kind, account, upload: ++run.serial };
    case 'end': case 'ask': case 'send': case 'claim': case 'commit': return resolvedUpload(run, { kind, a, b, c, blocks }, open);
  }
}

function resolvedUpload(run: ModelRun, { kind, a, b, c, blocks }: Wish, open: readonly number[]): Operation | undefined {
  const claimable = kind === 'claim' ? pick(run.client.claimables.filter(({ account, upload }) => open.includes(account) && (c % 8 === 0 || liveUpload(run.state, upload) !== undefined)).slice(-4), c) : undefined;
  if (kind === 'claim' && claimable !== undefined) {
    const { account, upload, serial } = claimable;
    return { kind, account, upload, serial, blocks: claimable.blocks, forged: c % 5 === 0 ? claimable.blocks.slice(0, 1) : [] };
  }
  const known = [...run.client.uploads].filter(([, { account }]) => open.includes(account));
  // Now and then one that is over.
  const [upload, session] = pick(c % 8 === 0 ? known.slice(-6) : known.filter(([number]) => liveUpload(run.state, number) !== undefined), b) ?? [];
  if (upload === undefined || session === undefined) return { kind: 'begin', account: pick(open, a) ?? 0, upload: ++run.serial };
  const { account } = session;
  if (kind === 'end') return { kind, account, upload };
  if (kind === 'send') return { kind, account, upload, blocks };
  if (kind !== 'commit') return { kind: 'ask', account, upload, blocks: [...new Set(blocks)], serial: ++run.serial };
  const drafts = [draftOf(run, { account, upload }, { c, blocks }), ...(c % 3 === 0 ? [draftOf(run, { account, upload }, { c: c >> 1, blocks: blocks.slice(1) })] : [])];
  return { kind, account, upload, drafts: drafts.filter((draft, at) => drafts.findIndex(({ image }) => image === draft.image) === at) };
}

/** A new image, mostly of blocks that the session may commit; now and then one that was committed or tried before. */
function draftOf(run: ModelRun, { account, upload }: { readonly account: number; readonly upload: number }, { c, blocks }: { readonly c: number; readonly blocks: readonly number[] }): Draft {
  const { state } = run;
  const before = c % 7 === 0 ? pick([...run.client.drafts.values()].filter((draft) => draft.account === account), c >> 2) : undefined;
  if (before !== undefined) return { image: before.image, blocks: before.blocks, isOther: c % 2 === 0 && state.images[before.image] !== undefined };
  const held = blockLengths.map((_, block) => block).filter((block) => state.uploads[upload]?.pins.includes(block) === true || isOwned(state, block, account));
  const wanted = c % 5 === 0 || held.length === 0 ? blocks : blocks.map((block) => held[block % held.length] ?? block);
  return { image: ++run.serial, blocks: sorted(wanted), isOther: false };
}

async function doWishes(run: ModelRun, list: readonly Wish[], { order, cut }: { readonly order: number; readonly cut: { readonly at: number; readonly takesEffect: boolean } | undefined }): Promise<void> {
  const operations: Operation[] = [];
  for (const wish of list) {
    const operation = resolved(run, wish, operations);
    if (operation !== undefined) operations.push(operation);
  }
  if (operations.length > 0) await run.together({ operations, order, cut });
}

/** An image, from the beginning of its session to the end. */
async function storeWhole(run: ModelRun, { a, blocks }: Pick<Wish, 'a' | 'blocks'>): Promise<void> {
  const account = pick(run.state.accounts.flatMap(({ status }, at) => (status === 'open' ? [at] : [])), a) ?? 0;
  const [upload, image] = [++run.serial, ++run.serial];
  const one = (operation: Operation): Promise<void> => run.together({ operations: [operation], order: 1, cut: undefined });
  await one({ kind: 'begin', account, upload });
  await one({ kind: 'send', account, upload, blocks });
  await one({ kind: 'commit', account, upload, drafts: [{ image, blocks: sorted(blocks), isOther: false }] });
  await one({ kind: 'end', account, upload });
}

const minute = 60_000;
const steps = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 5 * minute }), weight: 6 }, { arbitrary: fc.integer({ min: 5 * minute, max: 90 * minute }), weight: 3 },
  { arbitrary: fc.constant(25 * 60 * minute), weight: 1 }, { arbitrary: fc.integer({ min: -30 * minute, max: -1 }), weight: 1 },
);

const act = <T>(name: string, arbitrary: fc.Arbitrary<T>, run: (run: ModelRun, value: T) => Promise<unknown>): fc.Arbitrary<Command> =>
  arbitrary.map((value) => new Act(`${name} ${fc.stringify(value)}`, (real) => run(real, value)));

const orders = fc.nat(2 ** 30);
const weighted: readonly (readonly [number, fc.Arbitrary<Command>])[] = [
  [24, act('one', fc.tuple(wishes, orders), (run, [wish, order]) => doWishes(run, [wish], { order, cut: undefined }))],
  [18, act('together', fc.tuple(fc.array(wishes, { minLength: 2, maxLength: 3 }), orders), (run, [list, order]) => doWishes(run, list, { order, cut: undefined }))],
  [6, act('cut', fc.tuple(fc.array(wishes, { minLength: 1, maxLength: 3 }), orders, cuts), (run, [list, order, cut]) => doWishes(run, list, { order, cut }))],
  [6, act('store', fc.record({ a: fc.nat(15), blocks: blocksOf }), storeWhole)],
  [8, act('clock', steps, (run, ms) => { run.step(ms); return Promise.resolve(); })],
  [3, act('read', fc.nat(99), (run, at) => run.readWhole(Number(pick(Object.keys(run.state.images), at) ?? 0)))],
  [2, act('pry', fc.tuple(fc.nat(99), fc.nat(blockLengths.length - 1)), (run, [at, block]) => run.pry(Number(pick(Object.keys(run.state.images), at) ?? 0), block))],
  [1, act('quarantine', fc.nat(blockLengths.length - 1), (run, block) => run.quarantine(block))],
  [1, act('scrub', fc.constant(0), (run) => run.scrub())],
  [1, act('restart', fc.constant(0), (run) => run.restart())],
  [1, act('check', fc.constant(0), async (run) => { await run.scrub(); await run.expectChecked(run.store.parts); })],
  [1, act('rebuild', fc.constant(0), (run) => run.rebuild())],
];

/** Sequences of up to `length` commands. */
export function commandsOf(length: number): ReturnType<typeof fc.commands<object, ModelRun, false>> {
  const one = fc.oneof(...weighted.map(([weight, arbitrary]) => ({ weight, arbitrary })));
  return fc.commands<object, ModelRun, false>([one], { maxCommands: length, size: 'max' });
}

/** What a run begins with. */
export const terms: fc.Arbitrary<Omit<Terms, 'keepsVectors'>> = fc.record({
  existence: fc.constantFrom('own' as const, 'shared' as const), quotaBytes: fc.constantFrom(undefined, 6_000), trashMs: fc.constant(10 * minute), graceMs: fc.constant(minute),
});

/** What a series of runs did. */
export interface Tally {
  readonly counts: Map<string, number>;
  calls: number;
}

/** What each of these is for has happened: a series without them would have proved nothing of crashes, compaction, merging and rebuilds. */
export const mustHappen = ['crash', 'sweep collected', 'sweep compacted', 'sweep merged', 'rebuild'] as const;

/** Those of them that did not happen. */
export function lackingIn({ counts }: Tally): readonly string[] {
  return mustHappen.filter((name) => (counts.get(name) ?? 0) === 0);
}

/** A property: every sequence is explained by the model. Adds to `tally`. */
export function modelProperty(engine: EngineName, length: number, tally: Tally): fc.IAsyncProperty<[Omit<Terms, 'keepsVectors'>, Iterable<Command>]> {
  return fc.asyncProperty(terms, commandsOf(length), async (given, commands) => {
    const run = await ModelRun.open(engine, given);
    try {
      await fc.asyncModelRun(() => ({ model: {}, real: run }), commands);
      await run.finish();
    } finally {
      await run.store.close();
      tally.calls += run.store.pump.calls;
      for (const [name, count] of run.counts) tally.counts.set(name, (tally.counts.get(name) ?? 0) + count);
    }
  });
}
