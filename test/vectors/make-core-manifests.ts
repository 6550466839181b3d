/**
 * Vectors of manifests and entries: packed lists, encoding, signature, and what a stranger might write.
 */
import type { CborMap } from '../../client-sdk/core/cbor.js';
import { asText, type Case, fixed, flipped, memberOf, type Produce } from './make-core-case.js';
import { bytes, cbor } from './make-core-keys.js';

const groupId = '00112233445566778899aabbccddeeff';
const domains = `personal ${groupId}`;
const block = (name: string, domain: string) => ({ tag: fixed(`tag ${name}`, 32), key: fixed(`key ${name}`, 32), domain });
const refs = [block('a', 'personal'), block('b', 'personal'), { coded: '0102030405' }, block('c', groupId)];

/** All cases of the folder manifest. */
export async function manifestCases(produce: Produce): Promise<readonly Case[]> {
  const packed = asText(await produce('packRefs', { refs, domains }));
  return [...lists(packed), ...patchLists(), ...(await manifests(produce, packed)), ...(await entries(produce))];
}

function lists(packed: string): readonly Case[] {
  const refuse = (name: string, why: string, change: Case['input']): Case => ({
    path: `manifest/list-refuse-${name}`, why, operation: 'unpackRefs', input: { packed, domains, count: refs.length, ...change }, failure: 'recipe-invalid',
  });
  const [t, k] = [fixed('t', 32), fixed('k', 32)];
  return [
    { path: 'manifest/list-pack', why: 'Runs of domains, then tag and key, or length and coded bytes.', operation: 'packRefs', input: { refs, domains } },
    { path: 'manifest/list-unpack', why: 'A list gives its refs back.', operation: 'unpackRefs', input: { packed, domains, count: refs.length } },
    { path: 'manifest/list-empty', why: 'No refs, no bytes.', operation: 'unpackRefs', input: { packed: '', domains, count: 0 } },
    refuse('count', 'It has more refs than were counted.', { count: 3 }),
    refuse('fewer', 'It has fewer refs than were counted.', { count: 5 }),
    refuse('domain', 'A run names a domain that is not in the table.', { packed: `0301${t}${k}`, count: 1 }),
    refuse('cut-run', 'A run that could have been longer.', { packed: `00010001${'01aa'.repeat(2)}`, count: 2 }),
    refuse('zero-run', 'A run of nothing.', { packed: '0000000101aa', count: 1 }),
    refuse('trailing', 'Bytes after the refs.', { packed: `${packed}00` }),
    refuse('cut', 'The last byte is missing.', { packed: packed.slice(0, -2) }),
    refuse('empty-inline', 'An inline content without bytes.', { packed: '000100', count: 1 }),
    refuse('long-inline', 'An inline content of 96 bytes is a block.', { packed: `000160${'00'.repeat(96)}`, count: 1 }),
    refuse('huge-count', 'A count that the bytes cannot hold is refused before anything is made.', { count: 131_072 }),
  ];
}

function patchLists(): readonly Case[] {
  const patches = [{ index: 1, patch: '0a0b' }, { index: 2, patch: '0a0b' }, { index: 3, patch: '0c' }, { index: 9, patch: '0c' }];
  const packed = '0102020a0b' + '0001010c' + '0501010c';
  const refuse = (name: string, why: string, change: Case['input']): Case => ({
    path: `manifest/patches-refuse-${name}`, why, operation: 'unpackPatches', input: { packed, contents: 10, ...change }, failure: 'recipe-invalid',
  });
  return [
    { path: 'manifest/patches-pack', why: 'Runs of equal patches on neighbours.', operation: 'packPatches', input: { patches } },
    { path: 'manifest/patches-unpack', why: 'The table gives its patches back.', operation: 'unpackPatches', input: { packed, contents: 10 } },
    { path: 'manifest/patches-none', why: 'No patches, no bytes.', operation: 'unpackPatches', input: { packed: '', contents: 0 } },
    refuse('beyond', 'A patch for a content that the image does not have.', { contents: 9 }),
    refuse('zero-run', 'A run of nothing.', { packed: '0000010a' }),
    refuse('empty', 'A patch without bytes.', { packed: '000100' }),
    refuse('split-run', 'Two runs that are one.', { packed: '0001010a0001010a' }),
    refuse('cut', 'The last byte is missing.', { packed: packed.slice(0, -2) }),
    refuse('long', 'A patch above its limit.', { packed: '0001818004' }),
  ];
}

