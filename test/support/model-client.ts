/**
 * Does the model's operations on a real store, as all of its clients: keeps what they were given, uploads and nonces, and what they asked to have committed.
 */
import { concat } from '../../client-sdk/protocol/bytes.js';
import { idOfBytes, type AccountId, type UploadId } from '../../client-sdk/protocol/ids.js';
import { existenceStates, type Registration } from '../../client-sdk/protocol/messages.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { Refusal } from '../../client-sdk/protocol/refusals.js';
import type { Services } from '../../server/core/contract.js';
import { framesOf, hereAndTrusted, hmacSha256, registrationOf, serverId } from './core-store.js';
import type { Draft, Operation } from './model-move.js';
import { accountIdOf, accountIds, blocksIn, commitOf, imageIdOf, packed, rawOf } from './model-names.js';
import type { ModelStore } from './model-store.js';

/** What an existence answer said that others have. */
export interface Claimable {
  readonly account: number;
  readonly upload: number;
  readonly serial: number;
  readonly blocks: readonly number[];
  readonly nonce: Uint8Array;
}

/** An image as it was first committed, and by whom. */
export interface OwnedDraft extends Draft {
  readonly account: number;
}

export class ModelClient {
  /** Uploads that a client knows of. */
  readonly uploads = new Map<number, { readonly account: number; readonly uploadId: UploadId }>();
  claimables: Claimable[] = [];
  /** Of each image, as it was first committed. */
  readonly drafts = new Map<number, OwnedDraft>();
  readonly #registrations: readonly Registration[] = accountIds.map((accountId, account) => registrationOf(`person-${account}`, { accountId }));

  constructor(
    private readonly store: ModelStore,
    /** Told what happened, to be counted. */
    private readonly count: (name: string) => void,
  ) {}

  /** All sessions are over. */
  forgetSessions(): void {
    this.uploads.clear();
    this.claimables = [];
  }

  /** Does it, and answers what it was told, refusals too. */
  async answer(operation: Operation): Promise<string> {
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
      case 'keyring': return JSON.stringify(await services.accounts.changeKeyring(accountIdOf(operation.account), { expectedRevision: operation.revision, keyring: new Uint8Array(50) }));
      case 'begin': {
        const { uploadId } = await services.uploads.begin(accountIdOf(operation.account));
        this.uploads.set(operation.upload, { account: operation.account, uploadId });
        return '"begun"';
      }
      case 'end': await services.uploads.end(this.#uploadOf(operation)); return '"done"';
      case 'ask': return this.#ask(operation);
      case 'send': return JSON.stringify((await services.blocks.receive(this.#uploadOf(operation), framesOf(operation.blocks.map(rawOf)))).sessionBytes);
      case 'claim': return this.#claim(operation);
      case 'commit': return this.#commit(operation);
      case 'trash': await services.images.trash(accountIdOf(operation.account), imageIdOf(operation.image)); return '"done"';
      case 'restore': await services.images.restore(accountIdOf(operation.account), imageIdOf(operation.image)); return '"done"';
      case 'purge': await services.images.purge(accountIdOf(operation.account), imageIdOf(operation.image)); return '"done"';
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
    return { accountId: accountIdOf(account), uploadId: this.uploads.get(upload)?.uploadId ?? idOfBytes<UploadId>(new Uint8Array(16)) };
  }

  async #close(account: number): Promise<void> {
    const row = await this.store.parts.stores.accounts.find(accountIdOf(account));
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
}

/** Every byte of an image comes back to its owner as it was committed. */
export async function expectImage(services: Services, draft: OwnedDraft): Promise<void> {
  const accountId = accountIdOf(draft.account);
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
