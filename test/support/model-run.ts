/**
 * A store and its model side by side: does operations on the real one, alone or several at once, cut off or not, and holds the model's answers
 * and view against them. Numbers of the model stand for ids and bytes that are made from them.
 */
import { compareBytes, concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import type { Commit } from '../../client-sdk/protocol/commit-body.js';
import { asRehash, idOfBytes, type AccountId, type ImageId, type UploadId } from '../../client-sdk/protocol/ids.js';
import { existenceStates, type Registration } from '../../client-sdk/protocol/messages.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import type { Parts } from '../../server/core/contract.js';
import { releaseStore } from '../../server/core/generation.js';
import { rebuildStore } from '../../server/core/rebuild.js';
import { scrubStore } from '../../server/core/scrub.js';
import { createServices } from '../../server/core/services.js';
import { blockOf, framesOf, hereAndTrusted, hmacSha256, registrationOf, serverId, sha256 } from './core-store.js';
import { movesOf, type Draft, type Operation } from './model-moves.js';
import { expected, explanations, stateIn } from './model-search.js';
import { ModelStore, type EngineName } from './model-store.js';
import { blockLengths, dropUploads, emptyStore, isReferenced, sealedLengths, textOfView, viewOf, wordsOf, type State, type Terms } from './store-model.js';
import type { Cut } from './port-pump.js';
import type { RawBlock } from './raw-account.js';

export const accountCount = 5;
const start = 1_800_000_000_000;

/** Bytes of a length that its name makes. */
function bytesNamed(name: string, length: number): Uint8Array {
  const parts = Array.from({ length: Math.ceil(length / 32) }, (_, at) => sha256(Buffer.from(`${name} ${at}`)));
  return concat(...parts).slice(0, length);
}

function idNamed<Id extends AccountId | ImageId>(name: string): Id {
  return idOfBytes<Id>(bytesNamed(name, 16));
}

export const pool: readonly RawBlock[] = blockLengths.map((length, block) => blockOf(bytesNamed(`block ${block}`, length)));
const blockOfRehash = new Map(pool.map(({ rehash }, block) => [hexOf(rehash), block]));
const accountIds = Array.from({ length: accountCount }, (_, account) => idNamed<AccountId>(`account ${account}`));
const imageIdOf = (image: number): ImageId => idNamed<ImageId>(`image ${image}`);

function packed(blocks: readonly number[]): Uint8Array {
  return concat(...blocks.map((block) => rawOf(block).rehash));
}

function rawOf(block: number): RawBlock {
  const raw = pool[block];
  if (raw === undefined) throw new Error('there is no such block');
  return raw;
}

function blocksIn(tags: Uint8Array): readonly number[] {
  return Array.from({ length: tags.length / 32 }, (_, at) => blockOfRehash.get(hexOf(tags.subarray(32 * at, 32 * at + 32))) ?? -1);
}

/** In the order of their T1s, as a commit names them. */
export function sorted(blocks: readonly number[]): readonly number[] {
  return [...new Set(blocks)].sort((a, b) => compareBytes(rawOf(a).rehash, rawOf(b).rehash));
}

function commitOf({ image, blocks, isOther }: Draft): Commit {
  const part = (name: 'manifest' | 'entry' | 'wrappedKey' | 'preview'): Uint8Array => bytesNamed(`${name} ${image} ${isOther}`, sealedLengths[name]);
  return { imageId: imageIdOf(image), manifest: part('manifest'), entry: part('entry'), wrappedKey: part('wrappedKey'), preview: part('preview'), tags: packed(blocks) };
}

/** What an existence answer said that others have. */
export interface Claimable {
  readonly account: number;
  readonly upload: number;
  readonly serial: number;
  readonly blocks: readonly number[];
  readonly nonce: Uint8Array;
}

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
  /** Uploads that a client knows of. */
  readonly uploads = new Map<number, { readonly account: number; readonly uploadId: UploadId }>();
  claimables: Claimable[] = [];
  /** Of each image, as it was first committed. */
  readonly drafts = new Map<number, Draft & { readonly account: number }>();
  /** Images that a rebuild brought back though nobody was told of them, or though they were removed: they need not be whole. */
  readonly unsure = new Set<number>();
  readonly #registrations: readonly Registration[];
  serial = 0;

  private constructor(readonly store: ModelStore, readonly terms: Terms) {
    this.states = [emptyStore(start, accountCount)];
    this.#registrations = accountIds.map((accountId, account) => registrationOf(`person-${account}`, { accountId }));
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
    const running = operations.map(async (operation, at) => { answers[at] = await this.#answer(operation); });
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
  }

  /** The store is killed, and opened again. */
  async crash(): Promise<void> {
    this.count('crash');
    await this.store.crash();
  }

  async restart(): Promise<void> {
    this.count('restart');
    await this.store.restart();
    await this.expectSeen();
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
    this.uploads.clear();
    this.claimables = [];
    await releaseStore(parts.stores);
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

  async expectSeen(): Promise<void> {
    const seen = await this.view();
    const fitting = this.states.filter((state) => viewOf(state) === seen);
    if (fitting.length === 0) throw new Error(`seen:\n${seen}\nwanted:\n${viewOf(this.state)}`);
    this.states = fitting;
  }

  /** Every byte of an image comes back to its owner; nothing that it does not refer to can be fetched. */
  async readWhole(image: number): Promise<void> {
    const draft = this.drafts.get(image);
    const row = this.state.images[image];
    if (draft === undefined || row === undefined || this.unsure.has(image)) return;
    await this.#readWith(this.store.services, draft);
    this.count('read');
  }

  async expectGone(image: number): Promise<void> {
    const { account } = this.drafts.get(image) ?? { account: 0 };
    const code = await codeOf(this.store.services.images.read(accountIds[account] as AccountId, imageIdOf(image))); // there are as many ids as accounts
    if (code !== 'refused not-found') throw new Error(`a removed image is read: ${code}`);
  }

  /** Tries to fetch a block through an image of an account that does not refer to it. */
  async pry(image: number, block: number): Promise<void> {
    const row = this.state.images[image];
    if (row === undefined || isReferenced(this.state, block, row.account)) return;
    const code = await codeOf(this.store.services.blocks.fetch(this.#idOf(row.account), imageIdOf(image), [rawOf(block).tag]));
    if (code !== 'refused block-not-found') throw new Error(`a block of others is reached: ${code}`);
    this.count('pry');
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  async view(parts: Parts = this.store.parts): Promise<string> {
    const { stores } = parts;
    const services = createServices(parts);
    const accounts: unknown[] = [];
    const images: [number, number, number, number | null][] = [];
    const numbers = new Map([...this.drafts.keys()].map((image) => [imageIdOf(image), image]));
    for (const [account, accountId] of accountIds.entries()) {
      for (const isTrash of [false, true]) {
        for (const row of await stores.images.list(accountId, { isTrash, after: undefined, limit: 1_000 })) images.push([numbers.get(row.imageId) ?? -1, account, row.createdAt, row.trashedAt ?? null]);
      }
      const row = await stores.accounts.find(accountId);
      accounts.push(row === undefined ? 'none' : { keyring: row.keyringRevision, usage: await this.#usage(services, accountId) });
    }
    const blocks: [number, boolean, boolean][] = [];
    for (const { rehash, state } of await stores.tags.list(undefined, 1_000)) {
      blocks.push([blockOfRehash.get(hexOf(rehash)) ?? -1, state === 'live', (await stores.images.referrers(asRehash(rehash), 1)).length > 0]);
    }
    // Those that are over and not yet dropped count.
    const { uploads } = await stores.state.countOpen(0);
    return textOfView({ accounts, images, blocks, uploads, isHeld: await stores.state.isHeld() });
  }

  #idOf(account: number): AccountId {
    const id = accountIds[account];
    if (id === undefined) throw new Error('there is no such account');
    return id;
  }

  async #usage(services: ReturnType<typeof createServices>, accountId: AccountId): Promise<unknown> {
    const { images, trashedImages, blocks, cipherBytes, manifestBytes, entryBytes, previewBytes, sessionBytes, usedBytes, receivedBytes } = await services.report.usage(accountId);
    return { images, trashedImages, blocks, cipherBytes, manifestBytes, entryBytes, previewBytes, sessionBytes, usedBytes, receivedBytes };
  }

  async #answer(operation: Operation): Promise<string> {
    try {
      return await this.#done(operation);
    } catch (error) {
      if (error instanceof Refusal) return `refused ${error.code}`;
      throw error;
    }
  }

  async #done(operation: Operation): Promise<string> {
    const { services } = this.store;
    switch (operation.kind) {
      case 'register': await services.accounts.register(this.#registrationOf(operation.account), hereAndTrusted); return '"done"';
      case 'close': await this.#close(operation.account); return '"done"';
      case 'keyring': return JSON.stringify(await services.accounts.changeKeyring(this.#idOf(operation.account), { expectedRevision: operation.revision, keyring: new Uint8Array(50) }));
      case 'begin': {
        const { uploadId } = await services.uploads.begin(this.#idOf(operation.account));
        this.uploads.set(operation.upload, { account: operation.account, uploadId });
        return '"begun"';
      }
      case 'end': await services.uploads.end(this.#uploadOf(operation)); return '"done"';
      case 'ask': return this.#ask(operation);
      case 'send': return JSON.stringify((await services.blocks.receive(this.#uploadOf(operation), framesOf(operation.blocks.map(rawOf)))).sessionBytes);
      case 'claim': return this.#claim(operation);
      case 'commit': return this.#commit(operation);
      case 'trash': await services.images.trash(this.#idOf(operation.account), imageIdOf(operation.image)); return '"done"';
      case 'restore': await services.images.restore(this.#idOf(operation.account), imageIdOf(operation.image)); return '"done"';
      case 'purge': await services.images.purge(this.#idOf(operation.account), imageIdOf(operation.image)); return '"done"';
      case 'sweep': {
        const { expiredUploads, purgedImages, collectedBlocks, pendingBlocks, mergedCopies, compactedPacks } = await services.sweep.sweep(operation);
        if (mergedCopies > 0) this.count('sweep merged');
        if (compactedPacks > 0) this.count('sweep compacted');
        if (collectedBlocks > 0) this.count('sweep collected');
        return JSON.stringify([expiredUploads, purgedImages, collectedBlocks, pendingBlocks]);
      }
    }
  }

  #registrationOf(account: number): Registration {
    const registration = this.#registrations[account];
    if (registration === undefined) throw new Error('there is no such account');
    return registration;
  }

  #uploadOf({ upload, account }: { readonly upload: number; readonly account: number }): { readonly accountId: AccountId; readonly uploadId: UploadId } {
    return { accountId: this.#idOf(account), uploadId: this.uploads.get(upload)?.uploadId ?? idOfBytes<UploadId>(new Uint8Array(16)) };
  }

  async #close(account: number): Promise<void> {
    const row = await this.store.parts.stores.accounts.find(this.#idOf(account));
    if (row === undefined) throw new Refusal('credentials-wrong');
    await this.store.services.accounts.close(row, this.#registrationOf(account).password.authKey, hereAndTrusted);
  }

  async #ask(operation: Extract<Operation, { readonly kind: 'ask' }>): Promise<string> {
    const { account, upload, serial, blocks } = operation;
    const { states, nonce } = await this.store.services.uploads.askExistence(this.#uploadOf(operation), packed(blocks));
    if (nonce !== undefined) this.claimables.push({ account, upload, serial, nonce, blocks: blocks.filter((_, at) => states[at] === existenceStates.claimable) });
    return JSON.stringify([...states]);
  }

  async #claim(operation: Extract<Operation, { readonly kind: 'claim' }>): Promise<string> {
    const { blocks, serial, forged } = operation;
    const nonce = this.claimables.find((claimable) => claimable.serial === serial)?.nonce ?? new Uint8Array(32);
    const name = this.#uploadOf(operation);
    const proofs = blocks.map((block) => {
      const { cipher, rehash } = rawOf(block);
      return hmacSha256(nonce, concat(possessionPrefix({ ...name, serverId, rehash }, cipher.length), forged.includes(block) ? cipher.slice().fill(0) : cipher));
    });
    return JSON.stringify([...(await this.store.services.uploads.claim(name, { nonce, tags: packed(blocks), proofs: concat(...proofs) }))]);
  }

  async #commit(operation: Extract<Operation, { readonly kind: 'commit' }>): Promise<string> {
    for (const draft of operation.drafts) if (!this.drafts.has(draft.image)) this.drafts.set(draft.image, { ...draft, account: operation.account });
    const results = await this.store.services.uploads.commit(this.#uploadOf(operation), operation.drafts.map(commitOf));
    for (const { status } of results) this.count(`image ${status}`);
    return JSON.stringify(results.map((result) => [result.status, ...blocksIn(result.missing ?? new Uint8Array(0))]));
  }

  async #readWith(services: ReturnType<typeof createServices>, draft: Draft & { readonly account: number }): Promise<void> {
    const accountId = this.#idOf(draft.account);
    const { imageId, manifest, preview = new Uint8Array(0) } = commitOf(draft);
    const read = await services.images.read(accountId, imageId);
    const isSame = Buffer.compare(read.manifest, manifest) === 0 && Buffer.compare(await services.images.preview(accountId, imageId), preview) === 0;
    if (!isSame) throw new Error(`image ${draft.image} has other records`);
    const wanted = draft.blocks.map(rawOf);
    let at = 0;
    for await (const frame of await services.blocks.fetch(accountId, imageId, wanted.map(({ tag }) => tag))) {
      const { cipher } = wanted[at++] ?? rawOf(0);
      if (frame.kind !== 'block' || Buffer.compare(frame.cipher, cipher) !== 0) throw new Error(`image ${draft.image} lacks a block`);
    }
    if (at !== wanted.length) throw new Error(`image ${draft.image} has ${at} of ${wanted.length} blocks`);
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
      const { usage, days } = await this.store.services.report.account(this.#idOf(account));
      const sum = (name: 'images' | 'newBlocks' | 'newCipherBytes' | 'receivedBytes'): number => days.reduce((total, day) => total + day[name], 0);
      const found = [sum('images'), sum('newBlocks'), sum('newCipherBytes'), sum('receivedBytes')];
      const wanted = [usage.images, usage.blocks, usage.cipherBytes, usage.receivedBytes];
      if (found.join() !== wanted.join()) throw new Error(`the days of account ${account} are ${found.join()}, not ${wanted.join()}`);
    }
  }

  /** The state that a rebuild gave, if it may be: all that was acknowledged, and of the rest what records may tell. */
  async #judgeRebuilt(parts: Parts): Promise<State> {
    const seen = JSON.parse(await this.view(parts)) as SeenRebuilt; // made by `view`
    const references = new Map<number, readonly number[]>();
    for (const [image, account] of seen.images) {
      const rehashes = await parts.stores.images.referencesOf(this.#idOf(account), imageIdOf(image));
      references.set(image, sorted(rehashes.map((rehash) => blockOfRehash.get(hexOf(rehash)) ?? -1)));
    }
    const judged = this.states.map((state) => judgeRebuilt(state, { seen, references, unsure: this.unsure }));
    const fitting = judged.find((one) => typeof one !== 'string');
    if (fitting === undefined) throw new Error(judged.filter((one) => typeof one === 'string').join());
    for (const image of fitting.unsure) this.unsure.add(image);
    if (fitting.unsure.size > 0) this.count('rebuild brought back');
    const services = createServices(parts);
    for (const image of references.keys()) {
      const draft = this.drafts.get(image);
      if (draft !== undefined && !this.unsure.has(image)) await this.#readWith(services, draft);
    }
    return fitting.state;
  }
}

interface SeenRebuilt {
  readonly accounts: readonly ('none' | { readonly keyring: number })[];
  readonly images: readonly (readonly [number, number, number, null])[];
  readonly blocks: readonly (readonly [number, boolean, boolean])[];
}

interface Rebuilt {
  readonly seen: SeenRebuilt;
  readonly references: ReadonlyMap<number, readonly number[]>;
  readonly unsure: ReadonlySet<number>;
}

/** What the store holds after a rebuild, with the images of which nobody was told; a complaint where it may not be. */
function judgeRebuilt(before: State, { seen, references, unsure }: Rebuilt): { readonly state: State; readonly unsure: ReadonlySet<number> } | string {
  const next = emptyStore(before.now, accountCount);
  Object.assign(next, { buried: [...before.buried], ledger: before.ledger });
  for (const [account, { status, keyring }] of before.accounts.entries()) {
    const found = seen.accounts[account] ?? 'none';
    const isWrong = (status === 'open') !== (found !== 'none') && status !== 'lost';
    if (isWrong || (found !== 'none' && found.keyring < keyring)) return `account ${account} was ${status} and is now ${JSON.stringify(found)}`;
    next.accounts[account] = { status: found === 'none' ? status : 'open', keyring: found === 'none' ? keyring : found.keyring, received: 0 };
  }
  for (const image of Object.keys(before.images).map(Number)) {
    if (references.has(image)) continue;
    // Its owner asked for its removal, and was not told.
    if (wordsOf(before, image).removedAt <= wordsOf(before, image).restoredAt) return `a rebuild lost image ${image}`;
    next.buried.push(image);
  }
  const returned = new Set<number>();
  for (const [image, account, createdAt] of seen.images) {
    next.images[image] = { account, blocks: references.get(image) ?? [], createdAt, trashedAt: null };
    if (before.images[image] !== undefined) continue;
    returned.add(image);
    const { removedAt, restoredAt } = wordsOf(before, image);
    const isTold = before.phantoms.some((phantom) => phantom.image === image) || unsure.has(image);
    // A removal that is not younger than a restoration does not count.
    if (!isTold && !(restoredAt >= removedAt && restoredAt >= 0)) return `a rebuild brought image ${image} back`;
  }
  next.buried = next.buried.filter((image) => next.images[image] === undefined);
  for (const [block, isLive] of seen.blocks) next.blocks[block] = { isLive, touchedAt: before.now };
  return { state: next, unsure: returned };
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
