/**
 * A full disk under the packs and a full database: 507, nothing that was acknowledged is lost, and as soon as there is room the
 * same steps succeed. `check` is the judge.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import pino from 'pino';
import request, { type Response } from 'supertest';
import { pngOf } from '../../bench/plain-images.js';
import { checkStore, type Finding } from '../../server/core/check.js';
import type { Parts } from '../../server/core/contract.js';
import { makeApp } from '../../server/http/app.js';
import { listen } from '../../server/listener.js';
import { CoreStore } from '../support/core-store.js';
import { beginRaw, commitOf, rawBlock, registerRaw, registrationOf, sendCommits, sendHashes, streamOf, type RawAccount, type RawBlock } from '../support/raw-account.js';
import { startServer } from '../support/running-server.js';
import { photograph } from '../support/sample-images.js';
import { clientOf, downloaded, registered, testPassword, uploaded } from '../support/sdk-client.js';
import { TinyDisk } from '../support/tiny-disk.js';

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** An image that the server acknowledged. */
interface Acknowledged {
  readonly imageId: string;
  readonly block: RawBlock;
}

const codeOf = (answer: Response): unknown => (answer.body as { code?: unknown }).code;

function post(url: string, path: string, account: RawAccount): request.Test {
  return request(url).post(`/api/v1/${path}`).set('Authorization', account.bearer);
}

function sendTo(url: string, upload: { readonly uploadId: string; readonly account: RawAccount }, block: RawBlock): request.Test {
  return post(url, `uploads/${upload.uploadId}/blocks`, upload.account).set('Content-Type', 'application/octet-stream').send(streamOf([block]));
}

/** Uploads images of `bytes` each until the server refuses one; answers those that it took and the refusal. */
async function fill(url: string, account: RawAccount, bytes: number): Promise<{ readonly taken: readonly Acknowledged[]; readonly refusal: Response }> {
  const taken: Acknowledged[] = [];
  const uploadId = await beginRaw(url, account);
  for (let number = 0; number < 5_000; number++) {
    const block = rawBlock(bytes);
    const sent = await sendTo(url, { uploadId, account }, block);
    if (sent.status !== 200) return { taken, refusal: sent };
    const imageId = number.toString(16).padStart(32, '0');
    const committed = await sendCommits(url, { uploadId, account }, [commitOf(imageId, [block])]);
    if (committed.status !== 200) return { taken, refusal: committed };
    expect(committed.body).toMatchObject({ results: [{ status: 'stored' }] });
    taken.push({ imageId, block });
  }
  throw new Error('the store never gets full');
}

async function expectThere(url: string, account: RawAccount, images: readonly Acknowledged[]): Promise<void> {
  for (const { imageId, block } of images) {
    expect((await request(url).get(`/api/v1/images/${imageId}`).set('Authorization', account.bearer)).status).toBe(200);
    const answer = await sendHashes(url, { path: `images/${imageId}/blocks`, account }, [block.tag]).buffer(true).parse((stream, done) => {
      const pieces: Buffer[] = [];
      stream.on('data', (piece: Buffer) => pieces.push(piece));
      stream.on('end', () => { done(null, Buffer.concat(pieces)); });
    });
    expect((answer.body as Buffer).includes(Buffer.from(block.cipher))).toBe(true);
  }
}

async function expectNothingWrong(parts: Parts): Promise<void> {
  const findings: Finding[] = [];
  await checkStore(parts, { onFinding: (finding) => findings.push(finding) });
  expect(findings).toEqual([]);
}

