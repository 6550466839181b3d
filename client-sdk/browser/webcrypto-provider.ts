/**
 * The browser's own cryptography for large inputs, noble for small ones and for what WebCrypto lacks (scrypt), and noble
 * alone on plain http, where there is no `crypto.subtle`. Byte for byte the same answers. SPEC.md section 1.
 */
import type { CryptoProvider } from '../core/crypto.js';
import { nobleProvider } from '../core/noble-provider.js';

/** Below this many bytes a round trip to the browser's cryptography costs more than noble's arithmetic. */
const subtleFromBytes = 16_384;

/** The provider for this page: `subtle` is `crypto.subtle`, or undefined on plain http. */
export function browserProvider(subtle: SubtleCrypto | undefined): CryptoProvider {
  if (subtle === undefined) return nobleProvider;
  return {
    ...nobleProvider,
    name: 'webcrypto',
    sha256: (bytes) => (bytes.length < subtleFromBytes ? nobleProvider.sha256(bytes) : digest(subtle, bytes)),
    hmacSha256: (key, bytes) => (bytes.length < subtleFromBytes ? nobleProvider.hmacSha256(key, bytes) : hmac(subtle, key, bytes)),
    aes256Ctr: (key, iv, bytes) => (bytes.length < subtleFromBytes ? nobleProvider.aes256Ctr(key, iv, bytes) : ctr(subtle, { key, iv }, bytes)),
    aes256CtrWithIv: (key, iv, bytes) => ctrWithIv(bytes.length < subtleFromBytes ? undefined : subtle, { key, iv }, bytes),
  };
}

async function digest(subtle: SubtleCrypto, bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await subtle.digest('SHA-256', plain(bytes)));
}

async function hmac(subtle: SubtleCrypto, key: Uint8Array, bytes: Uint8Array): Promise<Uint8Array> {
  const imported = await subtle.importKey('raw', plain(key), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await subtle.sign('HMAC', imported, plain(bytes)));
}

interface KeyAndIv {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** All 128 bits count, as SPEC.md section 3 asks. */
async function ctr(subtle: SubtleCrypto, { key, iv }: KeyAndIv, bytes: Uint8Array): Promise<Uint8Array> {
  const imported = await subtle.importKey('raw', plain(key), 'AES-CTR', false, ['encrypt']);
  return new Uint8Array(await subtle.encrypt({ name: 'AES-CTR', counter: plain(iv), length: 128 }, imported, plain(bytes)));
}

async function ctrWithIv(subtle: SubtleCrypto | undefined, keyAndIv: KeyAndIv, bytes: Uint8Array): Promise<Uint8Array> {
  const { key, iv } = keyAndIv;
  const cipher = subtle === undefined ? await nobleProvider.aes256Ctr(key, iv, bytes) : await ctr(subtle, keyAndIv, bytes);
  const whole = new Uint8Array(iv.length + cipher.length);
  whole.set(iv);
  whole.set(cipher, iv.length);
  return whole;
}

/** WebCrypto takes views of plain buffers only; nothing here is ever shared between threads, so the copy is never made in practice. */
function plain(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : Uint8Array.from(bytes);
}