async function manifests(produce: Produce, packed: string): Promise<readonly Case[]> {
  const contents = { count: 3, depth: 0, packed: asText(await produce('packRefs', { refs: refs.slice(1), domains })) };
  const manifest = {
    ...contents, domains, skeleton: fixed('skeleton', 20), patches: '0101020a0b', fileHash: fixed('file', 32), size: 123_456, width: 192, height: 64, description: 'PNG 8-bit RGB',
  };
  const encoded = asText(await produce('encodeManifest', { manifest }));
  const members: CborMap = {
    version: 1, splitter: 1, params: {}, skeleton: bytes('00'), contents: [3, 0, bytes(contents.packed)], patches: bytes(''), domains: ['personal', groupId],
    fileHash: bytes(fixed('file', 32)), size: 1, picture: null, description: '',
  };
  const refuse = (name: string, why: string, change: CborMap): Case => ({
    path: `manifest/refuse-${name}`, why, operation: 'decodeManifest', input: { bytes: cbor(Object.values({ ...members, ...change })) }, failure: 'recipe-invalid',
  });
  return [
    { path: 'manifest/encode', why: 'A manifest with a short list.', operation: 'encodeManifest', input: { manifest } },
    { path: 'manifest/decode', why: 'It decodes to itself.', operation: 'decodeManifest', input: { bytes: encoded } },
    { path: 'manifest/refuse-trailing', why: 'A byte follows.', operation: 'decodeManifest', input: { bytes: `${encoded}00` }, failure: 'sealed-invalid' },
    { path: 'manifest/refuse-cut', why: 'It ends early.', operation: 'decodeManifest', input: { bytes: encoded.slice(0, -2) }, failure: 'sealed-invalid' },
    { path: 'manifest/refuse-order', why: 'Keys of a map in another order are no canonical encoding.', operation: 'decodeManifest', input: { bytes: 'a2616201616101' }, failure: 'sealed-invalid' },
    refuse('member', 'An unknown member.', { more: 1 }), refuse('version', 'An unknown version.', { version: 2 }), refuse('splitter', 'An unknown splitter.', { splitter: 9 }),
    refuse('domain', 'A domain id of no form.', { domains: ['nowhere'] }), refuse('domain-twice', 'A domain twice.', { domains: ['open', 'open'] }),
    refuse('hash', 'A file hash of 31 bytes.', { fileHash: bytes(fixed('file', 31)) }), refuse('size', 'A negative size.', { size: -1 }),
    refuse('count', 'More contents than an image may have.', { contents: [131_073, 3, bytes(packed)] }),
    refuse('depth', 'Segments for what needs none.', { contents: [1, 1, bytes(packed)] }),
    refuse('long-list', 'A list above 256 bytes that is not cut.', { contents: [9, 0, new Uint8Array(300)] }),
    refuse('skeleton', 'A skeleton above 256 bytes that is not cut.', { skeleton: new Uint8Array(257) }),
    refuse('skeleton-length', 'A skeleton above the limit.', { skeleton: [33_554_433, 1, 0, bytes(packed)] }),
    refuse('patches', 'Patches above 256 bytes that are not cut.', { patches: new Uint8Array(257) }),
    refuse('picture', 'A picture without height.', { picture: [64] }), refuse('description', 'A description above 200 bytes.', { description: 'x'.repeat(201) }),
    ...(await signatures(produce, encoded)),
  ];
}

