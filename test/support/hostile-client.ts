/**
 * Clients that lie to a real server: whatever they send is refused, leaves neither a row nor a byte behind, and another
 * account's session in the middle of its upload goes on as if nothing had been. SPEC.md sections 3, 7 and 12.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { base64Of, concat } from '../../client-sdk/protocol/bytes.js';
import { commitsType } from '../../client-sdk/protocol/commit-body.js';
import { encodeHead, encodeStart } from '../../client-sdk/protocol/frames.js';
import type { AccountId, UploadId } from '../../client-sdk/protocol/ids.js';
import { possessionPrefix } from '../../client-sdk/protocol/possession.js';
import { createServices } from '../../server/core/services.js';
import type { TagFigures } from '../../server/ports/tag-store.js';
import { hereAndTrusted } from './core-store.js';
import type { Engine } from './engine.js';
import { refusalCode } from './refusal.js';
import { beginRaw, commitOf, packed, rawBlock, registerRaw, registrationOf, sendCommits, sendHashes, storeRaw, streamOf, type RawAccount, type RawBlock } from './raw-account.js';
import { startServer, type TestServer } from './running-server.js';

let server: TestServer;
let mallory: RawAccount;
let ada: RawAccount;
/** Ada's upload in progress: one block sent, nothing committed. */
let adasUpload: string;
let adasBlock: RawBlock;
let stored: string;

/** Rows and bytes of the store. */
async function footprint(): Promise<string> {
  const { tags, blocks, images } = server.store.parts.stores;
  const { packFileBytes, packs } = await blocks.usage();
  return JSON.stringify([await tags.figures(), packFileBytes, packs, await images.list(mallory.accountId as AccountId, { isTrash: false, after: undefined, limit: 10 })]); // registerRaw made it as an id
}

/** Nothing was stored since, and Ada's upload goes on to its end. */
async function expectUntouched(): Promise<void> {
  expect(await footprint()).toBe(stored);
  const commit = commitOf('a'.repeat(32), [adasBlock]);
  expect((await sendCommits(server.url, { uploadId: adasUpload, account: ada }, [commit])).body).toMatchObject({ results: [{ status: 'stored' }] });
}

const codeOf = (answer: Response): unknown => (answer.body as { code?: unknown }).code;

function post(account: RawAccount, path: string): request.Test {
  return request(server.url).post(`/api/v1/${path}`).set('Authorization', account.bearer);
}

function send(account: RawAccount, uploadId: string, body: Uint8Array): request.Test {
  return post(account, `uploads/${uploadId}/blocks`).set('Content-Type', 'application/octet-stream').send(Buffer.from(body));
}

/** A request whose body the test writes piece by piece. */
function openCall(path: string, headers: Readonly<Record<string, string | number>>): ClientRequest {
  const call = httpRequest(`${server.url}/api/v1/${path}`, { method: 'POST', headers: { authorization: mallory.bearer, ...headers } });
  call.on('error', () => undefined);
  return call;
}

/** The lies on one engine: all, or those alone that an index has to see through. */
export function hostileClient(engine: Engine, which: 'all' | 'of the index' = 'all'): void {
  describe(`on ${engine.name}`, () => {
    beforeEach(async () => {
      server = await startServer({ ...(await engine.settings()), existence: 'shared' });
      ada = await registerRaw(server.url, 'ada');
      mallory = await registerRaw(server.url, 'mallory');
      adasUpload = await beginRaw(server.url, ada);
      adasBlock = rawBlock(3_000);
      expect((await send(ada, adasUpload, streamOf([adasBlock]))).status).toBe(200);
      stored = await footprint();
    });

    afterEach(async () => {
      await server.close();
    });

    foreignHashes();
    claims();
    races(engine);
    if (which === 'of the index') return;
    lyingBlocks();
    largeBodies();
    strangeJson();
  });
}

