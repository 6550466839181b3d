/**
 * A provider of cryptography that remembers every key that passed through it, so that a test can look for them in what was
 * sent: keys of ciphers, what HKDF is given, secrets and keys of blocks, and what scrypt made of a password.
 */
import type { CryptoProvider, ScryptCost } from '../../client-sdk/core/crypto.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { concat, u32 } from '../../client-sdk/protocol/bytes.js';

const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
const blockLabels = ['dice/1/personal', 'dice/1/group'];
/** What is derived to be sent: to the routes that log in, and to no other. */
const authLabels = ['dice/1/auth', 'dice/1/recovery-auth'];

export class KeyWitness {
  /** Never to be sent, by their bytes as text. */
  readonly secrets = new Set<string>();
  /** To be sent to log in. */
  readonly auths = new Set<string>();
  readonly costs: ScryptCost[] = [];

  readonly provider: CryptoProvider = {
    ...nodeProvider,
    hmacSha256: async (key, bytes) => {
      const output = await nodeProvider.hmacSha256(key, bytes);
      this.#hmac(key, bytes, output);
      return output;
    },
    hmacSha512: (key, bytes) => nodeProvider.hmacSha512(this.#kept(key), bytes),
    aes256Ctr: (key, iv, bytes) => nodeProvider.aes256Ctr(this.#kept(key), iv, bytes),
    aes256GcmSeal: (key, nonce, input) => nodeProvider.aes256GcmSeal(this.#kept(key), nonce, input),
    aes256GcmOpen: (key, nonce, input) => nodeProvider.aes256GcmOpen(this.#kept(key), nonce, input),
    ed25519Sign: (secret, message) => nodeProvider.ed25519Sign(this.#kept(secret), message),
    // Not scrypt, but as bound to salt and cost as that is.
    scrypt: async (password, salt, cost) => {
      this.costs.push(cost);
      return this.#kept(await nodeProvider.hmacSha256(concat(salt, u32(cost.log2N), u32(cost.r), u32(cost.p)), password));
    },
    ...(nodeProvider.aes256CtrWithIv === undefined ? {} : { aes256CtrWithIv: (key: Uint8Array, iv: Uint8Array, bytes: Uint8Array) => concat(iv, nodeProvider.aes256Ctr(this.#kept(key), iv, bytes) as Uint8Array) }),
  };

  forget(): void {
    this.secrets.clear();
    this.auths.clear();
    this.costs.length = 0;
  }

  #kept(key: Uint8Array): Uint8Array {
    this.secrets.add(latin(key));
    return key;
  }

  #hmac(key: Uint8Array, bytes: Uint8Array, output: Uint8Array): void {
    const text = latin(bytes);
    // The first half of HKDF: no salt, or the nonce of a sealed object.
    if (key.length === 12 || key.every((byte) => byte === 0)) this.#kept(bytes);
    if (authLabels.some((label) => text.startsWith(label))) this.auths.add(latin(output));
    if (!blockLabels.some((label) => text.startsWith(label))) return;
    this.#kept(key);
    this.#kept(output);
    this.#kept(bytes.subarray(-32));
  }
}
