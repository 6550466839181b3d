/**
 * Reads who holds which block from the tables, as texts of fixed width for a thousand pairs each: handing rows or blobs over one by
 * one costs the driver several times what reading them does. It keeps nothing and judges nothing.
 */
import type { StoreDatabase } from './database.js';
import type { Pairs } from './pair-prints.js';

/** Pairs of an owner and a T1. */
export interface HeldPairs extends Pairs {
  /** The row of T1 is live, and an image of the owner refers to it. */
  readonly isCertain: (index: number) => boolean;
}

/** Tags to a text: it stays small enough for the young objects of the heap. */
const chunk = 1_024;
/** A pair as hexadecimal digits: 15 of the owner, one of the state, 64 of T1. */
const pairBytes = 40;
const hashAt = 8;
const live = 0;
const pinned = 2;

const text = (owner: string, state: string): string => `group_concat(printf('%015x', ${owner}) || ${state} || hex(tag.t1), '')`;
const referredSql = `SELECT ${text('referrer.owner', 'tag.state')} FROM referrer CROSS JOIN tag ON tag.id = referrer.tag WHERE referrer.tag > ? AND referrer.tag <= ?`;
const pinnedSql = `SELECT ${text('pin.owner', String(pinned))} FROM pin CROSS JOIN tag ON tag.id = pin.tag WHERE pin.tag > ? AND pin.tag <= ?`;

/** All pairs of tags whose ids are above `from`, up to `to`. A pair may come more than once. */
export function readHeld(db: StoreDatabase, from: number, to: number): readonly HeldPairs[] {
  const found: HeldPairs[] = [];
  for (let after = from; after < to; after += chunk) {
    for (const sql of [referredSql, pinnedSql]) {
      const digits = db.query<string | null>(sql).pluck().get(after, Math.min(to, after + chunk));
      if (digits !== undefined && digits !== null) found.push(pairsOf(digits));
    }
  }
  return found;
}

function pairsOf(digits: string): HeldPairs {
  const bytes = new Uint8Array(digits.length / 2);
  Buffer.from(bytes.buffer).write(digits, 'hex');
  const view = new DataView(bytes.buffer);
  return {
    count: bytes.length / pairBytes,
    ownerAt: (index) => view.getUint32(pairBytes * index) * 2 ** 28 + (view.getUint32(pairBytes * index + 4) >>> 4),
    hashAt: (index) => bytes.subarray(pairBytes * index + hashAt, pairBytes * (index + 1)),
    isCertain: (index) => view.getUint32(pairBytes * index + 4) % 16 === live,
  };
}
