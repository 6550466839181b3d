/**
 * Streams of frames against the real server: lies about length, cut-off and endless bodies, wrong tags, and who may
 * fetch what. Whatever is refused, others go on.
 */
import { once } from 'node:events';
import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import request, { type Response } from 'supertest';
import { concat, u32 } from '../../client-sdk/protocol/bytes.js';
import { encodeHead, encodeStart, FrameReader, type Frame } from '../../client-sdk/protocol/frames.js';
import { maxBatchBytes, maxCipherBytes, maxFramesPerBatch } from '../../client-sdk/protocol/limits.js';
import { beginRaw, commitOf, packed, rawBlock, registerRaw, sendCommits, sendHashes, storeRaw, streamOf, type RawAccount } from '../support/raw-account.js';
import { startServer, type TestServer } from '../support/running-server.js';

let server: TestServer;
let ada: RawAccount;
let bob: RawAccount;

beforeAll(async () => {
  server = await startServer();
  ada = await registerRaw(server.url, 'lovelace');
  bob = await registerRaw(server.url, 'bob');
});
afterAll(() => server.close());

const codeOf = (answer: Response): unknown => (answer.body as { code?: unknown }).code;

async function send(body: Uint8Array, account = ada, type = 'application/octet-stream'): Promise<Response> {
  const uploadId = await beginRaw(server.url, account);
  const answer = await request(server.url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', account.bearer).set('Content-Type', type).send(Buffer.from(body));
  await request(server.url).delete(`/api/v1/uploads/${uploadId}`).set('Authorization', account.bearer);
  return answer;
}

async function fetchTags(account: RawAccount, imageId: string, tags: readonly Uint8Array[]): Promise<Response> {
  return sendHashes(server.url, { path: `images/${imageId}/blocks`, account }, tags)
    .buffer(true).parse((answer, done) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece: Buffer) => pieces.push(piece));
      answer.on('end', () => { done(null, Buffer.concat(pieces)); });
    });
}

function framesIn(answer: Response): readonly Frame[] {
  const reader = new FrameReader();
  const frames = reader.push(answer.body as Buffer);
  reader.finish();
  return frames;
}

function refusalIn(answer: Response): unknown {
  return (JSON.parse((answer.body as Buffer).toString()) as { code: unknown }).code;
}

/** A request whose body the test writes piece by piece. */
function openUpload(uploadId: string, headers: Record<string, string | number> = {}): ClientRequest {
  const call = httpRequest(`${server.url}/api/v1/uploads/${uploadId}/blocks`, {
    method: 'POST', headers: { authorization: ada.bearer, 'content-type': 'application/octet-stream', ...headers },
  });
  call.on('error', () => undefined);
  return call;
}

