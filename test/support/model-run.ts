/**
 * A store and its model side by side: does operations on the real one, alone or several at once, cut off or not, and holds the model's answers
 * and view against them.
 */
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import type { Parts } from '../../server/core/contract.js';
import { releaseStore } from '../../server/core/generation.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices } from '../../server/core/services.js';
import { expectImage, ModelClient } from './model-client.js';
import type { Operation } from './model-move.js';
import { movesOf } from './model-moves.js';
import { accountCount, accountIdOf, blockOfRehash, imageIdOf, rawOf, sorted } from './model-names.js';
import { judgeRebuilt, type SeenRebuilt } from './model-rebuild.js';
import { reconciled, type SeenReconciled } from './model-reconcile.js';
import { expected, explanations, stateIn } from './model-search.js';
import { ModelStore, type EngineName } from './model-store.js';
import { viewOfStore } from './model-view.js';
import type { Cut } from './port-pump.js';
import { dropUploads, emptyStore, isReferenced, viewOf, type State, type Terms } from './store-model.js';

const start = 1_800_000_000_000;

/** What is done at once. */
export interface Together {
  readonly operations: readonly Operation[];
  readonly order: number;
  readonly cut: Cut | undefined;
}

export class ModelRun {
  /** All that the store may hold: where a crash cut something off, not all of it is seen at once. */
  states: readonly State[];
  /** Operations by kind and outcome. */
  readonly counts = new Map<string, number>();
  readonly client: ModelClient;
  /** Images that a rebuild brought back though nobody was told of them, or though they were removed: they need not be whole. */
  readonly unsure = new Set<number>();
  serial = 0;

  private constructor(readonly store: ModelStore, readonly terms: Terms) {
    this.states = [emptyStore(start, accountCount)];
    this.client = new ModelClient(store, (name) => { this.count(name); });
  }

  static async open(engine: EngineName, given: Omit<Terms, 'keepsVectors'>): Promise<ModelRun> {
    const { existence, quotaBytes, trashMs, graceMs } = given;
    const store = await ModelStore.open(engine, { now: start, policy: { existence, quotaBytes, trashMs, graceMs } });
    const run = new ModelRun(store, { ...given, keepsVectors: engine === 'sqlite' });
    await run.together({ operations: [{ kind: 'register', account: 0, revision: 0 }], order: 0, cut: undefined });
    return run;
  }

  /** One of `states`. */
  get state(): State {
    const [state] = this.states;
    if (state === undefined) throw new Error('there is no state');
    return state;
  }

  /** Does all of it at once, and looks for an order that explains it. */
  async together({ operations, order, cut }: Together): Promise<void> {
    const { pump } = this.store;
    pump.arm(order, cut);
    const answers: (string | undefined)[] = operations.map(() => undefined);
    const running = operations.map(async (operation, at) => { answers[at] = await this.client.answer(operation); });
    await Promise.race([Promise.all(running), pump.death]);
    const told = [...answers];
    const isCut = pump.isDead;
    if (cut !== undefined) await this.crash();
    for (const [at, { kind }] of operations.entries()) this.count(`${kind} ${isCut && told[at] === undefined ? 'cut off' : outcomeOf(told[at])}`);
    if (operations.length > 1) this.count('at once');
    const seen = await this.view();
    const begun = operations.map((operation, at) => ({ first: movesOf(this.terms, operation), answer: told[at] }));
    const ends = explanations(this.states, begun, seen);
    if (ends.size === 0) throw new Error(unexplained({ operations, told, isCut, seen, before: this.states, expected: expected(this.state, begun) }));
    this.states = [...ends].map(stateIn);
    if (ends.size > 1) this.count('states in doubt');
    for (const state of this.states) state.isSweeping = false;
    if (cut !== undefined) await this.reconcile();
  }

  /** The index is compared with the packs, as after each start. */
  async reconcile(): Promise<void> {
    if ((await this.store.services.reconcile.run()) === undefined) throw new Error('the index was not compared with the packs');
    const text = await this.view();
    const seen = JSON.parse(text) as SeenReconciled; // made by `view`
    const references = await referencesOf(this.store.parts, seen.images);
    const known = new Set(this.states.flatMap(({ images }) => Object.keys(images).map(Number)));
    const fitting = this.states.map((state) => reconciled(state, seen, references)).filter((state) => viewOf(state) === text);
    if (fitting.length === 0) throw new Error(`the index and the packs were compared, and seen is:\n${text}\nbefore:\n${viewOf(this.state)}`);
    this.states = fitting;
    for (const [image] of seen.images) {
      if (known.has(image)) continue;
      this.unsure.add(image);
      this.count('reconciling brought back');
    }
  }

