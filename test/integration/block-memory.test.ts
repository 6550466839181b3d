/**
 * Downloads that share a memory of blocks: near copies fetch what they share once, come back exactly, and every block is opened again with all
 * checks. Without a memory every block is fetched.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pngOf } from '../../bench/plain-images.js';
import { BlockMemory } from '../../client-sdk/block-memory.js';
import { asRehash } from '../../client-sdk/protocol/ids.js';
import type { BlockFrame } from '../../client-sdk/protocol/frames.js';
import type { Fetch } from '../../client-sdk/ports.js';
import { startServer, type TestServer } from '../support/running-server.js';
import { photograph, withOnePixel } from '../support/sample-images.js';
import { codeOf, registered, storedId } from '../support/sdk-client.js';
import { temporaryDirectories } from '../support/temp-directory.js';

const makeDirectory = temporaryDirectories();
const original = photograph(300, 200, 4);
const pictures = [original, withOnePixel(original, 100, 50), withOnePixel(original, 20, 150), withOnePixel(original, 250, 10)].map((pixels) => pngOf(pixels));
let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

function frameOf(byte: number, length: number): BlockFrame {
  return { kind: 'block', rehash: asRehash(new Uint8Array(32).fill(byte)), code: byte, cipher: new Uint8Array(length).fill(byte) };
}

const tagOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);

describe('a memory of blocks', () => {
  it('gives copies of what it has, and forgets what was used least', () => {
    const memory = new BlockMemory(300);
    for (const byte of [1, 2, 3]) memory.keep(tagOf(byte), frameOf(byte, 100));
    const taken = memory.find(tagOf(1));
    taken?.cipher.fill(9);
    expect(memory.find(tagOf(1))).toEqual(frameOf(1, 100));
    memory.keep(tagOf(4), frameOf(4, 100));
    expect([1, 2, 3, 4].map((byte) => memory.find(tagOf(byte)) !== undefined)).toEqual([true, false, true, true]);
    memory.keep(tagOf(5), frameOf(5, 1_000));
    expect([1, 3, 4, 5].map((byte) => memory.find(tagOf(byte)) !== undefined)).toEqual([false, false, false, false]);
  });
});

describe('downloads', () => {
  it('that share one fetch a block once, and those without one fetch it each time', async () => {
    const asked = { tags: 0 };
    const counting: Fetch = (url, init) => {
      if (url.endsWith('/blocks/fetch') || /\/images\/[^/]+\/blocks/.test(url)) asked.tags += Math.floor(((init.body as Uint8Array | undefined)?.length ?? 0) / 32);
      return fetch(url, init);
    };
    const client = await registered(server.url, 'sharing-blocks', { profileDir: await makeDirectory(), fetch: counting });
    const ids: string[] = [];
    for (const [i, picture] of pictures.entries()) ids.push(await storedId(client, `${String(i)}.png`, picture));
    const fetched = async (memory: BlockMemory | undefined): Promise<number> => {
      asked.tags = 0;
      for (const [i, id] of ids.entries()) {
        const pieces: Uint8Array[] = [];
        for await (const piece of client.download(id, { memory })) pieces.push(piece.slice());
        expect(Buffer.compare(Buffer.concat(pieces), pictures[i] ?? Buffer.alloc(0))).toBe(0);
      }
      return asked.tags;
    };
    const apart = await fetched(undefined);
    const together = await fetched(new BlockMemory());
    expect(together).toBeGreaterThan(0);
    expect(apart).toBeGreaterThanOrEqual(2 * together);
  });

  it('never keep what was found bad', async () => {
    let isLying = true;
    const lying: Fetch = async (url, init) => {
      const response = await fetch(url, init);
      if (!isLying || !/\/blocks/.test(url)) return response;
      const bytes = new Uint8Array(await response.arrayBuffer());
      const at = Math.floor(bytes.length / 2);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      return new Response(bytes, { status: response.status, headers: response.headers });
    };
    isLying = false;
    const client = await registered(server.url, 'lied-to', { profileDir: await makeDirectory(), fetch: lying });
    const id = await storedId(client, 'a.png', pictures[0] ?? new Uint8Array());
    const memory = new BlockMemory();
    const whole = async (): Promise<Uint8Array> => {
      const pieces: Uint8Array[] = [];
      for await (const piece of client.download(id, { memory })) pieces.push(piece.slice());
      return Buffer.concat(pieces);
    };
    isLying = true;
    expect(await codeOf(whole())).toBe('integrity-failed');
    isLying = false;
    expect(Buffer.compare(await whole(), pictures[0] ?? Buffer.alloc(0))).toBe(0);
  });
});
