/**
 * The log: one JSON line a request under an id that the answer names too, errors under the same id, and nothing in it that is a secret or somebody's.
 */
import { request as httpRequest } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { loggable, redacted } from '../../server/http/loggable.js';
import { CorruptionError, StorageError } from '../../server/ports/errors.js';
import { nodeFiles, type FileLayer } from '../../server/storage/packs/file-layer.js';
import { beginRaw, type RawAccount, rawBlock, registerRaw, streamOf } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly requestId?: string;
  readonly [name: string]: unknown;
}

let server: TestServer;
let ada: RawAccount;
let breaksDisk = false;

beforeAll(async () => {
  const files: FileLayer = {
    ...nodeFiles,
    open: (file, how) => (breaksDisk && how === 'new' ? Promise.reject(new Error('the disk of ada@example.org at https://ada:sesame@disk/?token=abc sulks')) : nodeFiles.open(file, how)),
  };
  server = await startServer({ logLevel: 'info' }, files);
  ada = await registerRaw(server.url, 'ada');
});

afterAll(() => server.close());

function lines(): readonly Line[] {
  // Each line of the log is an object of pino's making.
  return server.logText().trim().split('\n').map((line) => JSON.parse(line) as Line);
}

/** The lines of the request that was answered so. */
function linesOf(answer: request.Response): readonly Line[] {
  const id = answer.headers['x-request-id'];
  return lines().filter(({ requestId }) => requestId === id);
}

describe('a request', () => {
  it('has one line with route, method, status, time and bytes', async () => {
    const uploadId = await beginRaw(server.url, ada);
    const stream = streamOf([rawBlock(5_000)]);
    const answer = await request(server.url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', ada.bearer).set('Content-Type', 'application/octet-stream').send(stream);
    const [line, ...others] = linesOf(answer);
    expect(others).toEqual([]);
    expect(line).toMatchObject({ level: 30, msg: 'request', method: 'POST', route: '/api/v1/uploads/:uploadId/blocks', status: 200, isCut: false });
    expect(line?.['ms']).toEqual(expect.any(Number));
    expect(line?.['receivedBytes']).toBeGreaterThan(stream.length);
    expect(line?.['sentBytes']).toBeGreaterThan(100);
  });

  it('that is refused says by which code, and one that no route takes has no path', async () => {
    const refused = await request(server.url).get('/api/v1/account');
    expect(linesOf(refused)).toMatchObject([{ status: 401, refusal: 'unauthenticated', route: '/api/v1/account' }]);
    const lost = await request(server.url).get('/secret/place?token=sesame');
    expect(linesOf(lost)).toMatchObject([{ status: 404, refusal: 'route-unknown', route: 'unknown' }]);
    expect(server.logText()).not.toMatch(/sesame|secret/);
  });

  it('of a probe has none, unless somebody looks closely', async () => {
    for (const path of ['/healthz', '/readyz', '/metrics']) expect(linesOf(await request(server.url).get(path))).toEqual([]);
  });

  it('that a client left is told as cut', async () => {
    const uploadId = await beginRaw(server.url, ada);
    const call = httpRequest(`${server.url}/api/v1/uploads/${uploadId}/blocks`, {
      method: 'POST', headers: { authorization: ada.bearer, 'content-type': 'application/octet-stream', 'content-length': 1_000, 'x-request-id': 'left-in-the-middle', expect: '100-continue' },
    });
    call.on('error', () => undefined);
    call.flushHeaders();
    await once(call, 'continue');
    call.destroy();
    // Its line comes when the server has noticed, and every request asks the loop to go on.
    const found = (): Line | undefined => lines().find(({ requestId }) => requestId === 'left-in-the-middle');
    while (found() === undefined) await request(server.url).get('/healthz');
    expect(found()).toMatchObject({ isCut: true });
  });
});

describe('the id of a request', () => {
  it('that a proxy gave is kept where it is well-formed', async () => {
    const answer = await request(server.url).get('/api/v1/server').set('X-Request-Id', 'edge-7.2026_ab');
    expect(answer.headers['x-request-id']).toBe('edge-7.2026_ab');
    expect(linesOf(answer)).toHaveLength(1);
    const refused = await request(server.url).get('/api/v1/account').set('X-Request-Id', 'edge-8.2026_ab');
    expect(refused.body).toMatchObject({ requestId: 'edge-8.2026_ab' });
  });

  it.each(['short', 'x'.repeat(65), 'two words here', '{"level":60}....', '../../../etc/passwd', 'ada@example.org', '-starts-oddly', 'id-12345, id-67890'])('is made anew in place of %j', async (given) => {
    const answer = await request(server.url).get('/api/v1/server').set('X-Request-Id', given);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(server.logText()).not.toContain(given);
  });
});

describe('an error of the server', () => {
  it('is logged under the id of its request, with its causes, and without what looks like a secret', async () => {
    const uploadId = await beginRaw(server.url, ada);
    // The next write begins a new pack.
    await server.store.parts.stores.blocks.seal();
    breaksDisk = true;
    const answer = await request(server.url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', ada.bearer).set('Content-Type', 'application/octet-stream').send(streamOf([rawBlock()]));
    breaksDisk = false;
    expect(answer.status).toBe(500);
    const [error, line, ...others] = linesOf(answer);
    expect(others).toEqual([]);
    expect(error).toMatchObject({ level: 50, msg: 'internal', error: { type: 'StorageError', cause: { message: 'the disk of [address] at [address] sulks' } } });
    expect(line).toMatchObject({ level: 30, msg: 'request', status: 500, refusal: 'internal' });
    expect(server.logText()).not.toMatch(/ada@|sesame|token=/);
    expect(answer.text).not.toMatch(/disk/);
  });

  it('keeps kind, code, text, trace and causes, and none of the members that drivers put there', () => {
    const row = Object.assign(new Error('duplicate key value violates unique constraint "account_username"'), { code: '23505', detail: 'Key (email)=(ada@example.org) exists', parameters: ['hunter2'] });
    const logged = loggable(new StorageError('filing an account', { retryable: false, cause: row }));
    expect(logged).toMatchObject({ type: 'StorageError', message: 'filing an account', cause: { type: 'Error', code: '23505', message: row.message } });
    expect(logged.stack?.[0]).toMatch(/^at /);
    expect(JSON.stringify(logged)).not.toMatch(/hunter2|example\.org|retryable/);
  });

  it('that is a circle of causes, or no error at all, is logged as well', () => {
    const circle = new CorruptionError('again');
    circle.cause = circle;
    expect(JSON.stringify(loggable(circle)).match(/again/g)).toHaveLength(5);
    for (const thrown of [undefined, null, 7, 'ada@example.org', { message: 5 }]) expect(JSON.stringify(loggable(thrown))).not.toContain('ada@');
  });

  it.each([
    ['connecting to postgres://dice:se/same@db.example:5432/dice failed', 'connecting to [address] failed'],
    ['Authorization: Bearer abc.def', 'Authorization: [credential]'],
    ['GET https://x.example/a?X-Amz-Signature=12&b=3 answered 403', 'GET https://x.example/a[query] answered 403'],
    [`no image ${'ab'.repeat(16)} of ${'A-'.repeat(22)}`, 'no image [id] of [token]'],
    ['at x (file:///srv/node_modules/@aws-sdk/client-s3/a.js:1:2)', 'at x (file:///srv/node_modules/@aws-sdk/client-s3/a.js:1:2)'],
    ['pack 12: what was read back is not what was written', 'pack 12: what was read back is not what was written'],
  ])('has of the text %j only %j', (text, kept) => {
    expect(redacted(text)).toBe(kept);
  });
});
