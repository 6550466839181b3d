/**
 * Much at once from one account or many: races for the first copy of a block, thousands of sessions and uploads, and sessions that are
 * revoked in the middle of an upload. Bounds hold, nobody learns of others, and others are served.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { maxSessionsPerAccount, maxUploadsPerAccount } from '../../client-sdk/protocol/limits.js';
import { blocksOf, CoreStore, framesOf, hereAndTrusted, type Registered } from '../support/core-store.js';
import { beginRaw, commitOf, rawBlock, registerRaw, sendCommits, sendHashes, storeRaw, streamOf, type RawAccount } from '../support/raw-account.js';
import { refusalCode } from '../support/refusal.js';
import { startServer, type TestServer } from '../support/running-server.js';

let server: TestServer | undefined;
let store: CoreStore | undefined;

afterEach(async () => {
  await server?.close();
  await store?.close();
  server = undefined;
  store = undefined;
});

async function people(url: string, count: number): Promise<readonly RawAccount[]> {
  const made: RawAccount[] = [];
  for (let i = 0; i < count; i++) made.push(await registerRaw(url, `person-${String(i)}`));
  return made;
}

const codeOf = (answer: Response): unknown => (answer.body as { code?: unknown }).code;

function send(url: string, { account, uploadId }: { readonly account: RawAccount; readonly uploadId: string }, body: Uint8Array): request.Test {
  return request(url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', account.bearer).set('Content-Type', 'application/octet-stream').send(Buffer.from(body));
}

describe.each([['by 64 accounts', 64], ['by one account 64 times', 1]] as const)('64 first uploads of one block at once %s', (_, accounts) => {
  it('are answered alike, end as one row, and each owner gets it back', async () => {
    const { url, services, store: opened } = (server = await startServer({ graceMs: 0 }));
    const owners = await people(url, accounts);
    const block = rawBlock(5_000);
    // An account has fewer uploads at a time than that: its requests share one.
    const shared = accounts === 1 ? await beginRaw(url, owners[0] ?? (await registerRaw(url, 'nobody'))) : undefined;
    const stored = await Promise.all(Array.from({ length: 64 / accounts }, () => owners).flat().map(async (owner, i) => {
      const uploadId = shared ?? (await beginRaw(url, owner));
      const asked = await sendHashes(url, { path: `uploads/${uploadId}/existence`, account: owner }, [block.rehash]);
      const sent = await send(url, { account: owner, uploadId }, streamOf([block]));
      const imageId = i.toString(16).padStart(32, '0');
      const committed = await sendCommits(url, { uploadId, account: owner }, [commitOf(imageId, [block])]);
      return { owner, imageId, asked: asked.body as object, sent, committed };
    }));
    // What others did is not told.
    if (accounts === 64) for (const { asked } of stored) expect(asked).toEqual({ states: 'AA' });
    for (const { owner, imageId, sent, committed } of stored) {
      expect([sent.status, sent.body, committed.body]).toEqual([200, expect.objectContaining({ results: ['stored'] }), { results: [{ imageId, status: 'stored' }] }]);
      expect((await sendHashes(url, { path: `images/${imageId}/blocks`, account: owner }, [block.tag])).status).toBe(200);
    }
    expect(await opened.parts.stores.tags.figures()).toMatchObject({ blocks: 1 });
    await services.sweep.sweep({ isThorough: true });
    expect(await opened.parts.stores.tags.figures()).toMatchObject({ blocks: 1, pendingCopies: 0 });
  });
});

describe('a poisoned race', () => {
  it('stores the true block alone, whoever comes first', async () => {
    const { url, store: opened } = (server = await startServer());
    const [ada, mallory] = await people(url, 2) as readonly [RawAccount, RawAccount]; // two were asked for
    const block = rawBlock(3_000);
    const poison = { ...rawBlock(3_000), tag: block.tag, rehash: block.rehash, code: block.code };
    const [mine, theirs] = [await beginRaw(url, ada), await beginRaw(url, mallory)];
    const answers = await Promise.all(Array.from({ length: 32 }, (_, i) => (i % 2 === 0 ? send(url, { account: mallory, uploadId: theirs }, streamOf([poison])) : send(url, { account: ada, uploadId: mine }, streamOf([block])))));
    expect(answers.map(({ body }) => (body as { results: readonly string[] }).results[0])).toEqual(answers.map((_, i) => (i % 2 === 0 ? 'tag-mismatch' : 'stored')));
    expect(await opened.parts.stores.tags.figures()).toMatchObject({ blocks: 1 });
    expect((await sendCommits(url, { uploadId: theirs, account: mallory }, [commitOf('b'.repeat(32), [block])])).body).toMatchObject({ results: [{ status: 'blocks-missing' }] });
  });
});

describe('thousands of one account’s', () => {
  const login = ({ registration: { username, password } }: Registered) => ({ username, authKey: password.authKey, carrier: 'bearer' as const });

  it('sessions stay within their bound; the newest live, and others keep theirs', async () => {
    const opened = (store = await CoreStore.open());
    const [ada, mallory] = [await opened.register(), await opened.register()];
    for (let round = 0; round < 20; round++) {
      opened.now++;
      await Promise.all(Array.from({ length: 100 }, () => refusalCode(() => opened.services.accounts.login(login(mallory), hereAndTrusted))));
    }
    const { accounts } = opened.parts.stores;
    expect(await accounts.listSessions(mallory.accountId, opened.now)).toHaveLength(maxSessionsPerAccount);
    expect(await accounts.listSessions(ada.accountId, opened.now)).toHaveLength(1);
    const { token } = await opened.services.accounts.login(login(mallory), hereAndTrusted);
    expect(await opened.services.sessions.authenticate(token)).toBeDefined();
  });

  it('uploads stay within their bound, and another begins hers', async () => {
    const opened = (store = await CoreStore.open());
    const [ada, mallory] = [await opened.register(), await opened.register()];
    const codes = await Promise.all(Array.from({ length: 2_000 }, () => refusalCode(() => opened.services.uploads.begin(mallory.accountId))));
    expect([codes.filter((code) => code === undefined).length, codes.filter((code) => code === 'too-many').length]).toEqual([maxUploadsPerAccount, 2_000 - maxUploadsPerAccount]);
    const { uploadId } = await opened.services.uploads.begin(ada.accountId);
    await opened.services.blocks.receive({ accountId: ada.accountId, uploadId }, framesOf(blocksOf(3)));
  });
});

describe('a session that is revoked between two requests of an upload', () => {
  it('is refused at its next request, and what it had begun can be ended by its owner’s other session', async () => {
    const { url } = (server = await startServer());
    const [ada] = await people(url, 1) as readonly [RawAccount]; // one was asked for
    const blocks = [rawBlock(), rawBlock()];
    const imageId = await storeRaw(url, ada, blocks);
    const made = (await request(url).post('/api/v1/tokens').set('Authorization', ada.bearer).send({ device: 'scanner', days: 1 })).body as { sessionId: string; token: string };
    const scanner = { ...ada, bearer: `Bearer ${made.token}` };
    const uploadId = await beginRaw(url, scanner);
    expect((await send(url, { account: scanner, uploadId }, streamOf([rawBlock()]))).status).toBe(200);
    expect((await request(url).delete(`/api/v1/sessions/${made.sessionId}`).set('Authorization', ada.bearer)).status).toBe(204);
    const next = [
      send(url, { account: scanner, uploadId }, streamOf([rawBlock()])),
      sendCommits(url, { uploadId, account: scanner }, [commitOf('c'.repeat(32), [])]),
      sendHashes(url, { path: `images/${imageId}/blocks`, account: scanner }, blocks.map(({ tag }) => tag)),
      request(url).get('/api/v1/images').set('Authorization', scanner.bearer),
    ];
    for (const answer of await Promise.all(next)) expect([answer.status, codeOf(answer)]).toEqual([401, 'unauthenticated']);
    expect((await sendCommits(url, { uploadId, account: ada }, [commitOf('d'.repeat(32), [])])).body).toMatchObject({ results: [{ status: 'stored' }] });
  });
});
