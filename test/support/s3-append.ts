/**
 * A process that appends one record of sevens to a store in a bucket, for tests that kill it. Not a test and not for use: place, prefix and payload
 * length come as one JSON parameter.
 */
import { createHash } from 'node:crypto';
import { openStore, type S3Place } from './s3-server.js';

interface Order {
  readonly place: S3Place;
  readonly prefix: string;
  readonly length: number;
}

const { place, prefix, length } = JSON.parse(process.argv[2] ?? '{}') as Order; // written by the test that starts this process
const store = await openStore(place, prefix);
const payload = new Uint8Array(length).fill(7);
await store.append([{ type: 'block', payload, digest: createHash('sha256').update(payload).digest() }]);
await store.close();
