/**
 * Account heads as they are encoded, signed and sealed: both versions, at the limits of their numbers. The bytes are in the vectors of `head`.
 */
import { describe, expect, it } from '@jest/globals';
import { encodeCbor } from '../../client-sdk/core/cbor.js';
import { makeIdentity } from '../../client-sdk/core/keys/identity.js';
import { type AccountHead, encodeHead, hashOfHead, openHead, sealHead } from '../../client-sdk/core/keys/signed-head.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { type AccountId, idOfBytes } from '../../client-sdk/protocol/ids.js';
import { maxHeadBytes } from '../../client-sdk/protocol/limits.js';
import { fixedRandom } from '../support/fixed-random.js';

const max = Number.MAX_SAFE_INTEGER;
const place = { accountId: idOfBytes<AccountId>(fixedRandom('account')(16)), accountKey: fixedRandom('account key')(32) };
const identity = makeIdentity(fixedRandom('identity'));
const hash = fixedRandom('hash')(32);
const head: AccountHead = { counter: 7, previous: hash, epoch: 1, leaves: 5, root: hash, signedAt: 1_767_225_600_000, keyringRevision: 3, revision: 300 };

async function reopened(one: AccountHead): Promise<AccountHead> {
  const sealed = await sealHead(nodeProvider, place, { head: one, identity, randomBytes: fixedRandom('nonce') });
  expect(sealed.length).toBeLessThanOrEqual(maxHeadBytes);
  return openHead(nodeProvider, { ...place, counter: one.counter }, { sealed, ownerKey: identity.ed25519 });
}

describe('an account head', () => {
  it.each([
    head,
    { ...head, keyringRevision: 1, revision: 1 },
    { ...head, keyringRevision: 0, revision: 0 },
    { ...head, counter: max, epoch: 0xffffffff, leaves: max, signedAt: max, keyringRevision: max, revision: max },
  ])('opens as what was sealed, within its limit: %#', async (one) => {
    expect(await reopened(one)).toEqual(one);
  });

  it('is a list of version 2 with its revisions, and of version 1 where it names none', () => {
    const common = [7, hash, 1, 5, hash, 1_767_225_600_000];
    expect(encodeHead(head)).toEqual(encodeCbor([2, ...common, 3, 300]));
    expect(encodeHead({ ...head, keyringRevision: 0, revision: 0 })).toEqual(encodeCbor([1, ...common]));
  });

  it('has another hash for each revision', async () => {
    const hashes = await Promise.all([head, { ...head, keyringRevision: 4 }, { ...head, revision: 301 }, { ...head, keyringRevision: 0, revision: 0 }].map(async (one) => Buffer.from(await hashOfHead(nodeProvider, one)).toString('hex')));
    expect(new Set(hashes).size).toBe(4);
  });
});
