/**
 * What the vectors of core do, by name: each takes a vector's input and gives its output. The generator and the tests
 * run the same operations; a vector's expected output is what is committed.
 */
import { openBlock, sealCoded } from '../../client-sdk/core/block.js';
import { type ContentRef, packRefs, unpackRefs } from '../../client-sdk/core/block-list.js';
import type { CryptoProvider } from '../../client-sdk/core/crypto.js';
import { blockKey, type Domain, groupDomain, openDomain, paddedLength, personalDomain } from '../../client-sdk/core/domain.js';
import { decodeEntry, encodeEntry } from '../../client-sdk/core/entry.js';
import { hkdf, subkey } from '../../client-sdk/core/hkdf.js';
import { makeIdentity, signIdentity } from '../../client-sdk/core/keys/identity.js';
import { invitationCodeHash, invitationLink, parseInvitationLink } from '../../client-sdk/core/keys/invitation.js';
import { deriveLogin, normaliseUsername, realmOf } from '../../client-sdk/core/keys/password.js';
import { checkPasswordStrength } from '../../client-sdk/core/keys/password-strength.js';
import { makeRecoveryWords, recoveryKeys } from '../../client-sdk/core/keys/recovery.js';
import { open, seal, type SealedContext, sealedPurposes } from '../../client-sdk/core/keys/sealed-object.js';
import { openManifest, sealManifest } from '../../client-sdk/core/keys/signed-manifest.js';
import { subkeyPurposes } from '../../client-sdk/core/labels.js';
import { decodeManifest, encodeManifest, type Manifest } from '../../client-sdk/core/manifest.js';
import { packPatches, unpackPatches } from '../../client-sdk/core/patch-list.js';
import { provePossession } from '../../client-sdk/core/possession.js';
import { concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { encodeStream, FrameReader } from '../../client-sdk/protocol/frames.js';
import { correct, hammingOf } from '../../client-sdk/protocol/hamming.js';
import { type AccountId, asRehash, asTag, idOf, type ImageId, type UploadId } from '../../client-sdk/protocol/ids.js';
import type { Json } from '../../client-sdk/protocol/schema.js';
import { givenRandom } from './fixed-random.js';
import { headOperations } from './head-operations.js';
import { plainCoder } from './plain-coder.js';
import { bytesIn, listIn, numberIn, objectIn, textIn, type VectorInput } from './vector.js';

type Operation = (provider: CryptoProvider, input: VectorInput) => Promise<Json>;

/** Operations by name. */
export const coreOperations: Readonly<Record<string, Operation>> = {
  sealCoded: async (provider, input) => {
    const block = await sealCoded(provider, bytesIn(input, 'key'), bytesIn(input, 'coded'));
    return { cipher: hexOf(block.cipher), tag: hexOf(block.tag), rehash: hexOf(block.rehash), code: block.code };
  },
  openBlock: async (provider, input) => {
    const domain = input['domain'] === undefined ? undefined : domainIn(input, 'domain');
    const opening = { cipher: bytesIn(input, 'cipher'), tag: bytesIn(input, 'tag'), key: bytesIn(input, 'key'), domain };
    return hexOf(await openBlock(provider, plainCoder, opening));
  },
  aes256Ctr: async (provider, input) => hexOf(await provider.aes256Ctr(bytesIn(input, 'key'), bytesIn(input, 'iv'), bytesIn(input, 'bytes'))),
  tagOf: async (provider, input) => {
    const tag = await provider.sha256(bytesIn(input, 'cipher'));
    return { tag: hexOf(tag), rehash: hexOf(await provider.sha256(tag)) };
  },
  hammingOf: (_, input) => Promise.resolve(hammingOf(bytesIn(input, 'tag'))),
  correct: (_, input) => {
    const outcome = correct(asTag(bytesIn(input, 'tag')), numberIn(input, 'code'));
    return Promise.resolve(outcome.kind === 'corrected' ? { ...outcome, tag: hexOf(outcome.tag) } : { kind: outcome.kind });
  },
  blockKey: async (provider, input) => hexOf(await blockKey(provider, domainIn(input, 'domain'), bytesIn(input, 'fingerprint'))),
  paddedLength: (_, input) => Promise.resolve(paddedLength(domainIn(input, 'domain').kind, numberIn(input, 'length'))),
  seal: async (provider, input) => {
    const context = contextIn(input);
    const plaintext = bytesIn(input, 'plaintext');
    return hexOf(await seal(provider, { key: bytesIn(input, 'key'), context, plaintext, randomBytes: givenRandom(bytesIn(input, 'nonce')) }));
  },
  open: async (provider, input) => hexOf(await open(provider, { key: bytesIn(input, 'key'), context: contextIn(input), sealed: bytesIn(input, 'sealed') })),
  packRefs: (_, input) => Promise.resolve(hexOf(packRefs(listIn(input, 'refs').map(refIn), domainsIn(input)))),
  unpackRefs: (_, input) => Promise.resolve(unpackRefs(bytesIn(input, 'packed'), domainsIn(input), numberIn(input, 'count')).map(refJson)),
  packPatches: (_, input) => Promise.resolve(hexOf(packPatches(new Map(listIn(input, 'patches').map((patch) => [numberIn(patch, 'index'), bytesIn(patch, 'patch')]))))),
  unpackPatches: (_, input) =>
    Promise.resolve([...unpackPatches(bytesIn(input, 'packed'), numberIn(input, 'contents'))].map(([index, patch]) => ({ index, patch: hexOf(patch) }))),
  encodeManifest: (_, input) => Promise.resolve(hexOf(encodeManifest(manifestIn(objectIn(input, 'manifest'))))),
  decodeManifest: (_, input) => Promise.resolve(hexOf(encodeManifest(decodeManifest(bytesIn(input, 'bytes'))))),
  sealManifest: async (provider, input) => {
    const identity = makeIdentity(givenRandom(bytesIn(input, 'identity')));
    const manifest = decodeManifest(bytesIn(input, 'manifest'));
    return hexOf(await sealManifest(provider, manifestPlace(input), { manifest, identity, randomBytes: givenRandom(bytesIn(input, 'nonce')) }));
  },
  openManifest: async (provider, input) => {
    const opening = { sealed: bytesIn(input, 'sealed'), ownerKey: bytesIn(input, 'ownerKey') };
    return hexOf(encodeManifest(await openManifest(provider, manifestPlace(input), opening)));
  },
  encodeEntry: (_, input) => {
    const { modifiedAt } = input;
    const entry = {
      name: textIn(input, 'name'), size: numberIn(input, 'size'), type: textIn(input, 'type'), fileHash: bytesIn(input, 'fileHash'),
      picture: pictureIn(input), modifiedAt: typeof modifiedAt === 'number' ? modifiedAt : undefined, addedAt: numberIn(input, 'addedAt'),
      splitter: 'raster' as const, codedBytes: numberIn(input, 'codedBytes'), sentBytes: numberIn(input, 'sentBytes'),
    };
    return Promise.resolve(hexOf(encodeEntry(entry)));
  },
  decodeEntry: (_, input) => Promise.resolve(hexOf(encodeEntry(decodeEntry(bytesIn(input, 'bytes'))))),
  encodeStream: (_, input) => Promise.resolve(hexOf(concat(...encodeStream(listIn(input, 'frames').map(frameIn))))),
  readStream: (_, input) => {
    const reader = new FrameReader();
    const frames = reader.push(bytesIn(input, 'stream'));
    reader.finish();
    return Promise.resolve(frames.map((frame) => ({
      kind: frame.kind, rehash: hexOf(frame.rehash), ...(frame.kind === 'block' ? { code: frame.code, cipher: hexOf(frame.cipher) } : {}),
    })));
  },
  provePossession: async (provider, input) => {
    const rehash = asRehash(bytesIn(input, 'rehash'));
    const scope = { serverId: textIn(input, 'serverId'), accountId: accountIn(input), uploadId: idIn<UploadId>(input, 'uploadId'), rehash };
    return hexOf(await provePossession(provider, bytesIn(input, 'nonce'), { scope, cipher: bytesIn(input, 'cipher') }));
  },
  hkdf: async (provider, input) => {
    const { key, salt, info } = { key: bytesIn(input, 'key'), salt: bytesIn(input, 'salt'), info: bytesIn(input, 'info') };
    return hexOf(await hkdf(provider, { key, salt, info, length: numberIn(input, 'length') }));
  },
  subkeys: async (provider, input) => {
    const derived: Record<string, string> = {};
    for (const purpose of subkeyPurposes) derived[purpose] = hexOf(await subkey(provider, bytesIn(input, 'key'), purpose));
    return derived;
  },
  makeRecoveryWords: (_, input) => Promise.resolve(makeRecoveryWords(givenRandom(bytesIn(input, 'entropy')))),
  recoveryKeys: async (provider, input) => {
    const { recoveryAuth, recoveryWrap } = await recoveryKeys(provider, textIn(input, 'words'));
    return { recoveryAuth: hexOf(recoveryAuth), recoveryWrap: hexOf(recoveryWrap) };
  },
  signIdentity: (_, input) => {
    const identity = makeIdentity(givenRandom(bytesIn(input, 'secrets')), numberIn(input, 'epoch'));
    const signature = hexOf(signIdentity(identity, accountIn(input), textIn(input, 'username')));
    return Promise.resolve({ x25519: hexOf(identity.x25519), ed25519: hexOf(identity.ed25519), signature });
  },
  parseInvitationLink: async (provider, input) => {
    const { address, code, key } = parseInvitationLink(textIn(input, 'link'));
    const codeHash = hexOf(await invitationCodeHash(provider, code));
    return { address, code: hexOf(code), key: hexOf(key), codeHash, link: invitationLink(address, { code, key }) };
  },
  deriveLogin: async (provider, input) => {
    const { log2N, r, p, salt } = { log2N: numberIn(input, 'log2N'), r: numberIn(input, 'r'), p: numberIn(input, 'p'), salt: bytesIn(input, 'salt') };
    const keys = await deriveLogin(provider, { password: textIn(input, 'password'), realm: textIn(input, 'realm'), kdf: { log2N, r, p, salt } });
    return { authKey: hexOf(keys.authKey), wrapKey: hexOf(await keys.wrapKey(accountIn(input))) };
  },
  normaliseUsername: (_, input) => Promise.resolve(input).then((given) => normaliseUsername(textIn(given, 'username'))),
  checkPasswordStrength: (_, input) => Promise.resolve(input).then((given) => {
    checkPasswordStrength(textIn(given, 'password'), textIn(given, 'username'));
    return 'accepted';
  }),
  ...headOperations,
  realmOf: (_, input) => Promise.resolve(realmOf(textIn(input, 'hostname'))),
};

function domainIn(input: VectorInput, name: string): Domain {
  const domain = objectIn(input, name);
  const id = textIn(domain, 'id');
  if (id === 'open') return openDomain;
  return id === 'personal' ? personalDomain(bytesIn(domain, 'secret')) : groupDomain(id, bytesIn(domain, 'secret'));
}

function contextIn(input: VectorInput): SealedContext {
  const purpose = (Object.keys(sealedPurposes) as (keyof typeof sealedPurposes)[]).find((name) => name === input['purpose']); // Object.keys widens.
  if (purpose === undefined) throw new TypeError('unknown purpose');
  return { purpose, accountId: accountIn(input), objectId: bytesIn(input, 'objectId'), revision: numberIn(input, 'revision') };
}

function idIn<Id extends AccountId | ImageId | UploadId>(input: VectorInput, name: string): Id {
  const id = idOf<Id>(textIn(input, name));
  if (id === undefined) throw new TypeError(`${name} is no id`);
  return id;
}

function accountIn(input: VectorInput): AccountId {
  return idIn<AccountId>(input, 'accountId');
}

function manifestPlace(input: VectorInput): { accountId: AccountId; imageId: ImageId; imageKey: Uint8Array } {
  return { accountId: accountIn(input), imageId: idIn<ImageId>(input, 'imageId'), imageKey: bytesIn(input, 'imageKey') };
}

function domainsIn(input: VectorInput): readonly string[] {
  return textIn(input, 'domains').split(' ');
}

function refIn(input: VectorInput): ContentRef {
  if (input['coded'] !== undefined) return { kind: 'inline', coded: bytesIn(input, 'coded') };
  return { kind: 'block', tag: asTag(bytesIn(input, 'tag')), key: bytesIn(input, 'key'), domain: textIn(input, 'domain') };
}

function refJson(ref: ContentRef): Json {
  if (ref.kind === 'inline') return { coded: hexOf(ref.coded) };
  return { tag: hexOf(ref.tag), key: hexOf(ref.key), domain: ref.domain };
}

function manifestIn(input: VectorInput): Manifest {
  const skeleton = { kind: 'inline' as const, bytes: bytesIn(input, 'skeleton') };
  const patches = { kind: 'inline' as const, bytes: bytesIn(input, 'patches') };
  const contents = { count: numberIn(input, 'count'), depth: numberIn(input, 'depth'), packed: bytesIn(input, 'packed') };
  return {
    splitter: 'raster', params: { tilePixels: 64 }, skeleton, contents, patches, domains: domainsIn(input), fileHash: bytesIn(input, 'fileHash'),
    size: numberIn(input, 'size'), picture: pictureIn(input), description: textIn(input, 'description'),
  };
}

function pictureIn(input: VectorInput): { width: number; height: number } | undefined {
  return input['width'] === undefined ? undefined : { width: numberIn(input, 'width'), height: numberIn(input, 'height') };
}

function frameIn(input: VectorInput): Parameters<typeof encodeStream>[0][number] {
  const rehash = asRehash(bytesIn(input, 'rehash'));
  if (input['cipher'] === undefined) return { kind: 'absent', rehash };
  return { kind: 'block', rehash, code: numberIn(input, 'code'), cipher: bytesIn(input, 'cipher') };
}
