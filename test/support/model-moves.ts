/**
 * The operations of a store as the model does them: each a row of steps that nothing can come between, with whatever may come between two of
 * them. `model-search.ts` looks for an order of the steps that gives the answers that the real store gave.
 */
import { existenceStates } from '../../client-sdk/protocol/messages.js';
import {
  add, bytesOf, collect, dropUploads, file, imagesOf, isReferenced, liveUpload, maxUploads, missingOf, pinOwned, proofMs, removeImage, sealedTotal, uploadMs, usageOf, wordsOf,
  type State, type Terms,
} from './store-model.js';

/** What is asked of a store. Uploads, images and claims are numbers that nothing was called before, or what was called so. */
export type Operation =
  | { readonly kind: 'register' | 'close' | 'keyring'; readonly account: number; readonly revision: number }
  | { readonly kind: 'begin' | 'end'; readonly account: number; readonly upload: number }
  | { readonly kind: 'ask'; readonly account: number; readonly upload: number; readonly blocks: readonly number[]; readonly serial: number }
  | { readonly kind: 'send'; readonly account: number; readonly upload: number; readonly blocks: readonly number[] }
  | { readonly kind: 'claim'; readonly account: number; readonly upload: number; readonly blocks: readonly number[]; readonly serial: number; readonly forged: readonly number[] }
  | { readonly kind: 'commit'; readonly account: number; readonly upload: number; readonly drafts: readonly Draft[] }
  | { readonly kind: 'trash' | 'restore' | 'purge'; readonly account: number; readonly image: number }
  | { readonly kind: 'sweep'; readonly isThorough: boolean };

/** `isOther`: with another manifest than the one that the id was first committed with. */
export interface Draft {
  readonly image: number;
  readonly blocks: readonly number[];
  readonly isOther: boolean;
}

/** A step that is to come: `at` tells it from all others, with all that was learnt before it. */
export interface Move {
  readonly at: string;
  readonly go: (state: State) => Move | { readonly answer: string };
}

type Outcome = ReturnType<Move['go']>;

/** The first step of an operation. */
export function movesOf(terms: Terms, operation: Operation): Move {
  const label = JSON.stringify(operation);
  const step = (at: string, go: Move['go']): Move => ({ at: `${label} ${at}`, go });
  return new Moves(terms, step).of(operation);
}

const refused = (code: string): Outcome => ({ answer: `refused ${code}` });
const told = (answer: unknown): Outcome => ({ answer: JSON.stringify(answer) });

class Moves {
  constructor(private readonly terms: Terms, private readonly step: (at: string, go: Move['go']) => Move) {}

  of(operation: Operation): Move {
    switch (operation.kind) {
      case 'register': return this.register(operation.account);
      case 'close': return this.close(operation.account);
      case 'keyring': return this.keyring(operation.account, operation.revision);
      case 'begin': return this.begin(operation);
      case 'end': return this.step('end', (state) => { dropUploads(state, (upload) => upload === state.uploads[operation.upload]); return told('done'); });
      case 'ask': return this.ask(operation);
      case 'send': return this.send(operation);
      case 'claim': return this.claim(operation);
      case 'commit': return this.commit(operation);
      case 'trash': return this.trash(operation.image);
      case 'restore': return this.restore(operation.image);
      case 'purge': return this.purge(operation.image, (isGone) => (isGone ? told('done') : refused('not-found')));
      case 'sweep': return this.sweep();
    }
  }

  private register(account: number): Move {
    return this.step('append', (state) => {
      const row = state.accounts[account];
      if (row !== undefined) row.status = 'lost';
      return this.step('create', (then) => {
        const made = then.accounts[account];
        if (made !== undefined) made.status = 'open';
        return told('done');
      });
    });
  }

  private close(account: number): Move {
    const clear = this.step('clear', (state) => {
      for (const { image } of imagesOf(state, account)) removeImage(state, image);
      return this.step('rest', (then) => this.forget(then, account));
    });
    return this.step('close', (state) => {
      const row = state.accounts[account];
      if (row?.status !== 'open') return refused('credentials-wrong');
      row.status = 'closing';
      dropUploads(state, (upload) => upload.account === account);
      return clear;
    });
  }

  private forget(state: State, account: number): Outcome {
    dropUploads(state, (upload) => upload.account === account);
    const row = state.accounts[account];
    if (row !== undefined) row.status = 'closed';
    return told('done');
  }

