/**
 * Accounts, blocks and images as bare bytes on the wire, without any client: for tests of what the server does with
 * callers that keep to the forms and to nothing else. Not a model of the SDK: nothing here is sealed.
 */
import { createHash, randomBytes } from 'node:crypto';
import request from 'supertest';
import { base64Of, concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { type Commit, commitsType, encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import { encodeStream } from '../../client-sdk/protocol/frames.js';
import { hammingOf } from '../../client-sdk/protocol/hamming.js';
import { compareBytes } from '../../client-sdk/protocol/bytes.js';
import type { ImageId, Rehash, Tag } from '../../client-sdk/protocol/ids.js';
import { rehashOf, tagOf } from '../../client-sdk/protocol/tag.js';

/** An account that a test made over the wire. */
export interface RawAccount {
  readonly accountId: string;
  readonly username: string;
  /** 64 hex digits. */
  readonly authKey: string;
  readonly recoveryAuth: string;
  /** Value of the Authorization header. */
  readonly bearer: string;
}

/** A block as its sender knows it. */
export interface RawBlock {
  readonly cipher: Uint8Array;
  readonly tag: Tag;
  readonly rehash: Rehash;
  readonly code: number;
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();
const hexDigits = (bytes: number): string => randomBytes(bytes).toString('hex');
const sealed = (): string => base64Of(randomBytes(80));

/** A registration body; `members` replace or add single members. */
export function registrationOf(username: string, members: object = {}): Record<string, unknown> {
  return {
    accountId: hexDigits(16),
    username,
    password: { kdf: { log2N: 17, r: 8, p: 1, salt: hexDigits(16) }, authKey: hexDigits(32), wrappedAccountKey: sealed() },
    recovery: { recoveryAuth: hexDigits(32), wrappedAccountKey: sealed() },
    identity: { x25519: hexDigits(32), ed25519: hexDigits(32), epoch: 1, signature: hexDigits(64), wrapped: sealed() },
    keyring: sealed(),
    carrier: 'bearer',
    ...members,
  };
}

/** Registers over the wire and logs in as a bearer. */
export async function registerRaw(url: string, username: string, members: object = {}): Promise<RawAccount> {
  const body = registrationOf(username, members);
  const answer = await request(url).post('/api/v1/accounts').send(body);
  if (answer.status !== 200) throw new Error(`registration answered ${answer.status}: ${answer.text}`);
  // What registrationOf has just put there.
  const { password, recovery, accountId } = body as { password: { authKey: string }; recovery: { recoveryAuth: string }; accountId: string };
  const { token } = answer.body as { token: string };
  return { accountId, username, authKey: password.authKey, recoveryAuth: recovery.recoveryAuth, bearer: `Bearer ${token}` };
}

/** A block of random bytes. */
export function rawBlock(bytes = 200): RawBlock {
  const cipher = randomBytes(bytes);
  const tag = tagOf(sha256, cipher);
  return { cipher, tag, rehash: rehashOf(sha256, tag), code: hammingOf(tag) };
}

/** The stream of frames of `blocks`. */
export function streamOf(blocks: readonly RawBlock[]): Buffer {
  return Buffer.from(concat(...encodeStream(blocks.map(({ rehash, code, cipher }) => ({ kind: 'block', rehash, code, cipher })))));
}

/** Tags packed as JSON carries them. */
export function packed(tags: readonly Uint8Array[]): string {
  return base64Of(concat(...tags));
}

/** Begins an upload session. */
export async function beginRaw(url: string, account: RawAccount): Promise<string> {
  const answer = await request(url).post('/api/v1/uploads').set('Authorization', account.bearer);
  return (answer.body as { uploadId: string }).uploadId;
}

/** Sends `blocks` and commits an image that refers to them. Answers its id. */
export async function storeRaw(url: string, account: RawAccount, blocks: readonly RawBlock[]): Promise<string> {
  const uploadId = await beginRaw(url, account);
  const sent = await request(url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', account.bearer)
    .set('Content-Type', 'application/octet-stream').send(streamOf(blocks));
  if (sent.status !== 200) throw new Error(`sending answered ${sent.status}: ${sent.text}`);
  const imageId = hexDigits(16);
  const committed = await sendCommits(url, { uploadId, account }, [commitOf(imageId, blocks)]);
  const { results } = committed.body as { results?: readonly { readonly status: string }[] };
  if (results?.[0]?.status !== 'stored') throw new Error(`commit answered ${committed.status}: ${committed.text}`);
  return imageId;
}

/** A commit of an image that refers to `blocks`. */
export function commitOf(imageId: string, blocks: readonly RawBlock[]): Commit {
  const rehashes = [...new Map(blocks.map(({ rehash }) => [hexOf(rehash), rehash])).values()].sort(compareBytes);
  // Tests name images by 32 hex digits.
  return { imageId: imageId as ImageId, wrappedKey: randomBytes(80), entry: randomBytes(80), manifest: randomBytes(300), tags: concat(...rehashes) };
}

/** Calls a route below `/api/v1` that takes hashes. */
export function sendHashes(url: string, { path, account }: { readonly path: string; readonly account: RawAccount }, hashes: readonly Uint8Array[]): request.Test {
  return request(url).post(`/api/v1/${path}`).set('Authorization', account.bearer)
    .set('Content-Type', 'application/octet-stream').send(Buffer.from(concat(...hashes)));
}

/** Sends commits into an upload session; the answer is the test's. */
export function sendCommits(url: string, { uploadId, account }: { readonly uploadId: string; readonly account: RawAccount }, commits: readonly Commit[]): request.Test {
  return request(url).post(`/api/v1/uploads/${uploadId}/commits`).set('Authorization', account.bearer)
    .set('Content-Type', commitsType).send(Buffer.from(encodeCommits(commits)));
}
