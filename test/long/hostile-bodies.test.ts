/**
 * A server whose answer is more than it seems or never ends: what the client takes of it and holds of it stays bounded. Lies about length and end: test/integration.
 */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { card, chunk, dialledServer, say } from '../support/dialled-server.js';
import { answerOf, type Speak, writeForEver } from '../support/raw-server.js';

const megabyte = 1_048_576;
const server = dialledServer();

describe('an answer', () => {
  it('that inflates to 256 MB is given up at 16 MB', async () => {
    const bomb = gzipSync(Buffer.alloc(64 * megabyte, 0x20));
    const before = process.memoryUsage().rss;
    expect(await server().dial(say(answerOf(Buffer.concat([bomb, bomb, bomb, bomb]), { 'content-encoding': 'gzip', connection: 'close' })))).toBe('answer-invalid');
    expect(process.memoryUsage().rss - before).toBeLessThan(120 * megabyte);
  });

  it('that never ends is given up at 16 MB', async () => {
    let written = Promise.resolve(0);
    const speak: Speak = (socket) => {
      socket.write(answerOf('', { connection: 'close' }));
      written = writeForEver(socket, Buffer.alloc(65_536, 0x20), 512 * megabyte);
    };
    expect(await server().dial(speak)).toBe('answer-invalid');
    expect(await written).toBeLessThan(64 * megabyte);
  });

  it('in a million chunks of one byte costs no more than its bytes', async () => {
    const chunks = Buffer.from('1\r\n \r\n'.repeat(10_000));
    let taken = Promise.resolve(0);
    const before = process.memoryUsage().heapUsed;
    const speak: Speak = (socket) => {
      socket.write(answerOf('', { 'transfer-encoding': 'chunked' }));
      taken = writeForEver(socket, chunks, 100 * chunks.length).then((bytes) => {
        socket.end(`${chunk(card)}0\r\n\r\n`);
        return bytes;
      });
    };
    expect(await server().dial(speak)).toBe('none');
    expect(await taken).toBe(100 * chunks.length);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(160 * megabyte);
  });
});
