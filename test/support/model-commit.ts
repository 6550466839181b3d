/**
 * A commit as the model does it: looked at image by image, written to the packs, then stored one by one.
 */
import { refused, told, type Draft, type Move, type Operation, type Outcome, type Step } from './model-move.js';
import { liveUpload, missingOf, sealedTotal, usageOf, type State, type Terms } from './store-model.js';

type Committing = Pick<Extract<Operation, { readonly kind: 'commit' }>, 'account' | 'upload' | 'drafts'>;
type Result = readonly [string, ...number[]];

interface Looked {
  /** null: to be stored. */
  readonly results: readonly (Result | null)[];
  readonly room: number;
}

export class CommitMoves {
  constructor(private readonly terms: Terms, private readonly step: Step, private readonly entering: (upload: number, then: (state: State) => Outcome) => Move) {}

  commit({ account, upload, drafts }: Extract<Operation, { readonly kind: 'commit' }>): Move {
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
}

function knownAs(state: State, { image, isOther }: Draft): string | undefined {
  if (state.images[image] !== undefined) return isOther ? 'image-conflict' : 'stored';
  return state.buried.includes(image) ? 'image-conflict' : undefined;
}