  /** The store is killed, and opened again. */
  async crash(): Promise<void> {
    this.count('crash');
    await this.store.crash();
  }

  /** A clean stop ends the tail of an index that was compared: what is opened is what was closed, and comparing changes nothing. */
  async restart(): Promise<void> {
    this.count('restart');
    const wasCompared = await this.store.services.reconcile.isDone();
    await this.store.restart();
    await this.expectSeen();
    const before = await this.view();
    await this.reconcile();
    const after = await this.view();
    if (wasCompared && after !== before) throw new Error(`a clean stop, and comparing made of\n${before}\nthis:\n${after}`);
  }

  step(ms: number): void {
    this.count(ms < 0 ? 'clock back' : 'clock');
    this.store.clock.at = Math.max(start, this.state.now + ms);
    for (const state of this.states) state.now = this.store.clock.at;
  }

  /** As a reader who met rot does. */
  async quarantine(block: number): Promise<void> {
    const row = await this.store.parts.stores.tags.find(rawOf(block).rehash);
    if (row !== undefined) await this.store.parts.stores.tags.quarantine(row.rehash, row.place);
    for (const { blocks } of this.states) if (blocks[block] !== undefined) blocks[block].isLive = false;
    this.count('quarantine');
    await this.expectSeen();
  }

  /** Reads every block; those that read well are live again, if an image refers to them. */
  async scrub(): Promise<void> {
    await this.store.parts.stores.tags.expireUploads(this.state.now);
    await scrubStore(this.store.parts, { onLost: ({ rehash }) => { throw new Error(`lost: ${rehash}`); } });
    for (const state of this.states) {
      dropUploads(state, ({ expiresAt }) => expiresAt <= state.now);
      for (const [block, row] of Object.entries(state.blocks)) {
        if (!row.isLive && isReferenced(state, Number(block))) [row.isLive, row.touchedAt] = [true, Math.max(row.touchedAt, state.now)];
      }
    }
    this.count('scrub');
    await this.expectSeen();
  }

