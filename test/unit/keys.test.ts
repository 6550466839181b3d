/**
 * Keys of an account: what wraps what, and that nothing opens for anybody or anything else.
 */
import { describe, expect, it } from '@jest/globals';
import { currentDomain } from '../../client-sdk/core/keys/keyring.js';
import {
  type AccountKeyWrap, imageContext, makeKey, openImagePart, sealImagePart, unwrapAccountKey, unwrapImageKey, wrapAccountKey, wrapImageKey,
} from '../../client-sdk/core/keys/hierarchy.js';
import {
  checkOwnIdentity, checkPublicIdentity, makeIdentity, signIdentity, unwrapIdentity, wrapIdentity,
} from '../../client-sdk/core/keys/identity.js';
import { invitationLink, makeInvitation, openInvitedGroup, parseInvitationLink, sealInvitedGroup } from '../../client-sdk/core/keys/invitation.js';
import {
  domainOf, type Keyring, makeGroup, makeKeyring, maxGroupNameBytes, maxGroups, openKeyring, sealKeyring, withCurrent, withGroup,
} from '../../client-sdk/core/keys/keyring.js';
import { makeRecoveryWords, normaliseRecoveryWords, recoveryKeys } from '../../client-sdk/core/keys/recovery.js';
import { open, seal, sealedLength, sealedPurposes, type SealedPurpose } from '../../client-sdk/core/keys/sealed-object.js';
import { subkey } from '../../client-sdk/core/hkdf.js';
import { subkeyPurposes } from '../../client-sdk/core/labels.js';
import { nobleProvider } from '../../client-sdk/core/noble-provider.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { hexOf, utf8 } from '../../client-sdk/protocol/bytes.js';
import { type AccountId, idOfBytes, type ImageId } from '../../client-sdk/protocol/ids.js';
import { maxEntryBytes, maxNameBytes, maxSealedBytes } from '../../client-sdk/protocol/limits.js';
import { encodeEntry, maxTypeBytes } from '../../client-sdk/core/entry.js';
import { fixedRandom } from '../support/fixed-random.js';

const randomBytes = fixedRandom('keys.test');
const accountId = idOfBytes<AccountId>(randomBytes(16));
const otherId = idOfBytes<AccountId>(randomBytes(16));
const imageId = idOfBytes<ImageId>(randomBytes(16));
const accountKey = makeKey(randomBytes);
const refused = { code: 'sealed-invalid' };

describe.each([nobleProvider, nodeProvider])('keys with the $name provider', (provider) => {
  it('derive a subkey of their own for each purpose', async () => {
    const keys = await Promise.all(subkeyPurposes.map((purpose) => subkey(provider, accountKey, purpose)));
    expect(new Set([hexOf(accountKey), ...keys.map(hexOf)]).size).toBe(subkeyPurposes.length + 1);
  });

  it.each<AccountKeyWrap>(['password', 'recovery', 'page'])('give the account key back under %s, to the same account and use alone', async (under) => {
    const place = { accountId, under, wrapKey: makeKey(randomBytes) };
    const wrapped = await wrapAccountKey(provider, place, { accountKey, randomBytes });
    expect(await unwrapAccountKey(provider, place, wrapped)).toEqual(accountKey);
    await expect(unwrapAccountKey(provider, { ...place, accountId: otherId }, wrapped)).rejects.toMatchObject(refused);
    await expect(unwrapAccountKey(provider, { ...place, under: under === 'page' ? 'password' : 'page' }, wrapped)).rejects.toMatchObject(refused);
    await expect(unwrapAccountKey(provider, { ...place, wrapKey: makeKey(randomBytes) }, wrapped)).rejects.toMatchObject(refused);
  });

  it('give an image’s key, entry and preview back for that image alone', async () => {
    const imageKey = makeKey(randomBytes);
    const place = { accountId, imageId, accountKey };
    const wrapped = await wrapImageKey(provider, place, { imageKey, randomBytes });
    expect(await unwrapImageKey(provider, place, wrapped)).toEqual(imageKey);
    await expect(unwrapImageKey(provider, { ...place, imageId: idOfBytes(randomBytes(16)) }, wrapped)).rejects.toMatchObject(refused);
    const entry = await sealImagePart(provider, { ...place, imageKey, part: 'entry' }, { plaintext: utf8('entry'), randomBytes });
    expect(await openImagePart(provider, { ...place, imageKey, part: 'entry' }, entry)).toEqual(utf8('entry'));
    await expect(openImagePart(provider, { ...place, imageKey, part: 'preview' }, entry)).rejects.toMatchObject(refused);
  });
});

