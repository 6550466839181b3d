/**
 * The fast provider: node:crypto (OpenSSL). Agrees with noble byte for byte; the vectors of test/vectors run on
 * both. Answers are plain arrays, never Buffers, whose `slice` would share memory. SPEC.md section 1.
 */
import { createCipheriv, createDecipheriv, createHmac, createPrivateKey, createPublicKey, hash, type KeyObject, scrypt, sign, verify } from 'node:crypto';
import type { CryptoProvider, GcmInput, ScryptCost } from '../core/crypto.js';
import { hashBytes } from '../protocol/limits.js';

const gcmTagBytes = 16;
/** RFC 8410 section 7 and 4: what stands before the 32 bytes of an Ed25519 key in DER. */
const privateKeyHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicKeyHead = Buffer.from('302a300506032b6570032100', 'hex');

/** node:crypto under the interface of core/crypto.ts. Answers at once, but for scrypt, which runs in the thread pool. */
export const nodeProvider: CryptoProvider = {
  name: 'node',
  sha256: (bytes) => plain(hash('sha256', bytes, 'buffer')),
  hmacSha256: (key, bytes) => (key.length > blockBytes || bytes.length > maxShortBytes ? plain(createHmac('sha256', key).update(bytes).digest()) : shortHmac(key, bytes)),
  hmacSha512: (key, bytes) => plain(createHmac('sha512', key).update(bytes).digest()),
  aes256Ctr: (key, iv, bytes) => plain(createCipheriv('aes-256-ctr', key, iv).update(bytes)),
  aes256CtrWithIv: ctrWithIv,
  aes256GcmSeal: gcmSeal,
  aes256GcmOpen: gcmOpen,
  ed25519Sign: edSign,
  ed25519Verify: edVerify,
  scrypt: scryptInPool,
};

function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** FIPS 180-4: bytes of a block of SHA-256, which RFC 2104 pads keys to. */
const blockBytes = 64;
const maxShortBytes = 1_024;
const inner = new Uint8Array(blockBytes + maxShortBytes);
const outer = new Uint8Array(blockBytes + hashBytes);

/**
 * RFC 2104 over the hash in one call: an object for each HMAC takes longer to make and to collect than to compute, and opening one entry of a
 * listing takes ten.
 */
function shortHmac(key: Uint8Array, bytes: Uint8Array): Uint8Array {
  for (let i = 0; i < blockBytes; i++) {
    const byte = key[i] ?? 0;
    inner[i] = byte ^ 0x36;
    outer[i] = byte ^ 0x5c;
  }
  inner.set(bytes, blockBytes);
  outer.set(hash('sha256', inner.subarray(0, blockBytes + bytes.length), 'buffer'), blockBytes);
  return plain(hash('sha256', outer, 'buffer'));
}

function ctrWithIv(key: Uint8Array, iv: Uint8Array, bytes: Uint8Array): Uint8Array {
  // Not zeroed, for every byte is written below; from no pool, so that the array keeps nothing else alive.
  const whole = Buffer.allocUnsafeSlow(iv.length + bytes.length);
  whole.set(iv);
  whole.set(createCipheriv('aes-256-ctr', key, iv).update(bytes), iv.length);
  return plain(whole);
}

function gcmSeal(key: Uint8Array, nonce: Uint8Array, input: GcmInput): Uint8Array {
  const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: gcmTagBytes }).setAAD(input.associated);
  return plain(Buffer.concat([cipher.update(input.bytes), cipher.final(), cipher.getAuthTag()]));
}

function gcmOpen(key: Uint8Array, nonce: Uint8Array, input: GcmInput): Uint8Array | undefined {
  const end = input.bytes.length - gcmTagBytes;
  if (end < 0) return undefined;
  const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: gcmTagBytes }).setAAD(input.associated);
  decipher.setAuthTag(input.bytes.subarray(end));
  const bytes = decipher.update(input.bytes.subarray(0, end));
  try {
    decipher.final();
  } catch {
    return undefined;
  }
  return plain(bytes);
}

/** Reading a key takes longer than signing with it. Nobody writes into an array that holds one. */
const privateKeys = new WeakMap<Uint8Array, KeyObject>();
const publicKeys = new WeakMap<Uint8Array, KeyObject>();

function edSign(secret: Uint8Array, message: Uint8Array): Uint8Array {
  const key = privateKeys.get(secret) ?? createPrivateKey({ key: Buffer.concat([privateKeyHead, secret]), format: 'der', type: 'pkcs8' });
  privateKeys.set(secret, key);
  return plain(sign(undefined, message, key));
}

function edVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== hashBytes || signature.length !== 2 * hashBytes) return false;
  try {
    const key = publicKeys.get(publicKey) ?? createPublicKey({ key: Buffer.concat([publicKeyHead, publicKey]), format: 'der', type: 'spki' });
    publicKeys.set(publicKey, key);
    return verify(undefined, message, key, signature);
  } catch {
    return false;
  }
}

function scryptInPool(password: Uint8Array, salt: Uint8Array, cost: ScryptCost): Promise<Uint8Array> {
  const N = 2 ** cost.log2N;
  // RFC 7914 section 6: 128 r (N + p) bytes, and room for the rest.
  const options = { N, r: cost.r, p: cost.p, maxmem: 128 * cost.r * (N + cost.p) + 1_048_576 };
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, options, (error, key) => {
      if (error === null) resolve(plain(key));
      else reject(error);
    });
  });
}
