/**
 * What the strings and bytes of each body name. A member by which a caller can name what is another's is tried with that (foreign-ids.ts); of any other it
 * is said why it names nothing. A route with a body and without a row here does not compile, and a member that nobody thought of fails the test.
 */
import { createHash, randomBytes } from 'node:crypto';
import request from 'supertest';
import { base64Of, bytesOfHex, hexOf } from '../../client-sdk/protocol/bytes.js';
import { type Commit, commitsType, encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import type { BlockFrame } from '../../client-sdk/protocol/frames.js';
import { hashOfLeaves, packLeaf } from '../../client-sdk/protocol/head-tree.js';
import type { ImageId, Rehash } from '../../client-sdk/protocol/ids.js';
import type { RefusalCode } from '../../client-sdk/protocol/refusals.js';
import type { RouteName, routes } from '../../client-sdk/protocol/routes.js';
import { type RawAccount, commitOf, packed, rawBlock, type RawBlock, storeRaw, streamOf } from './raw-account.js';
import { headDigits, idBeginningWith, storeUnderHead } from './raw-head.js';
import { digits, invited, octets, type ReadyCall } from './route-fixture.js';

/** A member by which a caller names a thing. */
export interface Naming {
  /** What names something of this account's. */
  readonly of: (url: string, account: RawAccount) => Promise<string> | string;
  /** What names something of the caller's, where what `of` gives could as well be another's. */
  readonly own?: (url: string, account: RawAccount) => Promise<string>;
  /** Of the same form, and of nobody. */
  readonly absent: () => string;
  /** The call with it; without, the member of the JSON is replaced. */
  readonly into?: (ready: ReadyCall, value: string) => ReadyCall;
  /** The refusal of another's, where it is told from an absent one. */
  readonly tells?: RefusalCode;
  /** Why one's own is answered like another's. */
  readonly asOwn?: string;
  /** A secret that is shown: each wrong one counts as guessing, so one caller tries it. */
  readonly isProof?: true;
}

/** How a member names something, or why it does not. */
export type Member = Naming | string;

type Requests = { readonly [Name in RouteName]: (typeof routes)[Name] extends { readonly request: infer Body } ? Body : never };
/** Routes that take a body. */
export type BodyRoute = { [Name in RouteName]: [Requests[Name]] extends [never] ? never : Name }[RouteName];
interface Octets {
  readonly commits: Readonly<Record<keyof Commit, Member>>;
  readonly frames: Readonly<Record<Exclude<keyof BlockFrame, 'kind'>, Member>>;
  readonly hashes: Readonly<Record<'hashes', Member>>;
}
/** Of octets their parts, of JSON the paths of its members. */
type MembersOf<Body> = Body extends keyof Octets ? Octets[Body] : Readonly<Record<string, Member>>;

const sealed = 'sealed: the server does not look into it';
const chosen = 'its caller draws it, and it is looked for nowhere';
const shown = 'kept for its owner, and looked for nowhere';
const unsigned = 'without a factor of the account it is not looked at, and with one it is held against that: integration/second-factor';
const capability = 'it is for whoever has it, whoever that is';
const password = { 'password.kdf.salt': chosen, 'password.authKey': chosen, 'password.wrappedAccountKey': sealed };
const recovery = { 'recovery.recoveryAuth': chosen, 'recovery.wrappedAccountKey': sealed };

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const bytesOf = (hex: string): Uint8Array => bytesOfHex(hex) ?? new Uint8Array(); // as it was made here
const bodyOf = (ready: ReadyCall): object => JSON.parse(String(ready.body?.bytes)) as object; // route-fixture.ts made it of one
const withBody = (ready: ReadyCall, value: object): ReadyCall => ({ ...ready, body: { type: 'application/json', bytes: JSON.stringify(value) } });
const withCommit = (ready: ReadyCall, commit: Commit): ReadyCall => ({ ...ready, body: { type: commitsType, bytes: Buffer.from(encodeCommits([commit])) } });

/** A block that the account has stored, as `view` shows it. */
const block = (view: (block: RawBlock) => string): Pick<Naming, 'of' | 'absent'> => ({
  async of(url, account) {
    const stored = rawBlock();
    await storeRaw(url, account, [stored]);
    return view(stored);
  },
  absent: () => view(rawBlock()),
});

const username: Naming = { of: (_url, account) => account.username, absent: () => `none-${digits(4)}`, isProof: true };
const authKey: Naming = { of: (_url, account) => account.authKey, absent: () => digits(32), isProof: true };
const recoveryAuth: Naming = { of: (_url, account) => account.recoveryAuth, absent: () => digits(32), isProof: true };
const image: Naming = { of: (url, account) => storeRaw(url, account, [rawBlock()]), absent: () => digits(16) };
const images: Naming = { ...image, into: (ready, value) => withBody(ready, { images: [value] }) };

/** The leaf of a live image, packed. */
async function leafOf(url: string, account: RawAccount): Promise<string> {
  const imageId = await storeRaw(url, account, [rawBlock()]);
  const answer = await request(url).get(`/api/v1/images/${imageId}`).set('Authorization', account.bearer);
  const { manifestHash } = (answer.body as { readonly card: { readonly manifestHash: string } }).card;
  return leaf(imageId, bytesOf(manifestHash));
}

/** The image of the account's head that is this one in its order. A way to an id leads to the leaf that is nearest, so that of another's leads to the second. */
const underHead = (at: 0 | 1) => async (url: string, account: RawAccount): Promise<string> => (await storeUnderHead(url, account, headDigits))[at] ?? '';

const leaf = (imageId: string, manifestHash: Uint8Array): string => hexOf(packLeaf({ imageId: imageId as ImageId, state: 'live', at: 0, manifestHash })); // 16 bytes in hex

async function invitationHash(url: string, account: RawAccount): Promise<string> {
  const code = randomBytes(16);
  await invited(url, account, code);
  return hexOf(sha256(code));
}

export const bodyNames: { readonly [Name in BodyRoute]: MembersOf<Requests[Name]> } = {
  register: {
    accountId: { of: (_url, account) => account.accountId, absent: () => digits(16), tells: 'account-exists' },
    username: { of: (_url, account) => account.username, absent: () => `none-${digits(4)}`, tells: 'username-taken' },
    email: shown, ...password, ...recovery,
    'identity.x25519': chosen, 'identity.ed25519': chosen, 'identity.signature': chosen, 'identity.wrapped': sealed,
    keyring: sealed, invitationCode: capability, setupToken: 'of the first account, which is there', device: shown,
  },
  readLoginParameters: { username: { ...username, asOwn: 'the salt of a name that nobody has is invented, and stays as it is' } },
  login: { username, authKey, device: shown, code: unsigned },
  openRecovery: { username, recoveryAuth },
  openInvitation: { code: capability },
  changeCredentials: {
    'proof.username': username, 'proof.authKey': authKey,
    'proof.recoveryAuth': { ...recoveryAuth, into: (ready, value) => withBody(ready, { ...bodyOf(ready), proof: { username: (bodyOf(ready) as { readonly proof: { readonly username: string } }).proof.username, recoveryAuth: value } }) },
    'proof.code': unsigned, ...password, ...recovery, device: shown,
  },
  closeAccount: { authKey },
  beginSecondFactor: { authKey },
  confirmSecondFactor: { code: unsigned },
  endSecondFactor: { authKey, code: unsigned },
  changeKeyring: { keyring: sealed },
  changeEmail: { email: shown },
  makeToken: { device: shown },
  invite: {
    invitationId: { of: (url, account) => invited(url, account), absent: () => digits(16), tells: 'request-invalid' },
    codeHash: { of: invitationHash, absent: () => digits(32), tells: 'request-invalid' },
    sealedGroup: sealed,
  },
  readHeadPaths: { images: { ...images, of: underHead(1), own: underHead(0), absent: () => idBeginningWith(headDigits[1]) } },
  replaceHead: {
    head: sealed, root: 'what the leaves lead to',
    leaves: {
      of: leafOf, absent: () => leaf(digits(16), randomBytes(16)),
      into: (ready, value) => withBody(ready, { ...bodyOf(ready), leaves: base64Of(bytesOf(value)), root: hexOf(hashOfLeaves(sha256, [bytesOf(value)])) }),
    },
  },
  askExistence: { hashes: { ...block(({ rehash }) => hexOf(rehash)), into: ({ ids }, value) => octets(bytesOf(value), ids) } },
  claimBlocks: {
    nonce: 'given under existence = shared alone: integration/hostile-client', proofs: 'of the same: integration/hostile-client',
    tags: { ...block(({ rehash }) => packed([rehash])), asOwn: 'without a nonce nothing is claimed' },
  },
  sendBlocks: {
    rehash: {
      ...block(({ rehash }) => hexOf(rehash)), asOwn: 'a name that is not its cipher’s is refused, whoever has that',
      into: ({ ids }, value) => octets(streamOf([{ ...rawBlock(), rehash: bytesOf(value) as Rehash }]), ids), // 32 bytes
    },
    code: 'a check of the name',
    cipher: { ...block((stored) => hexOf(streamOf([stored]))), into: ({ ids }, value) => octets(bytesOf(value), ids), asOwn: 'what comes is received and counted alike' },
  },
  commitImages: {
    imageId: { ...image, into: (ready, value) => withCommit(ready, commitOf(value, [])) },
    tags: { ...block(({ rehash }) => packed([rehash])), into: (ready, value) => withCommit(ready, { ...commitOf(digits(16), []), tags: Buffer.from(value, 'base64url') }) },
    wrappedKey: sealed, entry: sealed, manifest: sealed, preview: sealed,
  },
  readImages: { images },
  fetchBlocks: { hashes: { ...block(({ tag }) => hexOf(tag)), into: ({ ids }, value) => octets(bytesOf(value), ids), asOwn: 'an image gives its own blocks alone' } },
};