  private keyring(account: number, revision: number): Move {
    return this.step('change', (state) => {
      const row = state.accounts[account];
      if (row?.status !== 'open') return refused('unauthenticated');
      if (row.keyring !== revision) return refused('revision-conflict');
      row.keyring++;
      return told(row.keyring);
    });
  }

  private begin({ account, upload }: Extract<Operation, { readonly kind: 'begin' | 'end' }>): Move {
    return this.step('begin', (state) => {
      dropUploads(state, (other) => other.account === account && other.expiresAt <= state.now);
      if (Object.values(state.uploads).filter((other) => other.account === account).length >= maxUploads) return refused('too-many');
      state.uploads[upload] = { account, expiresAt: state.now + uploadMs, received: 0, uncommitted: 0, pins: [], vectors: [], nonces: [] };
      return told('begun');
    });
  }

  /** Every call of a session begins so. */
  private entering(upload: number, then: (state: State) => Outcome, at = 'enter'): Move {
    return this.step(at, (state) => {
      const session = liveUpload(state, upload);
      if (session === undefined) return refused('upload-unknown');
      session.expiresAt = state.now + uploadMs;
      return then(state);
    });
  }

  private ask({ upload, blocks, serial }: Extract<Operation, { readonly kind: 'ask' }>): Move {
    const { terms } = this;
    const keep = (states: readonly number[]): Move => this.step(`keep ${states.join()}`, (state) => {
      const claimable = blocks.filter((_, at) => states[at] === existenceStates.claimable);
      state.uploads[upload]?.nonces.push({ serial, blocks: claimable.join(), expiresAt: state.now + proofMs });
      return told(states);
    });
    const find = (owned: readonly boolean[]): Move => this.step(`find ${owned.join()}`, (state) => {
      const states = blocks.map((block, at) => (owned[at] === true ? existenceStates.present : state.blocks[block]?.isLive === true ? existenceStates.claimable : existenceStates.send));
      return states.includes(existenceStates.claimable) ? keep(states) : told(states);
    });
    return this.entering(upload, () => this.step('pin', (state) => {
      const owned = pinOwned(state, terms, { upload, blocks });
      return terms.existence === 'shared' ? find(owned) : told(owned.map((isOwned) => (isOwned ? existenceStates.present : existenceStates.send)));
    }));
  }

  private send({ account, upload, blocks }: Extract<Operation, { readonly kind: 'send' }>): Move {
    const { terms } = this;
    const distinct = [...new Set(blocks)];
    const sum = this.entering(upload, (state) => told(state.uploads[upload]?.received), 'sum');
    const filed = (fresh: readonly number[]): Move => this.step(`file ${fresh.join()}`, (state) => (file(state, upload, fresh) ? sum : refused('upload-unknown')));
    const look = (left: readonly number[], fresh: readonly number[]): Outcome => {
      const [block, ...others] = left;
      if (block === undefined) return fresh.length === 0 ? sum : filed(distinct.filter((one) => fresh.includes(one)));
      return this.step(`look ${left.join()} ${fresh.join()}`, (state) => look(others, state.blocks[block] === undefined ? [...fresh, block] : fresh));
    };
    const pin = this.step('pin', (state) => {
      const owned = pinOwned(state, terms, { upload, blocks: distinct });
      return look(distinct.filter((_, at) => owned[at] === true), distinct.filter((_, at) => owned[at] !== true));
    });
    return this.entering(upload, () => this.step('room', (state) => {
      if (state.accounts[account]?.status !== 'open') return refused('unauthenticated');
      const room = terms.quotaBytes === undefined ? Infinity : terms.quotaBytes - (usageOf(state, account)['usedBytes'] ?? 0);
      return bytesOf(blocks) > room ? refused('quota-exceeded') : pin;
    }));
  }

  private claim({ upload, blocks, serial, forged }: Extract<Operation, { readonly kind: 'claim' }>): Move {
    const pin = (passed: readonly number[]): Move => this.step(`pin ${passed.join()}`, (state) => {
      const session = liveUpload(state, upload);
      const pinned = passed.filter((block) => session !== undefined && state.blocks[block]?.isLive === true);
      for (const block of pinned) add(session?.pins ?? [], block);
      return told(blocks.map((block) => (pinned.includes(block) ? 1 : 0)));
    });
    const prove = (left: readonly number[], passed: readonly number[]): Outcome => {
      const [block, ...others] = left;
      if (block === undefined) return pin(passed);
      return this.step(`prove ${left.join()} ${passed.join()}`, (state) => {
        const isPassed = state.blocks[block]?.isLive === true && !forged.includes(block);
        return prove(others, isPassed ? [...passed, block] : passed);
      });
    };
    return this.entering(upload, () => this.step('spend', (state) => {
      const session = state.uploads[upload];
      const isKept = session?.nonces.some((nonce) => nonce.serial === serial && nonce.blocks === blocks.join() && nonce.expiresAt > state.now) === true;
      if (session === undefined || !isKept || this.terms.existence !== 'shared') return refused('proof-invalid');
      session.nonces = session.nonces.filter((nonce) => nonce.serial !== serial);
      return prove(blocks, []);
    }));
  }