describe('a sealed object', () => {
  const provider = nodeProvider;
  const purposes = Object.keys(sealedPurposes) as SealedPurpose[]; // Object.keys widens.

  it.each(purposes)('of purpose %s has the announced length and gives its plaintext back', async (purpose) => {
    for (const length of [0, 1, 4, 100, 1_000]) {
      const plaintext = randomBytes(length);
      const context = imageContext({ accountId, imageId }, purpose);
      const sealed = await seal(provider, { key: accountKey, context, plaintext, randomBytes });
      expect(sealed.length).toBe(sealedLength(purpose, length));
      expect(await open(provider, { key: accountKey, context, sealed })).toEqual(plaintext);
    }
  });

  it('is refused with one and the same error for a flip of any bit and a cut anywhere', async () => {
    const context = imageContext({ accountId, imageId }, 'entry');
    const sealed = await seal(provider, { key: accountKey, context, plaintext: utf8('text'), randomBytes });
    const messages = new Set<string>();
    const collect = (error: unknown) => messages.add(error instanceof Error ? error.message : 'no error');
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const damaged = sealed.slice();
      damaged[bit >>> 3] = (damaged[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
      await open(provider, { key: accountKey, context, sealed: damaged }).then(() => messages.add('opened'), collect);
    }
    for (let length = 0; length < sealed.length; length++) {
      await open(provider, { key: accountKey, context, sealed: sealed.subarray(0, length) }).then(() => messages.add('opened'), collect);
    }
    expect([...messages]).toEqual(['A sealed object does not open under its key.']);
  });

  it('never repeats: two seals of one plaintext share no nonce and no ciphertext', async () => {
    const input = { key: accountKey, context: imageContext({ accountId, imageId }, 'preview'), plaintext: utf8('same'), randomBytes };
    const [first, second] = [await seal(provider, input), await seal(provider, input)];
    expect(hexOf(first.subarray(14))).not.toBe(hexOf(second.subarray(14)));
  });

  it('of the largest entry is within the limit', () => {
    const entry = {
      name: 'x'.repeat(maxNameBytes), size: Number.MAX_SAFE_INTEGER, type: `image/${'x'.repeat(maxTypeBytes - 6)}`, fileHash: randomBytes(32),
      picture: { width: 1_048_576, height: 1_048_576 }, modifiedAt: -8_640_000_000_000_000, addedAt: 8_640_000_000_000_000, splitter: 'jpeg' as const,
      codedBytes: Number.MAX_SAFE_INTEGER, sentBytes: Number.MAX_SAFE_INTEGER,
    };
    expect(sealedLength('entry', encodeEntry(entry).length)).toBeLessThanOrEqual(maxEntryBytes);
  });
});

describe('an identity', () => {
  const identity = makeIdentity(randomBytes);
  const told = { accountId, username: 'ada', epoch: 1, x25519: identity.x25519, ed25519: identity.ed25519, signature: signIdentity(identity, accountId, 'ada') };

  it('comes back from its wrap with public halves derived from the private ones', async () => {
    const place = { accountId, accountKey, epoch: 1 };
    const wrapped = await wrapIdentity(nodeProvider, place, { identity, randomBytes });
    expect(await unwrapIdentity(nodeProvider, place, wrapped)).toEqual(identity);
    await expect(unwrapIdentity(nodeProvider, { ...place, epoch: 2 }, wrapped)).rejects.toMatchObject(refused);
    expect(() => { checkOwnIdentity(identity, told); }).not.toThrow();
  });

  it.each([
    ['account', { accountId: otherId }], ['user name', { username: 'eve' }], ['epoch', { epoch: 2 }],
    ['exchange key', { x25519: randomBytes(32) }], ['signing key', { ed25519: makeIdentity(randomBytes).ed25519 }], ['signature', { signature: new Uint8Array(64) }],
    ['signature of another length', { signature: new Uint8Array(63) }], ['signing key that is no point', { ed25519: new Uint8Array(32).fill(255) }],
  ])('is refused with another %s', (_, change) => {
    expect(() => { checkPublicIdentity({ ...told, ...change }); }).toThrow(expect.objectContaining({ code: 'signature-invalid' }));
  });

  it('is not believed when the server tells another one, however well signed', () => {
    const eve = makeIdentity(randomBytes);
    const forged = { ...told, x25519: eve.x25519, ed25519: eve.ed25519, signature: signIdentity(eve, accountId, 'ada') };
    expect(() => { checkPublicIdentity(forged); }).not.toThrow();
    expect(() => { checkOwnIdentity(identity, forged); }).toThrow(expect.objectContaining({ code: 'wrong-account' }));
  });
});

describe('recovery words', () => {
  it('give the same keys however they are typed, and other words give others', async () => {
    const words = makeRecoveryWords(randomBytes);
    const keys = await recoveryKeys(nodeProvider, words);
    expect(words.split(' ')).toHaveLength(24);
    expect(await recoveryKeys(nodeProvider, `\t${words.toUpperCase().replaceAll(' ', '\n ')} `)).toEqual(keys);
    expect(keys.recoveryAuth).not.toEqual(keys.recoveryWrap);
    expect(await recoveryKeys(nodeProvider, makeRecoveryWords(randomBytes))).not.toEqual(keys);
  });

  it.each(['', 'abandon', 'abandon '.repeat(25), 'x'.repeat(2_000)])('are refused as %j', (text) => {
    expect(() => normaliseRecoveryWords(text)).toThrow(expect.objectContaining({ code: 'recovery-words-invalid' }));
  });

  it('never repeat a wrong word in the error', () => {
    const text = ['hunterpassword', ...makeRecoveryWords(randomBytes).split(' ').slice(1)].join(' ');
    expect(() => normaliseRecoveryWords(text)).toThrow(/^(?!.*hunterpassword)/);
  });
});

describe('a keyring', () => {
  const place = { accountId, accountKey, revision: 3 };
  const group = makeGroup(randomBytes, 'Radiology');
  const keyring = withCurrent(withGroup(makeKeyring(randomBytes, 'personal'), group), group.id);
  const sealIt = async (ring: Keyring) => sealKeyring(nodeProvider, place, { keyring: ring, randomBytes });

  it('comes back for its revision alone', async () => {
    const sealed = await sealIt(keyring);
    expect(await openKeyring(nodeProvider, place, sealed)).toEqual(keyring);
    await expect(openKeyring(nodeProvider, { ...place, revision: 2 }, sealed)).rejects.toMatchObject(refused);
  });

  it('knows its domains', () => {
    expect(currentDomain(keyring)).toMatchObject({ kind: 'group', id: group.id });
    expect(domainOf(keyring, 'personal')).toMatchObject({ kind: 'personal' });
    expect(domainOf(keyring, 'open')).toEqual({ kind: 'open', id: 'open' });
    expect(domainOf(keyring, 'ff'.repeat(16))).toBeUndefined();
    expect(() => withCurrent(keyring, 'ff'.repeat(16))).toThrow(expect.objectContaining({ code: 'argument-invalid' }));
    expect(withGroup(keyring, group)).toBe(keyring);
    expect(makeKeyring(randomBytes, { group })).toMatchObject({ groups: [group], current: group.id });
  });

  it.each([
    ['a current domain that it does not hold', { current: 'ff'.repeat(16) }], ['a short secret', { personal: new Uint8Array(31) }],
    ['a group twice', { groups: [group, group] }], ['a group without an id', { groups: [{ ...group, id: 'open' }] }], ['a nameless group', { groups: [{ ...group, name: '' }] }],
  ])('is refused with %s', async (_, change) => {
    const sealed = await sealIt({ ...keyring, ...change });
    await expect(openKeyring(nodeProvider, place, sealed)).rejects.toMatchObject(refused);
  });

  it('takes groups up to its limit, and then still fits a sealed object', async () => {
    let full = keyring;
    while (full.groups.length < maxGroups) full = withGroup(full, makeGroup(randomBytes, 'n'.repeat(maxGroupNameBytes)));
    expect((await sealIt(full)).length).toBeLessThanOrEqual(maxSealedBytes);
    expect(() => withGroup(full, makeGroup(randomBytes, 'one more'))).toThrow(expect.objectContaining({ code: 'argument-invalid' }));
    for (const name of ['', 'n'.repeat(maxGroupNameBytes + 1), 'é'.repeat(maxGroupNameBytes / 2 + 1)]) {
      expect(() => makeGroup(randomBytes, name)).toThrow(expect.objectContaining({ code: 'argument-invalid' }));
    }
  });
});

describe('an invitation', () => {
  it('hands the group to whoever has the whole link', async () => {
    const group = makeGroup(randomBytes, 'Family');
    const secret = makeInvitation(randomBytes);
    const sealed = await sealInvitedGroup(nodeProvider, secret, { inviterId: accountId, group, randomBytes });
    const link = parseInvitationLink(invitationLink('http://127.0.0.1:3000/register', secret));
    expect(link.address).toBe('http://127.0.0.1:3000/register');
    expect(await openInvitedGroup(nobleProvider, link, { inviterId: accountId, sealed })).toEqual(group);
    await expect(openInvitedGroup(nodeProvider, { ...link, code: randomBytes(16) }, { inviterId: accountId, sealed })).rejects.toMatchObject(refused);
    await expect(openInvitedGroup(nodeProvider, { ...link, key: randomBytes(32) }, { inviterId: accountId, sealed })).rejects.toMatchObject(refused);
    await expect(openInvitedGroup(nodeProvider, link, { inviterId: otherId, sealed })).rejects.toMatchObject(refused);
  });
});