function lyingBlocks(): void {
  describe('blocks that lie', () => {
    it.each<[string, (block: RawBlock) => Uint8Array, number, string | undefined]>([
      ['with a wrong T1', (block) => streamOf([{ ...block, rehash: rawBlock().rehash }]), 200, undefined],
      ['with T in place of T1', (block) => streamOf([{ ...block, rehash: block.tag as unknown as RawBlock['rehash'] }]), 200, undefined], // the lie itself
      ['with a wrong check code', (block) => streamOf([{ ...block, code: block.code ^ 1 }]), 200, undefined],
      ['with the T1 of another account’s block', (block) => streamOf([{ ...block, rehash: adasBlock.rehash, code: adasBlock.code }]), 200, undefined],
      ['with a length above every block', (block) => concat(encodeStart(), encodeHead({ kind: 'block', ...block }).fill(255, 35), block.cipher), 400, 'frame-invalid'],
      ['with a length beyond the end', (block) => streamOf([block]).subarray(0, -60), 400, 'frame-invalid'],
      ['with a length that hides the next frame', (block) => {
        const two = streamOf([block, rawBlock(300)]);
        two.writeUInt32BE(block.cipher.length + 40, 4 + 35);
        return two;
      }, 400, 'frame-invalid'],
    ])('%s store nothing', async (...row) => {
      const answer = await send(mallory, await beginRaw(server.url, mallory), row[1](rawBlock(2_000)));
      expect([answer.status, codeOf(answer)]).toEqual([row[2], row[3]]);
      if (row[2] === 200) expect(answer.body).toMatchObject({ results: ['tag-mismatch'], sessionBytes: 0 });
      await expectUntouched();
    });

    it('sent into another account’s session, or into none, store nothing', async () => {
      for (const uploadId of [adasUpload, '0'.repeat(32)]) expect(codeOf(await send(mallory, uploadId, streamOf([rawBlock()])))).toBe('upload-unknown');
      expect(codeOf(await sendCommits(server.url, { uploadId: adasUpload, account: mallory }, [commitOf('b'.repeat(32), [adasBlock])]))).toBe('upload-unknown');
      expect((await request(server.url).delete(`/api/v1/uploads/${adasUpload}`).set('Authorization', mallory.bearer)).status).toBe(204);
      await expectUntouched();
    });
  });
}

function foreignHashes(): void {
  describe('a foreign T1', () => {
    it('commits nothing and fetches nothing', async () => {
      const uploadId = await beginRaw(server.url, mallory);
      const commit = await sendCommits(server.url, { uploadId, account: mallory }, [commitOf('b'.repeat(32), [adasBlock])]);
      expect(commit.body).toMatchObject({ results: [{ status: 'blocks-missing', missing: packed([adasBlock.rehash]) }] });
      await expectUntouched();
      const own = await storeRaw(server.url, mallory, [rawBlock()]);
      for (const tag of [adasBlock.tag, adasBlock.rehash]) expect((await sendHashes(server.url, { path: `images/${own}/blocks`, account: mallory }, [tag])).status).toBe(404);
      expect((await sendHashes(server.url, { path: `images/${'a'.repeat(32)}/blocks`, account: mallory }, [adasBlock.tag])).status).toBe(404);
    });
  });
}