  private commit({ account, upload, drafts }: Extract<Operation, { readonly kind: 'commit' }>): Move {
    return this.entering(upload, () => this.step('standing', (state) => {
      if (state.accounts[account]?.status !== 'open') return refused('unauthenticated');
      const { quotaBytes } = this.terms;
      const room = quotaBytes === undefined ? 1e15 : quotaBytes - (usageOf(state, account)['usedBytes'] ?? 0);
      return this.look({ account, upload, drafts }, { results: [], room });
    }));
  }

  private look(commit: Committing, looked: Looked): Outcome {
    const { upload, drafts } = commit;
    const draft = drafts[looked.results.length];
    if (draft === undefined) return looked.results.includes(null) ? this.append(commit, looked.results) : told(looked.results);
    const tell = (result: Result | null, room = looked.room): Outcome => this.look(commit, { results: [...looked.results, result], room });
    return this.step(`probe ${JSON.stringify(looked)}`, (state) => {
      const known = knownAs(state, draft);
      if (known !== undefined) return tell([known]);
      return this.step(`missing ${JSON.stringify(looked)}`, (then) => {
        const missing = missingOf(then, upload, draft.blocks);
        if (missing.length > 0) return tell(['blocks-missing', ...missing]);
        const room = looked.room - sealedTotal;
        return room < 0 ? tell(['quota-exceeded'], room) : tell(null, room);
      });
    });
  }

  private append(commit: Committing, results: Looked['results']): Move {
    return this.step(`append ${JSON.stringify(results)}`, (state) => {
      for (const [at, { image }] of commit.drafts.entries()) if (results[at] === null) state.phantoms.push({ image, account: commit.account });
      return this.insert(commit, results);
    });
  }

  private insert(commit: Committing, results: Looked['results']): Outcome {
    const at = results.indexOf(null);
    const draft = commit.drafts[at];
    // Thrown when all of them are withdrawn.
    if (draft === undefined) return results.some((result) => result?.[0] === 'upload-unknown') ? refused('upload-unknown') : told(results);
    return this.step(`insert ${JSON.stringify(results)}`, (state) => {
      const result = this.insertOne(state, commit, draft);
      const next = (): Outcome => this.insert(commit, results.map((old, index) => (index === at ? result : old)));
      const forget = (then: State): Outcome => {
        const phantom = then.phantoms.findIndex(({ image }) => image === draft.image);
        if (phantom >= 0) then.phantoms.splice(phantom, 1);
        return next();
      };
      return result[0] === 'stored' ? forget(state) : this.step(`withdraw ${JSON.stringify([results, result])}`, forget);
    });
  }

  private insertOne(state: State, { account, upload }: Committing, draft: Draft): Result {
    const session = liveUpload(state, upload);
    if (session === undefined) return ['upload-unknown'];
    const known = knownAs(state, draft);
    if (known !== undefined) return [known];
    const missing = missingOf(state, upload, draft.blocks);
    if (missing.length > 0) return ['blocks-missing', ...missing];
    const { quotaBytes } = this.terms;
    if (quotaBytes !== undefined && (usageOf(state, account)['usedBytes'] ?? 0) + sealedTotal > quotaBytes) return ['quota-exceeded'];
    state.images[draft.image] = { account, blocks: draft.blocks, createdAt: state.now, trashedAt: null };
    session.pins = session.pins.filter((block) => !draft.blocks.includes(block));
    const row = state.accounts[account];
    if (row !== undefined) row.received += session.uncommitted + sealedTotal;
    session.uncommitted = 0;
    return ['stored'];
  }

  private trash(image: number): Move {
    return this.step('trash', (state) => {
      const row = state.images[image];
      if (row === undefined) return refused('not-found');
      row.trashedAt ??= state.now;
      return told('done');
    });
  }

