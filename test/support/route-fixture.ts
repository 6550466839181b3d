/**
 * For every route of the table a call that its owner may make and that would change something where it can: ids of things
 * that the owner has, and a whole body. A route without a fixture does not compile.
 */
import { createHash, randomBytes } from 'node:crypto';
import request from 'supertest';
import { base64Of, concat } from '../../client-sdk/protocol/bytes.js';
import { commitsType, encodeCommits } from '../../client-sdk/protocol/commit-body.js';
import type { RouteName } from '../../client-sdk/protocol/routes.js';
import { codeNow } from './authenticator.js';
import { beginRaw, commitOf, packed, rawBlock, type RawAccount, registrationOf, storeRaw, streamOf } from './raw-account.js';
import { hasHead, headDigits, storeUnderHead } from './raw-head.js';

/** A call of one route, ready to be made by anybody. */
export interface ReadyCall {
  /** Values of the path's ids, by name. */
  readonly ids: Readonly<Record<string, string>>;
  readonly body?: { readonly type: string; readonly bytes: Buffer | string };
}

/** Makes what the call is about, as the owner's. */
export type RouteFixture = (url: string, owner: RawAccount) => Promise<ReadyCall> | ReadyCall;

export const digits = (bytes: number): string => randomBytes(bytes).toString('hex');
const sealed = (): string => base64Of(randomBytes(80));
const json = (value: object, ids: ReadyCall['ids'] = {}): ReadyCall => ({ ids, body: { type: 'application/json', bytes: JSON.stringify(value) } });
export const octets = (bytes: Uint8Array, ids: ReadyCall['ids']): ReadyCall => ({ ids, body: { type: 'application/octet-stream', bytes: Buffer.from(bytes) } });
const plain = (ids: ReadyCall['ids'] = {}): ReadyCall => ({ ids });
const bodiless: RouteFixture = () => plain();

/** Calls as the owner and answers the body. */
async function asOwner(url: string, owner: RawAccount, call: { readonly method: 'post' | 'delete'; readonly path: string; readonly body?: object }): Promise<Readonly<Record<string, unknown>>> {
  const asked = request(url)[call.method](`/api/v1/${call.path}`).set('Authorization', owner.bearer);
  const answer = call.body === undefined ? await asked : await asked.send(call.body);
  if (answer.status >= 300) throw new Error(`${call.path} answered ${String(answer.status)}: ${answer.text}`);
  return answer.body as Readonly<Record<string, unknown>>; // any JSON object
}

async function trashed(url: string, owner: RawAccount): Promise<string> {
  const imageId = await storeRaw(url, owner, [rawBlock()]);
  await asOwner(url, owner, { method: 'delete', path: `images/${imageId}` });
  return imageId;
}

function invitationOf(code: Uint8Array = randomBytes(16)): Readonly<Record<string, string | number>> {
  return { invitationId: digits(16), codeHash: createHash('sha256').update(code).digest('hex'), sealedGroup: sealed(), days: 1 };
}

export async function invited(url: string, owner: RawAccount, code?: Uint8Array): Promise<string> {
  const invitation = invitationOf(code);
  await asOwner(url, owner, { method: 'post', path: 'invitations', body: invitation });
  return String(invitation['invitationId']);
}

async function begunFactor(url: string, owner: RawAccount): Promise<string> {
  return String((await asOwner(url, owner, { method: 'post', path: 'account/second-factor', body: { authKey: owner.authKey } }))['secret']);
}

const upload = async (url: string, owner: RawAccount): Promise<{ readonly uploadId: string }> => ({ uploadId: await beginRaw(url, owner) });
const image = async (url: string, owner: RawAccount): Promise<{ readonly imageId: string }> => ({ imageId: await storeRaw(url, owner, [rawBlock()]) });