function claims(): void {
  describe('a claim', () => {
    interface Asked {
      readonly uploadId: string;
      readonly nonce: string;
    }

    async function ask(account: RawAccount): Promise<Asked> {
      const uploadId = await beginRaw(server.url, account);
      const { nonce } = (await sendHashes(server.url, { path: `uploads/${uploadId}/existence`, account }, [adasBlock.rehash])).body as { nonce?: string };
      if (nonce === undefined) throw new Error('the block should be claimable');
      return { uploadId, nonce };
    }

    async function proofOf({ uploadId, nonce }: Asked, account: RawAccount): Promise<string> {
      const { serverId } = (await request(server.url).get('/api/v1/server')).body as { serverId: string };
      const scope = { serverId, accountId: account.accountId as AccountId, uploadId: uploadId as UploadId, rehash: adasBlock.rehash }; // both came over the wire as ids
      return base64Of(createHmac('sha256', Buffer.from(nonce, 'hex')).update(possessionPrefix(scope, adasBlock.cipher.length)).update(adasBlock.cipher).digest());
    }

    const claim = (account: RawAccount, { uploadId, nonce, tags = packed([adasBlock.rehash]) }: Asked & { readonly tags?: string }, proofs: string): request.Test =>
      post(account, `uploads/${uploadId}/claims`).send({ nonce, tags, proofs });
    const nothing = base64Of(Uint8Array.of(0));

    it('with the right proof passes once; replayed, in another session or for other blocks it is refused', async () => {
      const bob = await registerRaw(server.url, 'bob');
      stored = await footprint();
      const asked = await ask(bob);
      const proof = await proofOf(asked, bob);
      const other = await ask(bob);
      expect(codeOf(await claim(bob, { ...other, nonce: asked.nonce }, proof))).toBe('proof-invalid');
      expect(codeOf(await claim(bob, { ...asked, tags: packed([rawBlock().rehash]) }, proof))).toBe('proof-invalid');
      expect(codeOf(await claim(mallory, asked, proof))).toBe('upload-unknown');
      expect((await claim(bob, asked, proof)).body).toEqual({ states: base64Of(Uint8Array.of(1)) });
      expect(codeOf(await claim(bob, asked, proof))).toBe('proof-invalid');
      await expectUntouched();
    });

    it('by who knows T and T1 alone is told to send it, like a claim of what is not there', async () => {
      const asked = await ask(mallory);
      expect((await claim(mallory, asked, base64Of(randomBytes(32)))).body).toEqual({ states: nothing });
      // Another account's proof over the same bytes is none either.
      const again = await ask(mallory);
      expect((await claim(mallory, again, await proofOf(again, ada))).body).toEqual({ states: nothing });
      expect((await sendCommits(server.url, { uploadId: again.uploadId, account: mallory }, [commitOf('b'.repeat(32), [adasBlock])])).body).toMatchObject({ results: [{ status: 'blocks-missing' }] });
      await expectUntouched();
    });
  });
}

function largeBodies(): void {
  describe('a body of 2 GB', () => {
    const bodies = ['uploads/:id/blocks', 'uploads/:id/existence', 'uploads/:id/claims', 'uploads/:id/commits', 'login', 'accounts'];
    const types: Readonly<Record<string, string>> = { blocks: 'application/octet-stream', existence: 'application/octet-stream', commits: commitsType };
    const typeOf = (path: string): string => types[path.split('/').at(-1) ?? ''] ?? 'application/json';

    it.each(bodies)('announced to %s is refused before it is sent', async (path) => {
      const call = openCall(path.replace(':id', await beginRaw(server.url, mallory)), { 'content-type': typeOf(path), 'content-length': 2 * 2 ** 30 });
      call.flushHeaders();
      const [answer] = await once(call, 'response') as [IncomingMessage];
      expect(answer.statusCode).toBe(413);
      answer.resume();
      call.destroy();
      await expectUntouched();
    });

    it.each(bodies)('chunked to %s is refused when its bound is passed, without being held', async (path) => {
      const uploadId = await beginRaw(server.url, mallory);
      const call = openCall(path.replace(':id', uploadId), { 'content-type': typeOf(path) });
      const answered = new Promise<number | undefined>((resolve) => {
        call.once('response', ({ statusCode }: IncomingMessage) => { resolve(statusCode); });
        call.once('close', () => { resolve(undefined); });
      });
      const piece = path.endsWith('blocks') ? streamOf([rawBlock(1_000_000)]).subarray(4, -5) : Buffer.alloc(1_000_000, 0x20);
      call.write(path.endsWith('blocks') ? encodeStart() : '{');
      // More than the largest bound; what the server does not take from the wire is not waited for.
      for (let sent = 0; sent < 40; sent++) {
        const isTaken = call.write(piece) || (await Promise.race([once(call, 'drain').then(() => true), answered.then(() => false)]));
        if (!isTaken) break;
      }
      expect(await answered).toBe(413);
      call.destroy();
      if (path.endsWith('blocks')) await expectReclaimed(uploadId);
      else await expectUntouched();
    });

    /** Whole blocks that came before the bound are pinned by their session alone, and go with it. */
    async function expectReclaimed(uploadId: string): Promise<void> {
      const { parts } = server.store;
      const [before] = JSON.parse(stored) as readonly [TagFigures]; // as footprint wrote it
      expect((await parts.stores.tags.figures()).blocks).toBeGreaterThan(before.blocks);
      expect((await request(server.url).delete(`/api/v1/uploads/${uploadId}`).set('Authorization', mallory.bearer)).status).toBe(204);
      const later = { now: () => parts.world.clock.now() + 1_000 };
      await createServices({ ...parts, policy: { ...parts.policy, graceMs: 0 }, world: { ...parts.world, clock: later } }).sweep.sweep({ isThorough: true });
      expect(await parts.stores.tags.figures()).toEqual(before);
      expect((await request(server.url).get('/api/v1/account/usage').set('Authorization', mallory.bearer)).body).toMatchObject({ images: 0 });
      const commit = commitOf('a'.repeat(32), [adasBlock]);
      expect((await sendCommits(server.url, { uploadId: adasUpload, account: ada }, [commit])).body).toMatchObject({ results: [{ status: 'stored' }] });
    }
  });
}