describe('a stream of blocks', () => {
  it('is answered frame by frame; a wrong tag refuses that block and nothing else', async () => {
    const good = rawBlock();
    const wrong = { ...rawBlock(), rehash: rawBlock().rehash };
    const wrongCode = rawBlock();
    const answer = await send(streamOf([good, wrong, { ...wrongCode, code: wrongCode.code ^ 1 }, rawBlock(18), rawBlock(maxCipherBytes)]));
    expect(answer.body).toMatchObject({ results: ['stored', 'tag-mismatch', 'tag-mismatch', 'stored', 'stored'] });
  });

  it('may be empty', async () => {
    expect((await send(streamOf([]))).body).toMatchObject({ results: [] });
  });

  it.each([
    ['an empty body', new Uint8Array()],
    ['another magic', Buffer.from('DBF2\0\0\0\0\0')],
    ['a frame of an unknown kind', concat(encodeStart(), Uint8Array.of(7))],
    ['a length above every block', concat(encodeStart(), encodeHead({ kind: 'block', ...rawBlock() }).fill(255, 35))],
    ['a length below every block', concat(encodeStart(), encodeHead({ kind: 'block', ...rawBlock() }).fill(0, 35))],
    ['a length beyond its end', streamOf([rawBlock()]).subarray(0, -100)],
    ['a missing end', streamOf([rawBlock()]).subarray(0, -5)],
    ['an end that counts other frames', concat(streamOf([rawBlock()]).subarray(0, -4), u32(2))],
    ['bytes after its end', concat(streamOf([rawBlock()]), Uint8Array.of(0))],
    ['a check code that no tag has', concat(encodeStart(), encodeHead({ kind: 'block', ...rawBlock() }).fill(255, 33, 35))],
    ['an absent frame', concat(encodeStart(), encodeHead({ kind: 'absent', rehash: rawBlock().rehash }), Uint8Array.of(0), u32(1))],
  ])('with %s is refused', async (...row) => {
    const answer = await send(row[1]);
    expect([answer.status, codeOf(answer)]).toEqual([400, 'frame-invalid']);
  });

  it(`takes ${String(maxFramesPerBatch)} frames and not one more`, async () => {
    const block = rawBlock(18);
    const full = Array.from({ length: maxFramesPerBatch }, () => block);
    expect((await send(streamOf(full))).status).toBe(200);
    expect(codeOf(await send(streamOf([...full, block])))).toBe('frame-invalid');
  });

  it('has one content type, uncompressed', async () => {
    expect(codeOf(await send(streamOf([]), ada, 'application/json'))).toBe('body-type');
  });

  it('of an unknown or a foreign upload is refused', async () => {
    const foreign = await beginRaw(server.url, bob);
    for (const uploadId of ['0'.repeat(32), foreign]) {
      const answer = await request(server.url).post(`/api/v1/uploads/${uploadId}/blocks`).set('Authorization', ada.bearer)
        .set('Content-Type', 'application/octet-stream').send(streamOf([rawBlock()]));
      expect([answer.status, codeOf(answer)]).toEqual([404, 'upload-unknown']);
    }
  });

  it('of two gigabytes is refused by its announcement, before a byte of it is read', async () => {
    const call = openUpload(await beginRaw(server.url, ada), { 'content-length': 2 * 2 ** 30 });
    call.write(encodeStart());
    const [answer] = await once(call, 'response') as [IncomingMessage];
    expect([answer.statusCode, answer.headers.connection]).toEqual([413, 'close']);
    answer.resume();
    call.destroy();
  });

  it('without an announced length is refused as soon as it is too long', async () => {
    const block = rawBlock(maxCipherBytes);
    const frame = concat(encodeHead({ kind: 'block', ...block }), block.cipher);
    const call = openUpload(await beginRaw(server.url, ada));
    const answered = once(call, 'response') as Promise<[IncomingMessage]>;
    call.write(encodeStart());
    let sentBytes = 0;
    while (sentBytes <= maxBatchBytes) {
      if (!call.write(frame)) await once(call, 'drain');
      sentBytes += frame.length;
    }
    const [answer] = await answered;
    expect(answer.statusCode).toBe(413);
    answer.resume();
    call.destroy();
  });

  it('that is cut off by its sender harms nobody, and what was acknowledged stays', async () => {
    const uploadId = await beginRaw(server.url, ada);
    const cut = openUpload(uploadId);
    cut.write(streamOf([rawBlock(100_000), rawBlock(100_000)]).subarray(0, 150_000));
    const closed = new Promise((resolve) => cut.once('close', resolve));
    cut.destroy();
    await closed;
    const block = rawBlock();
    expect((await send(streamOf([block]), bob)).body).toMatchObject({ results: ['stored'] });
    expect((await request(server.url).get('/healthz')).status).toBe(200);
  });

  it('that reads no answer holds nothing: the connection ends with its sender', async () => {
    const blocks = Array.from({ length: 12 }, () => rawBlock(1_000_000));
    const imageId = await storeRaw(server.url, ada, blocks);
    const body = concat(...blocks.map(({ tag }) => tag));
    const socket = connect(server.port, '127.0.0.1');
    socket.write(`POST /api/v1/images/${imageId}/blocks HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${ada.bearer}\r\nContent-Type: application/octet-stream\r\nContent-Length: ${String(body.length)}\r\n\r\n`);
    socket.write(body);
    await once(socket, 'readable');
    socket.destroy();
    await once(socket, 'close');
    expect(framesIn(await fetchTags(ada, imageId, blocks.map(({ tag }) => tag)))).toHaveLength(12);
  });
});

