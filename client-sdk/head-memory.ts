/**
 * The last account head that this device trusted, sealed in its cache: what a server that goes back to an older state is held against.
 * SPEC.md section 14.
 */
import type { AccountHead } from './core/keys/signed-head.js';
import type { FingerprintCache } from './fingerprint-cache.js';
import { concat, u32, utf8 } from './protocol/bytes.js';
import { hashBytes } from './protocol/limits.js';

/** What is remembered of a head; `hash` is that of its canonical list. */
export interface RememberedHead extends Pick<AccountHead, 'counter' | 'epoch'> {
  readonly hash: Uint8Array;
}

const name = utf8('account-head');
const counterBytes = 8;

/** The remembered head, or undefined where this device trusted none. */
export async function rememberedHead(cache: FingerprintCache | undefined): Promise<RememberedHead | undefined> {
  const [value] = (await cache?.findSealed([name])) ?? [];
  if (value?.length !== counterBytes + 4 + hashBytes) return undefined;
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  return { counter: Number(view.getBigUint64(0)), epoch: view.getUint32(counterBytes), hash: value.slice(counterBytes + 4) };
}

/** Remembers a head that is trusted now, unless a later one is remembered already. */
export async function rememberHead(cache: FingerprintCache | undefined, { counter, epoch, hash }: RememberedHead): Promise<void> {
  const before = await rememberedHead(cache);
  const isLater = before === undefined || epoch > before.epoch || (epoch === before.epoch && counter > before.counter);
  if (!isLater) return;
  const number = new Uint8Array(counterBytes);
  new DataView(number.buffer).setBigUint64(0, BigInt(counter));
  await cache?.keepSealed([[name, concat(number, u32(epoch), hash)]]);
}