async function signatures(produce: Produce, manifest: string): Promise<readonly Case[]> {
  const identity = fixed('owner', 64);
  const place = { accountId: fixed('account', 16), imageId: fixed('image', 16), imageKey: fixed('image key', 32) };
  const sealing = { ...place, manifest, identity, nonce: fixed('nonce', 12) };
  const sealed = asText(await produce('sealManifest', sealing));
  const signed = await produce('signIdentity', { secrets: identity, epoch: 1, accountId: place.accountId, username: 'ada' });
  const ownerKey = memberOf(signed, 'ed25519');
  const opening = { ...place, sealed, ownerKey };
  return [
    { path: 'manifest/seal-signed', why: 'Signature and manifest, padded, under the image key’s subkey.', operation: 'sealManifest', input: sealing },
    { path: 'manifest/open-signed', why: 'It opens for its owner’s key.', operation: 'openManifest', input: opening },
    { path: 'manifest/refuse-author', why: 'Another owner: holding the image key is not authorship.', operation: 'openManifest', input: { ...opening, ownerKey: flipped(ownerKey, 9) }, failure: 'signature-invalid' },
    { path: 'manifest/refuse-other-image', why: 'The manifest of another image.', operation: 'openManifest', input: { ...opening, imageId: flipped(place.imageId, 0) }, failure: 'sealed-invalid' },
    { path: 'manifest/refuse-other-account', why: 'The manifest of another account.', operation: 'openManifest', input: { ...opening, accountId: flipped(place.accountId, 0) }, failure: 'sealed-invalid' },
  ];
}

async function entries(produce: Produce): Promise<readonly Case[]> {
  const bare = {
    name: 'scans/2026/éclair\nX-ray.png', size: 3_145_728, type: 'image/png', fileHash: fixed('file', 32), addedAt: 1_767_312_000_123, codedBytes: 2_097_152, sentBytes: 40_961,
  };
  const entry = { ...bare, width: 2_048, height: 1_024, modifiedAt: 1_767_225_600_000 };
  const encoded = asText(await produce('encodeEntry', entry));
  const name = (label: string, text: string): Case => ({
    path: `manifest/entry-refuse-${label}`, why: 'A name that cannot be kept.', operation: 'encodeEntry', input: { ...entry, name: text }, failure: 'name-invalid',
  });
  return [
    { path: 'manifest/entry', why: 'All that a listing reads.', operation: 'encodeEntry', input: entry },
    { path: 'manifest/entry-bare', why: 'Without picture and time of change.', operation: 'encodeEntry', input: bare },
    { path: 'manifest/entry-longest', why: 'The longest name, in two-byte characters.', operation: 'encodeEntry', input: { ...entry, name: 'é'.repeat(400) } },
    { path: 'manifest/entry-type', why: 'What is no media type becomes application/octet-stream.', operation: 'encodeEntry', input: { ...entry, type: 'no type' } },
    { path: 'manifest/entry-decode', why: 'It decodes to itself.', operation: 'decodeEntry', input: { bytes: encoded } },
    { path: 'manifest/entry-refuse-cut', why: 'It ends early.', operation: 'decodeEntry', input: { bytes: encoded.slice(0, -2) }, failure: 'sealed-invalid' },
    { path: 'manifest/entry-refuse-members', why: 'Its last number is missing.', operation: 'decodeEntry', input: { bytes: `8b${encoded.slice(2, -6)}` }, failure: 'recipe-invalid' },
    { path: 'manifest/entry-refuse-sent', why: 'Fewer bytes than none were sent.', operation: 'decodeEntry', input: { bytes: `${encoded.slice(0, -6)}39a001` }, failure: 'recipe-invalid' },
    { path: 'manifest/entry-refuse-coded', why: 'Coded bytes are no number.', operation: 'decodeEntry', input: { bytes: `${encoded.slice(0, -16)}f6${encoded.slice(-6)}` }, failure: 'recipe-invalid' },
    { path: 'manifest/entry-refuse-map', why: 'It is no list.', operation: 'decodeEntry', input: { bytes: 'a0' }, failure: 'recipe-invalid' },
    name('empty', ''), name('nul', 'a\0b'), name('long', 'é'.repeat(401)),
  ];
}