  private restore(image: number): Move {
    const write = this.step('restore', (state) => {
      const row = state.images[image];
      if (row === undefined) return refused('not-found');
      row.trashedAt = null;
      return told('done');
    });
    return this.step('find', (state) => {
      const row = state.images[image];
      if (row === undefined) return refused('not-found');
      return row.trashedAt === null ? told('done') : this.noting(image, 'restoredAt', write);
    });
  }

  private noting(image: number, word: 'removedAt' | 'restoredAt', next: Move): Move {
    return this.step(`note ${image} ${word} ${next.at}`, (state) => {
      const words = wordsOf(state, image);
      state.ledger[image] = words;
      words[word] = Math.max(words[word], state.now);
      return next;
    });
  }

  /** `context` tells apart what came before. */
  private purge(image: number, then: (isGone: boolean) => Outcome, context = ''): Move {
    const back: Move = this.step(`back ${image} ${context}`, (state) => {
      if (state.images[image] === undefined) return then(false);
      return this.noting(image, 'restoredAt', this.step(`late ${image} ${context}`, () => then(false)));
    });
    const take: Move = this.step(`purge ${image} ${context}`, (state) => {
      const row = state.images[image];
      if (row === undefined || row.trashedAt === null) return back;
      removeImage(state, image);
      add(state.buried, image);
      return then(true);
    });
    return this.step(`trashed ${image} ${context}`, (state) => {
      const row = state.images[image];
      return row === undefined || row.trashedAt === null ? then(false) : this.noting(image, 'removedAt', take);
    });
  }

  private sweep(): Move {
    return this.step('alone', (state) => {
      if (state.isSweeping) return refused('unavailable');
      state.isSweeping = true;
      return this.step('held', (then) => (then.isHeld ? this.over(then, refused('unavailable')) : this.expire()));
    });
  }

  private over(state: State, outcome: Outcome): Outcome {
    state.isSweeping = false;
    return outcome;
  }

  private expire(): Move {
    return this.step('expire', (state) => {
      const expired = dropUploads(state, ({ expiresAt }) => expiresAt <= state.now);
      const closing = state.accounts.flatMap(({ status }, account) => (status === 'closing' || status === 'closed' ? [account] : []));
      return this.finish(closing, expired);
    });
  }

  /** Closings that were interrupted, and what late requests wrote. */
  private finish([account, ...others]: readonly number[], expired: number): Outcome {
    if (account === undefined) return this.expiredImages(expired);
    return this.step(`clear ${account} ${expired}`, (state) => {
      for (const { image } of imagesOf(state, account)) removeImage(state, image);
      return this.step(`rest ${account} ${expired}`, (then) => {
        this.forget(then, account);
        return this.finish(others, expired);
      });
    });
  }

  private expiredImages(expired: number): Move {
    return this.step(`old ${expired}`, (state) => {
      const before = state.now - this.terms.trashMs;
      const old = Object.entries(state.images).flatMap(([image, { trashedAt }]) => (trashedAt !== null && trashedAt < before ? [Number(image)] : []));
      return this.purgeAll(old, { expired, purged: 0 });
    });
  }

  private purgeAll([image, ...others]: readonly number[], counts: { readonly expired: number; readonly purged: number }): Outcome {
    if (image === undefined) return this.collect(counts);
    const next = (isGone: boolean): Outcome => this.purgeAll(others, { ...counts, purged: counts.purged + (isGone ? 1 : 0) });
    return this.purge(image, next, `${others.join()} ${JSON.stringify(counts)}`);
  }

  private collect(counts: { readonly expired: number; readonly purged: number }): Move {
    return this.step(`collect ${JSON.stringify(counts)}`, (state) => {
      const collected = collect(state, state.now - this.terms.graceMs);
      return this.step(`figures ${JSON.stringify([counts, collected])}`, (then) => {
        const pending = Object.keys(then.blocks).filter((block) => !isReferenced(then, Number(block))).length;
        return this.over(then, told([counts.expired, counts.purged, collected, pending]));
      });
    });
  }
}

type Committing = Pick<Extract<Operation, { readonly kind: 'commit' }>, 'account' | 'upload' | 'drafts'>;
type Result = readonly [string, ...number[]];

interface Looked {
  /** null: to be stored. */
  readonly results: readonly (Result | null)[];
  readonly room: number;
}

function knownAs(state: State, { image, isOther }: Draft): string | undefined {
  if (state.images[image] !== undefined) return isOther ? 'image-conflict' : 'stored';
  return state.buried.includes(image) ? 'image-conflict' : undefined;
}