export const routeFixtures: Readonly<Record<RouteName, RouteFixture>> = {
  readServer: bodiless,
  register: () => json(registrationOf(`new-${digits(8)}`)),
  readLoginParameters: (_url, { username }) => json({ username }),
  login: (_url, { username, authKey }) => json({ username, authKey, carrier: 'bearer' }),
  openRecovery: (_url, { username, recoveryAuth }) => json({ username, recoveryAuth }),
  async openInvitation(url, owner) {
    const code = randomBytes(16);
    await invited(url, owner, code);
    return json({ code: code.toString('hex') });
  },
  changeCredentials: (_url, { username, authKey }) =>
    // The same secrets anew: others of the test go on with them.
    json({ proof: { username, authKey }, expectedRevision: 1, password: { ...registrationOf(username)['password'] as object, authKey }, carrier: 'bearer' }), // registrationOf puts an object there
  logout: bodiless,
  readPageSession: bodiless,
  readAccount: bodiless,
  closeAccount: (_url, { authKey }) => json({ authKey }),
  beginSecondFactor: (_url, { authKey }) => json({ authKey }),
  confirmSecondFactor: async (url, owner) => json({ code: codeNow(await begunFactor(url, owner)) }),
  async endSecondFactor(url, owner) {
    // One that waits for its first code goes with any: with one that is on the owner could not log in as the others of the test do.
    await begunFactor(url, owner);
    return json({ authKey: owner.authKey, code: '000000' });
  },
  changeKeyring: () => json({ expectedRevision: 1, keyring: sealed() }),
  changeEmail: () => json({ email: 'changed@example.org' }),
  readUsage: bodiless,
  listSessions: bodiless,
  async endSession(url, owner) {
    const { sessionId } = await asOwner(url, owner, { method: 'post', path: 'tokens', body: { device: 'scanner', days: 1 } });
    return plain({ sessionId: String(sessionId) });
  },
  makeToken: () => json({ device: 'scanner', days: 1 }),
  invite: () => json(invitationOf()),
  listInvitations: bodiless,
  endInvitation: async (url, owner) => plain({ invitationId: await invited(url, owner) }),
  readHead: bodiless,
  listHeads: bodiless,
  listLeaves: bodiless,
  async readHeadPaths(url, owner) {
    if (!(await hasHead(url, owner))) await storeUnderHead(url, owner, headDigits);
    return json({ images: [(await image(url, owner)).imageId] });
  },
  replaceHead: () => json({ counter: 1, head: sealed(), leaves: '', root: '00'.repeat(32) }),
  beginUpload: bodiless,
  askExistence: async (url, owner) => octets(rawBlock().rehash, await upload(url, owner)),
  // Under existence = own no nonce was ever given: the owner, too, hears that the proof is none.
  claimBlocks: async (url, owner) => json({ nonce: digits(32), tags: packed([rawBlock().rehash]), proofs: base64Of(randomBytes(32)) }, await upload(url, owner)),
  sendBlocks: async (url, owner) => octets(streamOf([rawBlock()]), await upload(url, owner)),
  async commitImages(url, owner) {
    return { ids: await upload(url, owner), body: { type: commitsType, bytes: Buffer.from(encodeCommits([commitOf(digits(16), [])])) } };
  },
  endUpload: async (url, owner) => plain(await upload(url, owner)),
  listImages: bodiless,
  readImages: async (url, owner) => json({ images: [(await image(url, owner)).imageId] }),
  readImage: async (url, owner) => plain(await image(url, owner)),
  async readPreview(url, owner) {
    const uploadId = await beginRaw(url, owner);
    const commit = { ...commitOf(digits(16), []), preview: randomBytes(90) };
    const sent = await request(url).post(`/api/v1/uploads/${uploadId}/commits`).set('Authorization', owner.bearer).set('Content-Type', commitsType).send(Buffer.from(encodeCommits([commit])));
    if (sent.status !== 200) throw new Error(`the commit answered ${String(sent.status)}: ${sent.text}`);
    return plain({ imageId: commit.imageId });
  },
  async fetchBlocks(url, owner) {
    const blocks = [rawBlock(), rawBlock()];
    return octets(concat(...blocks.map(({ tag }) => tag)), { imageId: await storeRaw(url, owner, blocks) });
  },
  trashImage: async (url, owner) => plain(await image(url, owner)),
  restoreImage: async (url, owner) => plain({ imageId: await trashed(url, owner) }),
  purgeImage: async (url, owner) => plain({ imageId: await trashed(url, owner) }),
  readReport: bodiless,
  readOperatorReport: bodiless,
  listUsers: bodiless,
  collect: bodiless,
};
