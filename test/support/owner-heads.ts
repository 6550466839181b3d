/**
 * The account head beside the SDK, with the owner's keys: what it says, and heads that no client of this version signs.
 */
import type { DiceClient } from '../../client-sdk/api.js';
import { type Identity, unwrapIdentity } from '../../client-sdk/core/keys/identity.js';
import { type AccountHead, hashOfHead, openHead, sealHead } from '../../client-sdk/core/keys/signed-head.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { bytesOfBase64 } from '../../client-sdk/protocol/bytes.js';
import { emptyHash } from '../../client-sdk/protocol/head-tree.js';
import type { AccountId } from '../../client-sdk/protocol/ids.js';
import { Transport } from '../../client-sdk/transport.js';

/** A head that the owner signed, as a server would show it, and its hash. */
export interface SignedHead {
  readonly head: AccountHead;
  readonly hash: Uint8Array;
  readonly sealed: Uint8Array;
}

interface Owner {
  readonly accountId: AccountId;
  readonly accountKey: Uint8Array;
  readonly identity: Identity;
}

export class OwnerHeads {
  private constructor(
    private readonly transport: Transport,
    private readonly owner: Owner,
  ) {}

  /** Those of the account that is logged in. */
  static async of(client: DiceClient): Promise<OwnerHeads> {
    const saved = await client.saveSession();
    const [token, accountKey] = [bytesOfBase64(saved.token ?? ''), bytesOfBase64(saved.accountKey)];
    if (token === undefined || accountKey === undefined) throw new Error('the session is not a bearer’s');
    const transport = new Transport(nodePlatform(undefined, 0), client.serverUrl);
    transport.useSession({ kind: 'bearer', token });
    const { accountId, identity: { epoch, wrapped } } = await transport.call('readAccount', { body: undefined, signal: undefined });
    return new OwnerHeads(transport, { accountId, accountKey, identity: await unwrapIdentity(nodeProvider, { accountId, accountKey, epoch }, wrapped) });
  }

  /** Undefined where there is none. */
  async newest(): Promise<AccountHead | undefined> {
    const { head: kept } = await this.transport.call('readHead', { body: undefined, signal: undefined });
    if (kept === undefined) return undefined;
    return openHead(nodeProvider, { ...this.owner, counter: kept.counter }, { sealed: kept.head, ownerKey: this.owner.identity.ed25519 });
  }

  /** The revisions that the newest head names, of keyring and credentials. */
  async named(): Promise<readonly [keyring: number, credentials: number] | undefined> {
    const head = await this.newest();
    return head && [head.keyringRevision, head.revision];
  }

  /** Signs the head that follows, with these members otherwise and no leaf. */
  async follow(change: Partial<AccountHead>): Promise<void> {
    const before = await this.newest();
    const previous = before === undefined ? emptyHash : await hashOfHead(nodeProvider, before);
    const same = before ?? { epoch: 0, leaves: 0, root: emptyHash, signedAt: 1, keyringRevision: 0, revision: 0 };
    const { head, sealed } = await this.#signed({ ...same, counter: (before?.counter ?? 0) + 1, previous, ...change });
    await this.transport.call('replaceHead', { body: { counter: head.counter, head: sealed, leaves: new Uint8Array(), root: head.root }, signal: undefined });
  }

  /** The head that follows this one, with these members otherwise; no server is told. */
  async after(before: AccountHead, change: Partial<AccountHead> = {}): Promise<SignedHead> {
    return this.#signed({ ...before, counter: before.counter + 1, previous: await hashOfHead(nodeProvider, before), ...change });
  }

  async #signed(head: AccountHead): Promise<SignedHead> {
    const sealed = await sealHead(nodeProvider, this.owner, { head, identity: this.owner.identity, randomBytes: nodePlatform(undefined, 0).randomBytes });
    return { head, sealed, hash: await hashOfHead(nodeProvider, head) };
  }
}