function strangeJson(): void {
  describe('strange JSON', () => {
    it.each(['{"__proto__":{"isOperator":true},"username":"ada"}', '{"username":"ada","constructor":{"prototype":{"isOperator":true}}}', '{"username":["ada"]}', '{"username":{"toString":1}}', `${'['.repeat(50_000)}${']'.repeat(50_000)}`])(
      'is refused and pollutes nothing: %.60s', async (body) => {
        const answer = await request(server.url).post('/api/v1/login/parameters').set('Content-Type', 'application/json').send(body);
        expect([answer.status, codeOf(answer)]).toEqual([400, 'request-invalid']);
        expect(({} as { isOperator?: unknown }).isOperator).toBeUndefined();
        expect((await request(server.url).get('/api/v1/operator/report').set('Authorization', mallory.bearer)).status).toBe(403);
      },
    );
  });
}

function races(engine: Engine): void {
  describe('races', () => {
    it('for the first account make one operator, for one name one account, and for one invitation one guest', async () => {
      const fresh = await startServer({ ...(await engine.settings()), signup: 'invite' });
      try {
        const post2 = (body: object) => request(fresh.url).post('/api/v1/accounts').send(body);
        const firsts = await Promise.all(Array.from({ length: 8 }, (_, i) => post2(registrationOf(`first-${String(i)}`))));
        const made = firsts.filter(({ status }) => status === 200);
        expect(made).toHaveLength(1);
        const { token } = made[0]?.body as { token: string }; // a grant for a bearer has one
        const code = randomBytes(16);
        const invitation = { invitationId: 'c'.repeat(32), codeHash: createHash32(code), sealedGroup: base64Of(randomBytes(80)), days: 1 };
        expect((await request(fresh.url).post('/api/v1/invitations').set('Authorization', `Bearer ${token}`).send(invitation)).status).toBe(200);
        const guests = await Promise.all(Array.from({ length: 8 }, (_, i) => post2(registrationOf(i < 4 ? 'same-name' : `guest-${String(i)}`, { invitationCode: code.toString('hex') }))));
        expect(guests.filter(({ status }) => status === 200)).toHaveLength(1);
        expect(new Set(guests.filter(({ status }) => status !== 200).map(codeOf))).toEqual(new Set(['invitation-invalid']));
      } finally {
        await fresh.close();
      }
    });

    it('between a login with the old password and its change leave the old one no session', async () => {
      const { accounts, sessions } = server.services;
      const { username, accountId } = ada;
      const old = Buffer.from(ada.authKey, 'hex');
      const next = { kdf: { log2N: 17, r: 8, p: 1, salt: randomBytes(16) }, authKey: randomBytes(32), wrappedAccountKey: randomBytes(80) };
      const login = () => accounts.login({ username, authKey: old, carrier: 'bearer' }, hereAndTrusted);
      const first = await login();
      const early = Array.from({ length: 4 }, () => login().catch(() => undefined));
      const change = accounts.changeCredentials({ proof: { username, authKey: old }, expectedRevision: 1, password: next, carrier: 'bearer' }, hereAndTrusted);
      const late = Array.from({ length: 4 }, () => login().catch(() => undefined));
      const begun = await Promise.all([...early, ...late]);
      const changed = await change;
      for (const session of [first, ...begun]) if (session !== undefined) expect(await sessions.authenticate(session.token)).toBeUndefined();
      expect((await sessions.authenticate(changed.token))?.account.accountId).toBe(accountId);
      expect(await refusalCode(login)).toBe('credentials-wrong');
    });
  });
}

function createHash32(code: Uint8Array): string {
  return Buffer.from(server.store.parts.world.hasher.sha256(code)).toString('hex');
}