describe('a full disk', () => {
  it('is answered with 507, keeps what was acknowledged, and takes more as soon as there is room', async () => {
    const disk = new TinyDisk(300_000);
    const server = await startServer({}, disk.files);
    closers.push(() => server.close());
    const [ada, bob] = [await registerRaw(server.url, 'ada'), await registerRaw(server.url, 'bob')];
    const { taken, refusal } = await fill(server.url, ada, 20_000);
    expect([refusal.status, codeOf(refusal)]).toEqual([507, 'storage-full']);
    expect(taken.length).toBeGreaterThan(8);
    expect(disk.refusals).toBeGreaterThan(0);
    await expectThere(server.url, ada, taken);
    disk.room = 100;
    const stranger = registrationOf('stranger');
    expect((await request(server.url).post('/api/v1/accounts').send(stranger)).status).toBe(507);
    expect((await fill(server.url, bob, 5_000)).refusal.status).toBe(507);
    expect((await request(server.url).get('/healthz')).status).toBe(200);
    await expectNothingWrong(server.store.parts);
    disk.room = 10_000_000;
    expect((await request(server.url).post('/api/v1/accounts').send(stranger)).status).toBe(200);
    const more = rawBlock(200_000);
    const uploadId = await beginRaw(server.url, ada);
    expect((await sendTo(server.url, { uploadId, account: ada }, more)).body).toMatchObject({ results: ['stored'] });
    expect((await sendCommits(server.url, { uploadId, account: ada }, [commitOf('f'.repeat(32), [more])])).body).toMatchObject({ results: [{ status: 'stored' }] });
    await server.services.sweep.sweep({ isThorough: true });
    await expectThere(server.url, ada, [...taken, { imageId: 'f'.repeat(32), block: more }]);
    await expectNothingWrong(server.store.parts);
  });

  it('that comes between the blocks and the commit acknowledges no image', async () => {
    const disk = new TinyDisk(1_000_000);
    const server = await startServer({}, disk.files);
    closers.push(() => server.close());
    const ada = await registerRaw(server.url, 'ada');
    const uploadId = await beginRaw(server.url, ada);
    const block = rawBlock(5_000);
    expect((await sendTo(server.url, { uploadId, account: ada }, block)).status).toBe(200);
    disk.room = 50;
    const commits = [commitOf('a'.repeat(32), [block])];
    expect((await sendCommits(server.url, { uploadId, account: ada }, commits)).status).toBe(507);
    expect((await request(server.url).get('/api/v1/images').set('Authorization', ada.bearer)).body).toEqual({ images: [] });
    disk.room = 1_000_000;
    expect((await sendCommits(server.url, { uploadId, account: ada }, commits)).body).toMatchObject({ results: [{ status: 'stored' }] });
    await expectThere(server.url, ada, [{ imageId: 'a'.repeat(32), block }]);
  });

  it('is a typed failure of the files that do not fit, and of no other', async () => {
    const disk = new TinyDisk(70_000);
    const server = await startServer({}, disk.files);
    closers.push(() => server.close());
    const ada = await registered(server.url, 'ada');
    const files = { 'small.png': pngOf(photograph(70, 64, 1)), 'large.png': pngOf(photograph(260, 200, 2)) };
    const results = await uploaded(ada, files, { filesInFlight: 1 });
    expect(results.get('small.png')?.status).toBe('stored');
    expect(results.get('large.png')).toMatchObject({ status: 'failed', error: { code: 'storage-full' } });
    disk.room = 10_000_000;
    const again = await clientOf(server.url);
    await again.login({ username: 'ada', password: testPassword });
    const second = await uploaded(again, files);
    expect([second.get('small.png')?.status, second.get('large.png')?.status]).toEqual(['known', 'stored']);
    expect(Buffer.from(await downloaded(again, second.get('large.png')?.id ?? '')).equals(files['large.png'])).toBe(true);
  });
});

describe('a full database', () => {
  it('is answered with 507, keeps what was acknowledged, and takes more as soon as there is room', async () => {
    const store = await CoreStore.open();
    closers.push(() => store.close());
    const card = {
      serverId: '0'.repeat(32), realm: 'localhost', version: '0', protocol: 1, existence: 'own', signup: 'open', defaultDomain: 'open', maxImageBytes: 1e9, trashDays: 30,
    } as const;
    const app = makeApp(store.services, { log: pino({ level: 'silent' }), publicUrl: undefined, trustProxy: undefined, rates: { strict: 0, general: 0 }, card });
    const listener = await listen(app, { host: '127.0.0.1', port: 0 });
    closers.push(() => listener.drain(1_000));
    const url = `http://127.0.0.1:${String(listener.port)}`;
    const ada = await registerRaw(url, 'ada');
    store.pragma(`max_page_count = ${String(Number(store.pragma('page_count')) + 12)}`);
    const { taken, refusal } = await fill(url, ada, 300);
    expect([refusal.status, codeOf(refusal)]).toEqual([507, 'storage-full']);
    expect(taken.length).toBeGreaterThan(5);
    await expectThere(url, ada, taken);
    await expectNothingWrong(store.parts);
    store.pragma('max_page_count = 1000000');
    const { taken: more } = await fillSome(url, ada);
    await expectThere(url, ada, [...taken, ...more]);
    await expectNothingWrong(store.parts);
  });
});

async function fillSome(url: string, account: RawAccount): Promise<{ readonly taken: readonly Acknowledged[] }> {
  const uploadId = await beginRaw(url, account);
  const image = { imageId: 'e'.repeat(32), block: rawBlock() };
  expect((await sendTo(url, { uploadId, account }, image.block)).status).toBe(200);
  expect((await sendCommits(url, { uploadId, account }, [commitOf(image.imageId, [image.block])])).status).toBe(200);
  return { taken: [image] };
}
