/**
 * Checks what the store is opened with, before anything is sent anywhere. A message names the option and what it should be, never a
 * key. It opens nothing.
 */
import { hashBytes } from '../../../client-sdk/protocol/limits.js';
import { type Meter, silentMeter } from '../../ports/meter.js';
import type { Service } from './object-client.js';
import type { NumberSources } from './pack-numbers.js';

/** Where the bucket is and how packs are made for it. Byte counts are of payloads, times in milliseconds. */
export interface BlockStoreOptions extends Partial<NumberSources> {
  /** http or https; the service of AWS in `region` where it is missing. */
  readonly endpoint?: string;
  readonly region: string;
  /** Exists already. */
  readonly bucket: string;
  /** Names of all objects of the store begin with it. A slash is put at its end where none is. */
  readonly prefix?: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** 32 secret bytes, kept outside the bucket and backed up with it. */
  readonly storeKey: Uint8Array;
  /** A pack is closed when it has gathered this much. 8 MiB. */
  readonly packBytes?: number;
  /** How long a record waits for others while packs are under way. 15. */
  readonly lingerMs?: number;
  /** Bytes that may wait for the bucket before an append is turned away. 256 MiB. */
  readonly queueBytes?: number;
  /** Of one attempt of a request. 30,000. */
  readonly timeoutMs?: number;
  /** How often a request is tried that may be repeated. 4. */
  readonly attempts?: number;
  readonly meter?: Meter;
}

/** Options with their defaults. */
export interface CheckedOptions {
  readonly service: Service;
  readonly bucket: string;
  readonly prefix: string;
  readonly packBytes: number;
  readonly lingerMs: number;
  readonly queueBytes: number;
  readonly meter: Meter;
}

const defaults = { packBytes: 8_388_608, lingerMs: 15, queueBytes: 268_435_456, timeoutMs: 30_000, attempts: 4, meter: silentMeter };
const maxPackBytes = 268_435_456;

/** Rejects with RangeError. */
export function checkedOptions(options: BlockStoreOptions): CheckedOptions {
  const { packBytes, lingerMs, queueBytes, timeoutMs, attempts, meter } = { ...defaults, ...options };
  refuseUnless(options.storeKey.length === hashBytes, `the store key has 32 bytes, got ${options.storeKey.length}`);
  refuseUnless(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(options.bucket), `a bucket has 3 to 63 small letters, digits, points and hyphens, got ${JSON.stringify(options.bucket)}`);
  refuseUnless(/^[a-z0-9-]{1,64}$/.test(options.region), `a region has small letters, digits and hyphens, got ${JSON.stringify(options.region)}`);
  refuseUnless(options.accessKeyId !== '' && options.secretAccessKey !== '', 'the access key and its secret are both needed');
  refuseUnless(isWithin(packBytes, maxPackBytes), `a pack has 1 to ${maxPackBytes} bytes, got ${packBytes}`);
  refuseUnless(lingerMs >= 0 && isWithin(lingerMs + 1, 60_000), `records linger for less than a minute, got ${lingerMs} ms`);
  refuseUnless(isWithin(timeoutMs, 3_600_000) && isWithin(attempts, 10), 'a request takes up to an hour and 10 attempts');
  const { region, accessKeyId, secretAccessKey } = options;
  const service = { endpoint: checkedEndpoint(options.endpoint), region, accessKeyId, secretAccessKey, timeoutMs, attempts };
  return { service, bucket: options.bucket, prefix: checkedPrefix(options.prefix ?? ''), packBytes, lingerMs, queueBytes, meter };
}

function checkedEndpoint(endpoint: string | undefined): string | undefined {
  if (endpoint === undefined) return undefined;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  // Not repeated in the message: somebody may have put a key into it.
  refuseUnless(url !== undefined && /^https?:$/.test(url.protocol), 'the endpoint is a URL that begins with http:// or https://');
  refuseUnless(url?.username === '' && url.password === '' && url.search === '' && url.hash === '', 'the endpoint is a URL without user name, password, query and fragment');
  return endpoint;
}

function checkedPrefix(prefix: string): string {
  const isPlain = prefix === '' || /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*\/?$/.test(prefix);
  refuseUnless(isPlain && prefix.length <= 256, `a prefix has up to 256 letters, digits, points, hyphens and slashes, got ${JSON.stringify(prefix)}`);
  return prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`;
}

function isWithin(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}

function refuseUnless(isRight: boolean, message: string): void {
  if (!isRight) throw new RangeError(message);
}
