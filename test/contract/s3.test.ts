/**
 * The S3 block store on s3rver: the contract, the cases of every service, and the list of what s3rver cannot show, each gap proved to be
 * one and named with the test that shows it elsewhere.
 */
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type PutObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { clientOf, s3ServerFromEnvironment, startS3rver, type S3Place, type S3Server } from '../support/s3-server.js';
import { s3Cases } from './s3-cases.js';

const running: { server: S3Server | undefined } = { server: undefined };
const place = (): S3Place => {
  if (running.server === undefined) throw new Error('s3rver does not run yet');
  return running.server.place;
};

beforeAll(async () => { running.server = await startS3rver(); });
afterAll(async () => { await running.server?.close(); });

s3Cases('s3rver', place, { breaksOnEmptyPacks: true, breaksOnLongListings: true });

const named = s3ServerFromEnvironment();
if (named !== undefined) s3Cases('the service of the environment', () => named.place);

/** What s3rver lets pass, tried here, and where it is shown instead. */
const gaps: readonly { readonly gap: string; readonly shownBy: string; readonly attempt: (at: S3Place) => Promise<unknown> }[] = [
  {
    gap: 'takes a condition that a name be free, and writes over it all the same',
    shownBy: 'test/contract/s3-writes.test.ts (412, 409, 501) and test/long/ceph.test.ts',
    attempt: async (at) => {
      await put(at, { IfNoneMatch: '*' });
      await put(at, { IfNoneMatch: '*' });
    },
  },
  {
    gap: 'takes a wrong checksum of a body',
    shownBy: 'nothing relies on it: every pack is read back and compared (test/contract/s3-writes.test.ts)',
    attempt: (at) => put(at, { ChecksumSHA256: Buffer.alloc(32).toString('base64') }),
  },
  {
    gap: 'answers a read of an empty object with a length of one byte and no byte',
    shownBy: 'asserted by the contract as an outage; empty packs are scanned in test/contract/s3-reads.test.ts and test/long/ceph.test.ts',
    attempt: async (at) => {
      await put(at, {}, new Uint8Array(0));
      await expect(whole(at)).rejects.toThrow();
    },
  },
  {
    gap: 'fails at a list of more than a page, for its token wants a cipher that OpenSSL 3 no longer has',
    shownBy: 'asserted among the cases as an outage; long lists are read in test/contract/s3-reads.test.ts and test/long/ceph.test.ts',
    attempt: async (at) => {
      for (const key of ['a', 'b']) await put(at, {}, key, `page/${key}`);
      await expect(listOne(at)).rejects.toThrow();
    },
  },
  {
    gap: 'keeps what has come of an upload that was cut off',
    shownBy: 'test/integration/two-processes.test.ts kills a server in the middle of its uploads, behind a relay that passes whole bodies on',
    attempt: async (at) => {
      await expect(cutOff(at, 'cut/off')).rejects.toThrow();
      await delay(200);
      const { Contents } = await asked(at, (client) => client.send(new ListObjectsV2Command({ Bucket: at.bucket, Prefix: 'cut/' })));
      expect(Contents).toMatchObject([{ Key: 'cut/off', Size: 1_000 }]);
    },
  },
  {
    gap: 'takes a wrong secret',
    shownBy: 'test/long/ceph.test.ts',
    attempt: (at) => put({ ...at, secretAccessKey: 'wrong' }, {}),
  },
];

describe('s3rver', () => {
  it.each(gaps)('still $gap', async ({ attempt }) => {
    await expect(attempt(place())).resolves.not.toThrow();
  });
});

type More = Pick<PutObjectCommandInput, 'IfNoneMatch' | 'ChecksumSHA256'>;

async function asked<T>(at: S3Place, ask: (client: S3Client) => Promise<T>): Promise<T> {
  const client = clientOf(at);
  try {
    return await ask(client);
  } finally {
    client.destroy();
  }
}

function put(at: S3Place, more: More, ...[Body = 'x', Key = 'gap']: readonly (string | Uint8Array | undefined)[]): Promise<unknown> {
  return asked(at, (client) => client.send(new PutObjectCommand({ Bucket: at.bucket, Key: String(Key), Body, ...more })));
}

/** Sends half of what it has announced. */
function cutOff(at: S3Place, key: string): Promise<unknown> {
  return asked(at, (client) => {
    const body = new Readable({ read: () => undefined });
    body.push(Buffer.alloc(1_000));
    return client.send(new PutObjectCommand({ Bucket: at.bucket, Key: key, Body: body, ContentLength: 2_000 }), { abortSignal: AbortSignal.timeout(300) });
  });
}

function whole(at: S3Place): Promise<unknown> {
  return asked(at, async (client) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: at.bucket, Key: 'gap', Range: 'bytes=0-99' }), { abortSignal: AbortSignal.timeout(500) });
    return Body?.transformToByteArray();
  });
}

function listOne(at: S3Place): Promise<unknown> {
  return asked(at, (client) => client.send(new ListObjectsV2Command({ Bucket: at.bucket, Prefix: 'page/', MaxKeys: 1 })));
}
