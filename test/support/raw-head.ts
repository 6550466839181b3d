/**
 * A first head of an account on the wire, over images whose ids begin as a test wants: where an id lies among others is what answers about heads turn on. SPEC.md section 14.
 */
import { createHash, randomBytes } from 'node:crypto';
import request from 'supertest';
import { base64Of, concat, hexOf } from '../../client-sdk/protocol/bytes.js';
import { hashOfLeaves, packLeaf } from '../../client-sdk/protocol/head-tree.js';
import { manifestHashBytes } from '../../client-sdk/protocol/limits.js';
import { beginRaw, commitOf, type RawAccount, sendCommits } from './raw-account.js';

const sha256 = (bytes: Uint8Array): Uint8Array => createHash('sha256').update(bytes).digest();

/** Digits of images of which another's id lies beside that of the second. */
export const headDigits = ['0', '9', 'f'] as const;

/** An id that begins with this hex digit. */
export function idBeginningWith(digit: string): string {
  return digit + randomBytes(16).toString('hex').slice(1);
}

/** Stores an image for each of these digits, which ascend, and signs for all. Answers their ids. */
export async function storeUnderHead(url: string, account: RawAccount, digits: readonly string[]): Promise<readonly string[]> {
  const commits = digits.map((digit) => commitOf(idBeginningWith(digit), []));
  const committed = await sendCommits(url, { uploadId: await beginRaw(url, account), account }, commits);
  if (committed.status !== 200) throw new Error(`commits answered ${String(committed.status)}: ${committed.text}`);
  const leaves = commits.map(({ imageId, manifest }) => packLeaf({ imageId, state: 'live', at: 0, manifestHash: sha256(manifest).subarray(0, manifestHashBytes) }));
  const change = { counter: 1, head: base64Of(randomBytes(80)), leaves: base64Of(concat(...leaves)), root: hexOf(hashOfLeaves(sha256, leaves)) };
  const replaced = await request(url).put('/api/v1/account/head').set('Authorization', account.bearer).send(change);
  if (replaced.status !== 204) throw new Error(`the head answered ${String(replaced.status)}: ${replaced.text}`);
  return commits.map(({ imageId }) => imageId);
}

/** Whether the account has one. */
export async function hasHead(url: string, account: RawAccount): Promise<boolean> {
  const answer = await request(url).get('/api/v1/account/head').set('Authorization', account.bearer);
  return (answer.body as { readonly head?: unknown }).head !== undefined;
}
