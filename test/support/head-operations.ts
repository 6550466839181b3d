/**
 * What the vectors of account heads do, by name: trees of leaves and parts of them, heads signed and opened.
 */
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';
import { fault } from '../../client-sdk/core/errors.js';
import { makeIdentity } from '../../client-sdk/core/keys/identity.js';
import { type AccountHead, encodeHead, hashOfHead, openHead, sealHead } from '../../client-sdk/core/keys/signed-head.js';
import { nodePlatform } from '../../client-sdk/node/platform.js';
import { hexOf } from '../../client-sdk/protocol/bytes.js';
import { formatTree, hashOfLeaves, hashOfNode, leavesOf, parseTree, withLeaf } from '../../client-sdk/protocol/head-tree.js';
import { type AccountId, idOf } from '../../client-sdk/protocol/ids.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { givenRandom } from './fixed-random.js';
import { bytesIn, numberIn, objectIn, textIn, type VectorInput } from './vector.js';

/** SHA-256 that answers at once. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const hash = nodePlatform().newHash();
  hash.update(bytes);
  return hash.digest();
}

/** Operations by name. */
export const headOperations: Readonly<Record<string, (provider: CryptoProvider, input: VectorInput) => Promise<Json>>> = {
  rootOfLeaves: (_, input) => Promise.resolve(input).then((given) => {
    const leaves = leavesOf(bytesIn(given, 'leaves'));
    if (leaves === undefined) throw fault('answer-invalid');
    return hexOf(hashOfLeaves(sha256, leaves));
  }),
  replaceInTree: (_, input) => Promise.resolve(input).then((given) => {
    const tree = parseTree(bytesIn(given, 'tree'));
    const changed = tree === undefined ? undefined : withLeaf(tree, bytesIn(given, 'leaf'));
    if (tree === undefined || changed === undefined) throw fault('answer-invalid');
    return { before: hexOf(hashOfNode(sha256, tree)), tree: hexOf(formatTree(changed)), root: hexOf(hashOfNode(sha256, changed)) };
  }),
  signHead: async (provider, input) => {
    const head = headIn(objectIn(input, 'head'));
    const identity = makeIdentity(givenRandom(bytesIn(input, 'identity')));
    const sealed = await sealHead(provider, placeIn(input), { head, identity, randomBytes: givenRandom(bytesIn(input, 'nonce')) });
    return { head: hexOf(encodeHead(head)), hash: hexOf(await hashOfHead(provider, head)), sealed: hexOf(sealed) };
  },
  openHead: async (provider, input) => {
    const place = { ...placeIn(input), counter: numberIn(input, 'counter') };
    return hexOf(encodeHead(await openHead(provider, place, { sealed: bytesIn(input, 'sealed'), ownerKey: bytesIn(input, 'ownerKey') })));
  },
};

function placeIn(input: VectorInput): { readonly accountId: AccountId; readonly accountKey: Uint8Array } {
  const accountId = idOf<AccountId>(textIn(input, 'accountId'));
  if (accountId === undefined) throw new TypeError('accountId is no id');
  return { accountId, accountKey: bytesIn(input, 'accountKey') };
}

function headIn(input: VectorInput): AccountHead {
  return {
    counter: numberIn(input, 'counter'), previous: bytesIn(input, 'previous'), epoch: numberIn(input, 'epoch'), leaves: numberIn(input, 'leaves'),
    root: bytesIn(input, 'root'), signedAt: numberIn(input, 'signedAt'),
    // Version 1 has none.
    keyringRevision: 'keyringRevision' in input ? numberIn(input, 'keyringRevision') : 0, revision: 'revision' in input ? numberIn(input, 'revision') : 0,
  };
}
