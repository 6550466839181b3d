/**
 * Vectors of account heads: roots of trees, parts of trees, heads signed and opened.
 */
import { type HeadLeaf, packLeaf } from '../../client-sdk/protocol/head-tree.js';
import { bytesOfHex, compareBytes, concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { type AccountId, type ImageId, idOf } from '../../client-sdk/protocol/ids.js';
import { type CborValue, encodeCbor } from '../../client-sdk/core/cbor.js';
import { subkey } from '../../client-sdk/core/hkdf.js';
import { makeIdentity } from '../../client-sdk/core/keys/identity.js';
import { associatedOf, objectIdOf, seal } from '../../client-sdk/core/keys/sealed-object.js';
import { labels } from '../../client-sdk/core/labels.js';
import { nobleProvider } from '../../client-sdk/core/noble-provider.js';
import { givenRandom } from '../support/fixed-random.js';
import { type Case, fixed, flipped, memberOf, type Produce } from './make-core-case.js';
import { bytes } from './make-core-keys.js';

const leaf = (id: string, state: HeadLeaf['state']): Uint8Array => {
  const imageId = idOf<ImageId>(id);
  if (imageId === undefined) throw new TypeError('no id');
  return packLeaf({ imageId, state, at: state === 'trashed' ? 1_767_225_600_000 : 0, manifestHash: state === 'removed' ? new Uint8Array(16) : bytes(fixed(`manifest ${id}`, 16)) });
};
const ids = ['a', 'b', 'c', 'd', 'e'].map((name) => fixed(`image ${name}`, 16));
const leaves = ids.map((id, i) => leaf(id, (['live', 'trashed', 'removed'] as const)[i % 3] ?? 'live')).sort(compareBytes);
const near = [flipped('00'.repeat(16), 127), '00'.repeat(16)].sort().map((id) => leaf(id, 'live'));
const all = hexOf(concat(...leaves));

/** All cases of the folder head. */
export async function headCases(produce: Produce): Promise<readonly Case[]> {
  const [first] = leaves;
  if (first === undefined) throw new TypeError('there are leaves');
  const refuse = (name: string, why: string, packed: string): Case => ({ path: `head/tree-refuse-${name}`, why, operation: 'rootOfLeaves', input: { leaves: packed }, failure: 'answer-invalid' });
  const part = (name: string, why: string, input: Case['input']): Case => ({ path: `head/part-${name}`, why, operation: 'replaceInTree', input });
  const refusePart = (name: string, why: string, input: Case['input']): Case => ({ ...part(`refuse-${name}`, why, input), failure: 'answer-invalid' });
  const branch = `0301${hexOf(near[0] ?? first)}02${fixed('hidden', 32)}`;
  return [
    { path: 'head/tree-empty', why: 'No leaves: zeros.', operation: 'rootOfLeaves', input: { leaves: '' } },
    { path: 'head/tree-one', why: 'One leaf: its hash.', operation: 'rootOfLeaves', input: { leaves: hexOf(first) } },
    { path: 'head/tree', why: 'Five leaves of all states.', operation: 'rootOfLeaves', input: { leaves: all } },
    { path: 'head/tree-near', why: 'Two ids that differ in their last bit: 127 branches with an empty half.', operation: 'rootOfLeaves', input: { leaves: hexOf(concat(...near)) } },
    refuse('order', 'Ids out of order.', hexOf(concat(...[...leaves].reverse()))),
    refuse('twice', 'An id twice.', hexOf(concat(first, first))),
    refuse('cut', 'A leaf that is cut.', all.slice(0, -2)),
    refuse('state', 'An unknown state.', `${ids[0] ?? ''}04${'00'.repeat(24)}`),
    refuse('at', 'A time of a live image.', `${ids[0] ?? ''}01${'00'.repeat(7)}01${'11'.repeat(16)}`),
    part('empty', 'A leaf in an empty tree.', { tree: '00', leaf: hexOf(first) }),
    part('same', 'A leaf in place of one of its id.', { tree: `01${hexOf(first)}`, leaf: hexOf(leaf(hexOf(first.subarray(0, 16)), 'removed')) }),
    part('fork', 'A leaf beside another.', { tree: `01${hexOf(first)}`, leaf: hexOf(leaves[1] ?? first) }),
    part('beside', 'A leaf beside a subtree that is not shown.', { tree: branch, leaf: hexOf(near[1] ?? first) }),
    refusePart('hidden', 'The way is not shown.', { tree: `02${fixed('hidden', 32)}`, leaf: hexOf(first) }),
    refusePart('place', 'A leaf on the wrong side.', { tree: `030001${hexOf(near[0] ?? first)}`, leaf: hexOf(first) }),
    refusePart('trailing', 'A byte follows.', { tree: '0000', leaf: hexOf(first) }),
    refusePart('cut', 'A branch without its second half.', { tree: '0300', leaf: hexOf(first) }),
    refusePart('kind', 'An unknown kind of node.', { tree: '04', leaf: hexOf(first) }),
    ...(await heads(produce)),
  ];
}

async function heads(produce: Produce): Promise<readonly Case[]> {
  const place = { accountId: fixed('account', 16), accountKey: fixed('account key', 32) };
  const secrets = fixed('identity', 64);
  const head = { counter: 7, previous: fixed('previous head', 32), epoch: 1, leaves: 5, root: fixed('root', 32), signedAt: 1_767_225_600_000 };
  const signing = { ...place, head, identity: secrets, nonce: fixed('nonce', 12) };
  const sealed = memberOf(await produce('signHead', signing), 'sealed');
  const signing2 = { ...signing, head: { ...head, keyringRevision: 3, revision: 300 } };
  const sealed2 = memberOf(await produce('signHead', signing2), 'sealed');
  const ownerKey = hexOf(makeIdentity(givenRandom(bytesOfHex(secrets) ?? new Uint8Array())).ed25519);
  const opening = { ...place, counter: 7, sealed, ownerKey };
  const refuse = (name: string, why: string, change: Case['input']): Case => ({ path: `head/open-refuse-${name}`, why, operation: 'openHead', input: { ...opening, ...change }, failure: 'sealed-invalid' });
  return [
    { path: 'head/sign', why: 'Signature and head under the account key’s subkey, with the counter as revision.', operation: 'signHead', input: signing },
    { path: 'head/open', why: 'It opens for its owner, under its counter.', operation: 'openHead', input: opening },
    refuse('counter', 'Under another counter.', { counter: 8 }),
    refuse('account', 'The head of another account.', { accountId: flipped(place.accountId, 0) }),
    refuse('key', 'Another account key.', { accountKey: flipped(place.accountKey, 0) }),
    { ...refuse('author', 'Another signer.', { ownerKey: flipped(ownerKey, 9) }), failure: 'signature-invalid' },
    refuse('bit', 'A flipped bit.', { sealed: flipped(sealed, -1) }),
    refuse('long', 'Above its limit.', { sealed: `${sealed}${'00'.repeat(512)}` }),
    { path: 'head/sign-2', why: 'Version 2 names the revisions of keyring and credentials.', operation: 'signHead', input: signing2 },
    { path: 'head/open-2', why: 'It opens for its owner, with its revisions.', operation: 'openHead', input: { ...opening, sealed: sealed2 } },
    ...(await malformed({ secrets, place, opening, head })),
  ];
}

/** Lists that are signed and sealed as a head is, and are none. */
async function malformed(given: { readonly secrets: string; readonly place: { readonly accountId: string; readonly accountKey: string }; readonly opening: Case['input']; readonly head: HeadFields }): Promise<readonly Case[]> {
  const { counter, previous, epoch, leaves, root, signedAt } = given.head;
  const common = [counter, bytes(previous), epoch, leaves, bytes(root), signedAt];
  const bodies: Readonly<Record<string, readonly [why: string, body: readonly CborValue[]]>> = {
    'keyring-zero': ['A revision of the keyring below 1.', [2, ...common, 0, 300]],
    'revision-zero': ['A revision of the credentials below 1.', [2, ...common, 3, 0]],
    'revision-text': ['A revision that is text.', [2, ...common, 3, '300']],
    'revision-negative': ['A negative revision.', [2, ...common, 3, -1]],
    'one-revision': ['One revision alone.', [2, ...common, 3]],
    'no-revisions': ['Version 2 without its revisions.', [2, ...common]],
    'three-revisions': ['A member too many.', [2, ...common, 3, 300, 1]],
    'revisions-in-1': ['Version 1 with revisions.', [1, ...common, 3, 300]],
    version: ['An unknown version.', [3, ...common, 3, 300]],
  };
  const cases: Case[] = [];
  for (const [name, [why, body]] of Object.entries(bodies)) {
    const sealed = hexOf(await sealedList(given, encodeCbor(body)));
    cases.push({ path: `head/open-2-refuse-${name}`, why, operation: 'openHead', input: { ...given.opening, sealed }, failure: 'answer-invalid' });
  }
  return cases;
}

interface HeadFields {
  readonly counter: number;
  readonly previous: string;
  readonly epoch: number;
  readonly leaves: number;
  readonly root: string;
  readonly signedAt: number;
}

/** Any list under the signature and seal of head 7. */
async function sealedList({ secrets, place }: { readonly secrets: string; readonly place: { readonly accountId: string; readonly accountKey: string } }, body: Uint8Array): Promise<Uint8Array> {
  const accountId = idOf<AccountId>(place.accountId);
  if (accountId === undefined) throw new TypeError('no id');
  const key = await subkey(nobleProvider, bytes(place.accountKey), 'account-head');
  const context = { purpose: 'account-head', accountId, objectId: objectIdOf(accountId), revision: 7 } as const;
  const message = encodeCbor([labels.headSignature, await associatedOf(nobleProvider, key, context), await nobleProvider.sha256(body)]);
  const signature = await nobleProvider.ed25519Sign(makeIdentity(givenRandom(bytes(secrets))).ed25519Secret, message);
  return seal(nobleProvider, { key, context, plaintext: concat(signature, body), randomBytes: givenRandom(bytes(fixed('nonce', 12))) });
}