  /** The index goes, and is made anew from the packs. */
  async rebuild(): Promise<void> {
    if (this.states.some(({ accounts }) => accounts.some(({ status }) => status === 'closing'))) await this.together({ operations: [{ kind: 'sweep', isThorough: false }], order: 0, cut: undefined });
    await this.store.restart(true);
    const { parts } = this.store;
    await rebuildStore(parts);
    this.states = [await this.#judgeRebuilt(parts)];
    this.client.forgetSessions();
    await releaseStore(parts.gate, parts.stores);
    await this.store.services.reconcile.run();
    this.state.isHeld = false;
    this.count('rebuild');
    await this.expectSeen();
  }

  /** At the end: everything is there bit for bit, nothing else is, a check finds nothing, a rebuild beside gives the same. */
  async finish(): Promise<void> {
    this.store.pump.arm(0, undefined);
    await this.expectSeen();
    for (const image of Object.keys(this.state.images)) await this.readWhole(Number(image));
    for (const image of this.state.buried) await this.expectGone(image);
    await this.scrub();
    await this.expectChecked(this.store.parts);
    await this.#expectDays();
    if (this.states.some(({ accounts }) => accounts.some(({ status }) => status === 'closing'))) await this.together({ operations: [{ kind: 'sweep', isThorough: false }], order: 0, cut: undefined });
    await this.store.beside(async (parts) => {
      await rebuildStore(parts);
      await this.#judgeRebuilt(parts);
      await this.expectChecked(parts);
    });
  }

  view(parts: Parts = this.store.parts): Promise<string> {
    return viewOfStore(parts, this.client.drafts.keys());
  }

  async expectSeen(): Promise<void> {
    const seen = await this.view();
    const fitting = this.states.filter((state) => viewOf(state) === seen);
    if (fitting.length === 0) throw new Error(`seen:\n${seen}\nwanted:\n${viewOf(this.state)}`);
    this.states = fitting;
  }

  /** Every byte of an image comes back to its owner; nothing that it does not refer to can be fetched. */
  async readWhole(image: number): Promise<void> {
    const draft = this.client.drafts.get(image);
    const row = this.state.images[image];
    if (draft === undefined || row === undefined || this.unsure.has(image)) return;
    await expectImage(this.store.services, draft);
    this.count('read');
  }

  async expectGone(image: number): Promise<void> {
    const { account } = this.client.drafts.get(image) ?? { account: 0 };
    const code = await codeOf(this.store.services.images.read(accountIdOf(account), imageIdOf(image)));
    if (code !== 'refused not-found') throw new Error(`a removed image is read: ${code}`);
  }

  /** Tries to fetch a block through an image of an account that does not refer to it. */
  async pry(image: number, block: number): Promise<void> {
    const row = this.state.images[image];
    if (row === undefined || isReferenced(this.state, block, row.account)) return;
    const code = await codeOf(this.store.services.blocks.fetch(accountIdOf(row.account), imageIdOf(image), [rawOf(block).tag]));
    if (code !== 'refused block-not-found') throw new Error(`a block of others is reached: ${code}`);
    this.count('pry');
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  async expectChecked(parts: Parts): Promise<void> {
    const findings: Finding[] = [];
    const unsure = new Set([...this.unsure].map(imageIdOf));
    await checkStore(parts, { onFinding: (finding) => findings.push(finding) });
    const wrong = findings.filter((finding) => !(finding.kind === 'block-quarantined' && finding.images.length === 0) && !('imageId' in finding && unsure.has(finding.imageId)));
    if (wrong.length > 0) throw new Error(`a check finds ${JSON.stringify(wrong)}`);
  }

  async #expectDays(): Promise<void> {
    for (const [account, { status }] of this.state.accounts.entries()) {
      if (status !== 'open') continue;
      const { usage, days } = await this.store.services.report.account(accountIdOf(account));
      const sum = (name: 'images' | 'newBlocks' | 'newCipherBytes' | 'receivedBytes'): number => days.reduce((total, day) => total + day[name], 0);
      const found = [sum('images'), sum('newBlocks'), sum('newCipherBytes'), sum('receivedBytes')];
      const wanted = [usage.images, usage.blocks, usage.cipherBytes, usage.receivedBytes];
      if (found.join() !== wanted.join()) throw new Error(`the days of account ${account} are ${found.join()}, not ${wanted.join()}`);
    }
  }

  /** The state that a rebuild gave, if it may be: all that was acknowledged, and of the rest what records may tell. */
  async #judgeRebuilt(parts: Parts): Promise<State> {
    const seen = JSON.parse(await this.view(parts)) as SeenRebuilt; // made by `view`
    const references = await referencesOf(parts, seen.images);
    const judged = this.states.map((state) => judgeRebuilt(state, { seen, references, unsure: this.unsure }));
    const fitting = judged.find((one) => typeof one !== 'string');
    if (fitting === undefined) throw new Error(judged.filter((one) => typeof one === 'string').join());
    for (const image of fitting.unsure) this.unsure.add(image);
    if (fitting.unsure.size > 0) this.count('rebuild brought back');
    const services = createServices(parts);
    for (const image of references.keys()) {
      const draft = this.client.drafts.get(image);
      if (draft !== undefined && !this.unsure.has(image)) await expectImage(services, draft);
    }
    return fitting.state;
  }
}

/** The blocks of images. */
async function referencesOf({ stores }: Pick<Parts, 'stores'>, images: readonly (readonly [number, number, ...unknown[]])[]): Promise<ReadonlyMap<number, readonly number[]>> {
  const references = new Map<number, readonly number[]>();
  for (const [image, account] of images) {
    const rehashes = await stores.images.referencesOf(accountIdOf(account), imageIdOf(image));
    references.set(image, sorted(rehashes.map((rehash) => blockOfRehash.get(hexOf(rehash)) ?? -1)));
  }
  return references;
}

/** What was done and seen, and what the model alone would do. */
function unexplained({ seen, expected: wanted, ...rest }: { readonly seen: string; readonly expected: { readonly answers: readonly string[]; readonly view: string }; readonly [name: string]: unknown }): string {
  const lines = new Set(wanted.view.split('\n'));
  const differing = seen.split('\n').filter((line) => !lines.has(line));
  return `no order explains this: ${JSON.stringify({ ...rest, answers: wanted.answers })}\nseen:\n${JSON.stringify(JSON.parse(seen))}\nwanted:\n${JSON.stringify(JSON.parse(wanted.view))}\n${differing.join('\n')}`;
}

function outcomeOf(answer: string | undefined): string {
  return answer === undefined ? 'unanswered' : answer.startsWith('refused') ? answer : 'done';
}

async function codeOf(act: Promise<unknown>): Promise<string> {
  return act.then(() => 'done', (error: unknown) => (error instanceof Refusal ? `refused ${error.code}` : String(error)));
}