describe('fetching', () => {
  it('gives the owner what T names, in the order asked', async () => {
    const blocks = [rawBlock(), rawBlock(5_000), rawBlock(70_000)];
    const imageId = await storeRaw(server.url, ada, blocks);
    const frames = framesIn(await fetchTags(ada, imageId, [...blocks].reverse().map(({ tag }) => tag)));
    expect(frames.map((frame) => (frame.kind === 'block' ? Buffer.from(frame.cipher).toString('hex') : 'absent')))
      .toEqual([...blocks].reverse().map(({ cipher }) => Buffer.from(cipher).toString('hex')));
  });

  it('is refused with T1, with T of no reference, and with another account’s T', async () => {
    const mine = rawBlock();
    const theirs = rawBlock();
    const imageId = await storeRaw(server.url, ada, [mine]);
    await storeRaw(server.url, bob, [theirs]);
    for (const tag of [mine.rehash, rawBlock().tag, theirs.tag, theirs.rehash]) {
      const answer = await fetchTags(ada, imageId, [mine.tag, tag]);
      expect([answer.status, refusalIn(answer)]).toEqual([404, 'block-not-found']);
    }
  });

  it('is refused through another account’s image, and for an image that does not exist, alike', async () => {
    const block = rawBlock();
    const imageId = await storeRaw(server.url, bob, [block]);
    await storeRaw(server.url, ada, [block]);
    for (const id of [imageId, 'f'.repeat(32)]) {
      const answer = await fetchTags(ada, id, [block.tag]);
      expect([answer.status, refusalIn(answer)]).toEqual([404, 'not-found']);
    }
  });

  it('is refused for packed tags of another length, and for more than one request may ask', async () => {
    const imageId = await storeRaw(server.url, ada, [rawBlock()]);
    for (const bytes of [31, 33, 1_024 * 32 - 1]) expect(refusalIn(await fetchTags(ada, imageId, [new Uint8Array(bytes)]))).toBe('request-invalid');
    expect(refusalIn(await fetchTags(ada, imageId, [new Uint8Array(1_024 * 32)]))).toBe('block-not-found');
    expect(refusalIn(await fetchTags(ada, imageId, [new Uint8Array(1_024 * 32 + 1)]))).toBe('body-too-large');
    const asJson = await request(server.url).post(`/api/v1/images/${imageId}/blocks`).set('Authorization', ada.bearer).send({ tags: [] });
    expect(asJson.status).toBe(415);
  });
});

describe('a commit', () => {
  it('lists what is missing; foreign and absent blocks look alike', async () => {
    const theirs = rawBlock();
    await storeRaw(server.url, bob, [theirs]);
    const absent = rawBlock();
    const uploadId = await beginRaw(server.url, ada);
    const answer = await sendCommits(server.url, { uploadId, account: ada }, [commitOf('1'.repeat(32), [theirs]), commitOf('2'.repeat(32), [absent])]);
    expect(answer.body).toEqual({
      results: [
        { imageId: '1'.repeat(32), status: 'blocks-missing', missing: packed([theirs.rehash]) },
        { imageId: '2'.repeat(32), status: 'blocks-missing', missing: packed([absent.rehash]) },
      ],
    });
  });
});

describe('the log', () => {
  it('names routes and statuses, and no tag, token or id of an account', async () => {
    const block = rawBlock();
    const imageId = await storeRaw(server.url, ada, [block]);
    await fetchTags(ada, imageId, [block.tag]);
    const text = server.logText();
    expect(text).toMatch(/"route":"\/api\/v1\/images\/:imageId\/blocks","status":200/);
    for (const secret of [Buffer.from(block.tag).toString('hex'), Buffer.from(block.rehash).toString('hex'), packed([block.tag]), ada.bearer.slice(7), ada.accountId, imageId, 'lovelace']) {
      expect(text).not.toContain(secret);
    }
  });
});
