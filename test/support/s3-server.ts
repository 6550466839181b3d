/**
 * S3 services for tests: s3rver in this process, on a loopback port and a temporary folder, or whatever the environment names. How to
 * open a store in one, and how to change its objects behind the store's back.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import S3rver from 's3rver';
import type { BlockStore } from '../../server/ports/block-store.js';
import { openBlockStore } from '../../server/storage/s3/block-store.js';
import type { BlockStoreOptions } from '../../server/storage/s3/store-options.js';
import { startWholeBodies } from './whole-bodies.js';

/** A bucket and who may use it. */
export interface S3Place {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Server {
  readonly place: S3Place;
  close(): Promise<void>;
}

/** The stores of tests authenticate with it. */
export const testStoreKey = new Uint8Array(32).fill(5);

/** s3rver with an empty bucket. */
export async function startS3rver(): Promise<S3Server> {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'dice-s3rver-'));
  const bucket = 'dice-test';
  const server = new S3rver({ address: '127.0.0.1', port: 0, silent: true, directory, vhostBuckets: false, configureBuckets: [{ name: bucket }] });
  const { port } = await server.run();
  return {
    place: { endpoint: `http://127.0.0.1:${port}`, region: 'us-east-1', bucket, accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    async close() {
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** The same, where an upload that is cut off leaves nothing behind. */
export async function startWholeS3rver(): Promise<S3Server> {
  const server = await startS3rver();
  const relay = await startWholeBodies(Number(new URL(server.place.endpoint).port));
  return {
    place: { ...server.place, endpoint: `http://127.0.0.1:${relay.port}` },
    async close() {
      await relay.close();
      await server.close();
    },
  };
}

/** The service that the DICE_TEST_S3_ variables name; undefined where they do not. */
export function s3ServerFromEnvironment(): S3Server | undefined {
  const { DICE_TEST_S3_ENDPOINT: endpoint, DICE_TEST_S3_BUCKET: bucket, DICE_TEST_S3_KEY: accessKeyId, DICE_TEST_S3_SECRET: secretAccessKey } = process.env;
  if (endpoint === undefined) return undefined;
  if (bucket === undefined || accessKeyId === undefined || secretAccessKey === undefined) {
    throw new Error('DICE_TEST_S3_ENDPOINT wants DICE_TEST_S3_BUCKET, DICE_TEST_S3_KEY and DICE_TEST_S3_SECRET beside it');
  }
  const region = process.env['DICE_TEST_S3_REGION'] ?? 'us-east-1';
  return { place: { endpoint, region, bucket, accessKeyId, secretAccessKey }, close: () => Promise.resolve() };
}

/** A client of the tests' own. */
export function clientOf({ endpoint, region, accessKeyId, secretAccessKey }: S3Place): S3Client {
  return new S3Client({
    endpoint, region, credentials: { accessKeyId, secretAccessKey }, forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED', responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

/** Opens a store under `prefix`. */
export function openStore(place: S3Place, prefix: string, options: Partial<BlockStoreOptions> = {}): Promise<BlockStore> {
  return openBlockStore({ ...place, prefix, storeKey: testStoreKey, ...options });
}

/** A prefix that no other test has. */
export function freshPrefix(): string {
  return `t-${process.pid}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}

/** The name of the object of a pack. */
export function objectOf(prefix: string, pack: number): string {
  return `${prefix}/packs/${pack.toString(16).padStart(14, '0')}`;
}

/** Replaces an object by what `edit` makes of it. s3rver answers before the file is written, so it is asked until it has it. */
export async function changeObject(place: S3Place, key: string, edit: (bytes: Buffer) => Buffer): Promise<void> {
  const client = clientOf(place);
  const named = { Bucket: place.bucket, Key: key };
  const read = async (): Promise<Buffer> => Buffer.from((await (await client.send(new GetObjectCommand(named))).Body?.transformToByteArray()) ?? []);
  const changed = edit(await read());
  await client.send(new PutObjectCommand({ ...named, Body: changed }));
  for (let tries = 0; !(await read()).equals(changed); tries++) {
    if (tries === 200) throw new Error(`${key} does not become what was put`);
    await setTimeout(10);
  }
  client.destroy();
}

/** Names of all objects below `prefix`, which is left out; at most 1,000. */
export async function namesIn(place: S3Place, prefix: string): Promise<readonly string[]> {
  const client = clientOf(place);
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: place.bucket, Prefix: `${prefix}/` }));
  client.destroy();
  return Contents.map(({ Key = '' }) => Key.slice(prefix.length + 1));
}
