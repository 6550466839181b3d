/**
 * The operations of a store as the model does them: each a row of steps that nothing can come between, with whatever may come between two of
 * them. `model-search.ts` looks for an order of the steps that gives the answers that the real store gave.
 */
import { existenceStates } from '../../client-sdk/protocol/messages.js';
import { CommitMoves } from './model-commit.js';
import { refused, told, type Move, type Operation, type Outcome, type Step } from './model-move.js';
import { forgetAccount, RemovalMoves } from './model-removal.js';
import { SweepMoves } from './model-sweep.js';
import {
  add, bytesOf, dropUploads, file, imagesOf, liveUpload, maxUploads, pinOwned, proofMs, removeImage, uploadMs, usageOf, type State, type Terms,
} from './store-model.js';

/** The first step of an operation. */
export function movesOf(terms: Terms, operation: Operation): Move {
  const label = JSON.stringify(operation);
  const step: Step = (at, go) => ({ at: `${label} ${at}`, go });
  return new Moves(terms, step).of(operation);
}

class Moves {
  constructor(private readonly terms: Terms, private readonly step: Step) {}

  of(operation: Operation): Move {
    const removal = new RemovalMoves(this.step);
    switch (operation.kind) {
      case 'register': return this.register(operation.account);
      case 'close': return this.close(operation.account);
      case 'keyring': return this.keyring(operation.account, operation.revision);
      case 'begin': return this.begin(operation);
      case 'end': return this.step('end', (state) => { dropUploads(state, (upload) => upload === state.uploads[operation.upload]); return told('done'); });
      case 'ask': return this.ask(operation);
      case 'send': return this.send(operation);
      case 'claim': return this.claim(operation);
      case 'commit': return new CommitMoves(this.terms, this.step, (upload, then) => this.entering(upload, then)).commit(operation);
      case 'trash': return removal.trash(operation.image);
      case 'restore': return removal.restore(operation.image);
      case 'purge': return removal.purge(operation.image, (isGone) => (isGone ? told('done') : refused('not-found')));
      case 'sweep': return new SweepMoves(this.terms, this.step, removal).sweep();
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
      return this.step('rest', (then) => forgetAccount(then, account));
    });
    return this.step('close', (state) => {
      const row = state.accounts[account];
      if (row?.status !== 'open') return refused('credentials-wrong');
      row.status = 'closing';
      dropUploads(state, (upload) => upload.account === account);
      return clear;
    });
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

}
