/**
 * Starting and stopping: what the data directory must be, who may use it, what survives, and that a stop finishes what is
 * under way.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { beginRaw, rawBlock, registerRaw, storeRaw, streamOf } from '../support/raw-account.js';
import { startServer } from '../support/running-server.js';

let folder: string;
let dataDirectory: string;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'dice-start-'));
  dataDirectory = path.join(folder, 'data');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function madeStore(): Promise<void> {
  const server = await startServer({ dataDirectory });
  await registerRaw(server.url, 'ada');
  await server.close();
}

describe('a first start', () => {
  it('makes marker and secrets that nobody else may read, and says how to begin', async () => {
    const server = await startServer({ dataDirectory });
    try {
      expect(server.greeting).toEqual([`DICE Store listens on ${server.url}`, expect.stringContaining(path.join(dataDirectory, 'setup-token'))]);
      for (const name of ['dice-store.json', 'store-key', 'salt-key', 'setup-token', 'dice.db']) {
        expect([name, (await stat(path.join(dataDirectory, name))).mode & 0o077]).toEqual([name, name === 'dice.db' ? expect.any(Number) : 0]);
      }
      expect((await stat(dataDirectory)).mode & 0o077).toBe(0);
    } finally {
      await server.close();
    }
  });

  it('begins again where the one before was cut off', async () => {
    const server = await startServer({ dataDirectory });
    await server.close();
    await Promise.all(['dice-store.json', 'dice.db', 'packs'].map((name) => rm(path.join(dataDirectory, name), { recursive: true })));
    await (await startServer({ dataDirectory })).close();
    expect(await readdir(dataDirectory)).toContain('dice-store.json');
  });

  it('does not move into a directory of something else', async () => {
    await writeFile(path.join(folder, 'letter.txt'), 'x');
    await expect(startServer({ dataDirectory: folder })).rejects.toThrow(/files that are not of a store \(letter\.txt\)/);
    expect(await readdir(folder)).toEqual(['letter.txt']);
  });
});

describe('a later start', () => {
  it('finds accounts and images again, and removes the setup token that has served', async () => {
    const first = await startServer({ dataDirectory });
    const ada = await registerRaw(first.url, 'ada');
    const imageId = await storeRaw(first.url, ada, [rawBlock(), rawBlock()]);
    await first.close();
    expect((await readdir(dataDirectory)).filter((name) => name.endsWith('-wal'))).toEqual([]);
    const second = await startServer({ dataDirectory });
    try {
      expect(second.greeting).toHaveLength(1);
      expect(await readdir(dataDirectory)).not.toContain('setup-token');
      const listed = await request(second.url).get('/api/v1/images').set('Authorization', ada.bearer);
      expect(listed.body).toMatchObject({ images: [{ imageId, blocks: 2 }] });
    } finally {
      await second.close();
    }
  });

  it('keeps the realm of the first start', async () => {
    await madeStore();
    const server = await startServer({ dataDirectory, publicUrl: new URL('https://images.example.org') });
    try {
      expect((await request(server.url).get('/api/v1/server')).body).toMatchObject({ realm: 'localhost' });
      expect(server.greeting.join()).toMatch(/was made for localhost/);
    } finally {
      await server.close();
    }
  });

  it('is refused while another process uses the directory', async () => {
    const server = await startServer({ dataDirectory });
    try {
      await expect(startServer({ dataDirectory })).rejects.toThrow(/in use by another process/);
    } finally {
      await server.close();
    }
  });

  it('is refused where the marker is missing, or empty packs or a strange database stand in place of the data', async () => {
    await madeStore();
    const at = (name: string) => path.join(dataDirectory, name);
    await rename(at('dice-store.json'), at('../marker'));
    await expect(startServer({ dataDirectory })).rejects.toThrow(/parts of a store without its marker/);
    await rename(at('../marker'), at('dice-store.json'));
    await rename(at('packs'), at('../packs'));
    await expect(startServer({ dataDirectory })).rejects.toThrow();
    await rm(at('packs'), { recursive: true, force: true });
    await rename(at('../packs'), at('packs'));
    await rename(at('dice.db'), at('../dice.db'));
    await expect(startServer({ dataDirectory })).rejects.toThrow(/dice-admin rebuild-index/);
    const other = await startServer({ dataDirectory: path.join(folder, 'other') });
    await other.close();
    await rename(path.join(folder, 'other', 'dice.db'), at('dice.db'));
    await expect(startServer({ dataDirectory })).rejects.toThrow(/belongs to another store/);
    await rename(at('../dice.db'), at('dice.db'));
    await (await startServer({ dataDirectory })).close();
  });

  it('is refused where a secret is missing', async () => {
    await madeStore();
    await rm(path.join(dataDirectory, 'store-key'));
    await expect(startServer({ dataDirectory })).rejects.toThrow(/store-key is missing or damaged/);
  });

  it('does not open blocks to probing unless the operator confirms it', async () => {
    await madeStore();
    await expect(startServer({ dataDirectory, existence: 'shared' })).rejects.toThrow(/DICE_CONFIRM_SHARED=yes/);
    await (await startServer({ dataDirectory, existence: 'shared', isSharedConfirmed: true })).close();
    await (await startServer({ dataDirectory, existence: 'shared' })).close();
  });
});

describe('a stop', () => {
  it('finishes the upload under way, and takes no new connection', async () => {
    const server = await startServer({ dataDirectory });
    const ada = await registerRaw(server.url, 'ada');
    const uploadId = await beginRaw(server.url, ada);
    const stream = streamOf([rawBlock(50_000)]);
    const call = httpRequest(`${server.url}/api/v1/uploads/${uploadId}/blocks`, {
      method: 'POST', headers: { authorization: ada.bearer, 'content-type': 'application/octet-stream', 'content-length': stream.length, expect: '100-continue' },
    });
    const answered = once(call, 'response') as Promise<[IncomingMessage]>;
    call.flushHeaders();
    await once(call, 'continue');
    call.write(stream.subarray(0, 20_000));
    const stopped = server.stop();
    await expect(fetch(`${server.url}/healthz`)).rejects.toThrow();
    call.end(stream.subarray(20_000));
    const [answer] = await answered;
    answer.resume();
    expect(answer.statusCode).toBe(200);
    await stopped;
  });

  it('of the process by SIGTERM ends with status 0 and leaves no write-ahead log', async () => {
    const main = fileURLToPath(new URL('../../server/main.js', import.meta.url));
    const child = spawn(process.execPath, [main], { env: { ...process.env, PORT: '0', HOST: '127.0.0.1', DICE_DATA_DIR: dataDirectory }, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (piece: Buffer) => { said += piece.toString(); });
    while (!said.includes('setup-token')) await once(child.stderr, 'data');
    const url = /listens on (\S+)/.exec(said)?.[1] ?? '';
    await registerRaw(url, 'ada');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect((await readdir(dataDirectory)).filter((name) => name.endsWith('-wal'))).toEqual([]);
    expect(await readFile(path.join(dataDirectory, 'dice-store.json'), 'utf8')).toContain('"format": 1');
  });

  it('of the process never begins where the configuration has mistakes: all are named at once', async () => {
    const main = fileURLToPath(new URL('../../server/main.js', import.meta.url));
    const child = spawn(process.execPath, [main], { env: { ...process.env, PORT: 'x', DICE_TYPO: '1', DICE_S3_BUCKET: 'b' }, stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: Buffer[] = [];
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    expect(await once(child, 'close')).toEqual([1, null]);
    for (const named of [/PORT must/, /DICE_S3_ACCESS_KEY_ID is missing/, /DICE_TYPO is not/]) expect(Buffer.concat(pieces).toString()).toMatch(named);
    expect(Buffer.concat(pieces).toString().match(/^ {2}- /gm)).toHaveLength(4);
  });
});
