/**
 * The S3 block store on Ceph's gateway: the contract, the cases of every service, and what s3rver lets pass: names in use, secrets.
 * It fails where Ceph is not installed; it is no part of `npm test`.
 */
import { inspect } from 'node:util';
import { ListMultipartUploadsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { StorageError } from '../../server/ports/errors.js';
import { Bucket } from '../../server/storage/s3/bucket.js';
import { appendOne, recordOf } from '../contract/block-store-contract.js';
import { s3Cases } from '../contract/s3-cases.js';
import { startCeph } from '../support/ceph-server.js';
import { clientOf, freshPrefix, namesIn, openStore, type S3Place, type S3Server } from '../support/s3-server.js';

const running: { server: S3Server | undefined } = { server: undefined };
const place = (): S3Place => {
  if (running.server === undefined) throw new Error('Ceph does not run');
  return running.server.place;
};

beforeAll(async () => { running.server = await startCeph(); }, 300_000);
afterAll(async () => { await running.server?.close(); });

s3Cases('Ceph', place);

describe('Ceph', () => {
  it('spares a name in use where it is asked to', async () => {
    const bucket = new Bucket(place().bucket, `${freshPrefix()}/`, { ...place(), timeoutMs: 30_000, attempts: 3 });
    expect(await bucket.create('name', Buffer.from('first'), true)).toBe('written');
    expect(await bucket.create('name', Buffer.from('second'), true)).toBe('taken');
    expect(Buffer.from((await bucket.get('name', 0, 99))?.bytes ?? []).toString()).toBe('first');
    bucket.close();
  });

  it('refuses a wrong secret, and the error holds neither key nor secret nor signature', async () => {
    const wrong = { ...place(), secretAccessKey: 'a-secret-that-nobody-should-see' };
    const error: unknown = await openStore(wrong, freshPrefix()).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(StorageError);
    expect(error).toMatchObject({ options: { retryable: false }, message: expect.stringContaining('403') });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/DICEKEY|nobody-should-see|Signature=|Credential=/);
  });

  it('is left without unfinished uploads by a pack in parts', async () => {
    const prefix = freshPrefix();
    const store = await openStore(place(), prefix, { packBytes: 20_000_000 });
    await store.append([0, 1, 2].map((seed) => recordOf(seed, 6_000_000)));
    const client = clientOf(place());
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: place().bucket }));
    client.destroy();
    expect(Uploads).toEqual([]);
    await store.close();
  });

  it('holds a store whose number was taken by a stranger, who keeps his object', async () => {
    const prefix = freshPrefix();
    const clock = (): number => Date.UTC(2026, 5, 1);
    const store = await openStore(place(), prefix, { clock, random: (length) => new Uint8Array(length) });
    const first = await appendOne(store, recordOf(1, 100));
    const key = `${prefix}/packs/${(first.pack + 4_096).toString(16).padStart(14, '0')}`;
    const client = clientOf(place());
    await client.send(new PutObjectCommand({ Bucket: place().bucket, Key: key, Body: 'a stranger' }));
    client.destroy();
    const second = await appendOne(store, recordOf(2, 100));
    expect(second.pack).toBe(first.pack + 2 * 4_096);
    expect((await namesIn(place(), prefix)).filter((name) => name.startsWith('packs/')).length).toBe(3);
    expect(await store.read(second, 'block')).toBeDefined();
    await store.close();
  });
});
