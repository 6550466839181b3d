/**
 * The last account head that this device trusted, sealed in its cache: what a server that goes back to an older state is held against.
 * SPEC.md section 14.
 */
import type { AccountHead, Revisions } from './core/keys/signed-head.js';
import type { FingerprintCache } from './fingerprint-cache.js';
import { concat, u32, utf8 } from './protocol/bytes.js';
import { hashBytes } from './protocol/limits.js';

/** What is remembered of a head; `hash` is that of its canonical list. */
export interface RememberedHead extends Pick<AccountHead, 'counter' | 'epoch'>, Revisions {
  readonly hash: Uint8Array;
}

const name = utf8('account-head');
const numberBytes = 8;
const epochAt = numberBytes;
const hashAt = epochAt + 4;
/** Revisions follow; heads of version 1 were remembered without. */
const revisionsAt = hashAt + hashBytes;
const rememberedBytes = revisionsAt + 2 * numberBytes;

/** The remembered head, or undefined where this device trusted none. */
export async function rememberedHead(cache: FingerprintCache | undefined): Promise<RememberedHead | undefined> {
  return headIn((await cache?.findSealed([name]))?.[0]);
}

function headIn(value: Uint8Array | undefined): RememberedHead | undefined {
  if (value?.length !== revisionsAt && value?.length !== rememberedBytes) return undefined;
  const whole = concat(value, new Uint8Array(rememberedBytes - value.length));
  const view = new DataView(whole.buffer);
  const numberAt = (at: number): number => Number(view.getBigUint64(at));
  return {
    counter: numberAt(0), epoch: view.getUint32(epochAt), hash: whole.slice(hashAt, revisionsAt),
    keyringRevision: numberAt(revisionsAt), revision: numberAt(revisionsAt + numberBytes),
  };
}

/** Remembers a head that is trusted now, unless a later one is remembered already. */
export async function rememberHead(cache: FingerprintCache | undefined, { counter, epoch, hash, keyringRevision, revision }: RememberedHead): Promise<void> {
  await cache?.changeSealed(name, (value) => {
    const before = headIn(value);
    const isLater = before === undefined || epoch > before.epoch || (epoch === before.epoch && counter > before.counter);
    return isLater ? concat(u64(counter), u32(epoch), hash, u64(keyringRevision), u64(revision)) : undefined;
  });
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(numberBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}
