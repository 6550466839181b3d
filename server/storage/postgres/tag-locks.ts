/**
 * Locks of tag rows, taken in order of T1 so that two transactions rarely wait for each other in a circle. Pins and references are inserted
 * only while their tag rows are locked; the collector deletes a row only under a lock that none of these goes beside. README.md has
 * the table. Each function runs inside a transaction that its caller holds, and after it that transaction sees what others did before.
 */
import { rehashHex, type Rehash, type RehashHex } from '../../../client-sdk/protocol/ids.js';
import { rehashColumn } from './columns.js';
import type { Session } from './session.js';

/**
 * pin: the row stays. refer: and nobody takes references away meanwhile. release: and nobody else does, nor refers. change: alone.
 * The last two wait for all that refers, and the last for pins too.
 */
const strengths = { pin: 'FOR KEY SHARE', refer: 'FOR SHARE', release: 'FOR NO KEY UPDATE', change: 'FOR UPDATE' };
const lockSql = (strength: string, live: string): string => `SELECT t1, length FROM tag WHERE t1 = ANY($1::bytea[])${live} ORDER BY t1 ${strength}`;
const live = ' AND state = 0';
const sqls = {
  pin: lockSql(strengths.pin, live),
  refer: lockSql(strengths.refer, live),
  referAny: lockSql(strengths.refer, ''),
  release: lockSql(strengths.release, ''),
  change: lockSql(strengths.change, ''),
};

/** A locked row. */
export interface Locked {
  readonly rehash: Rehash;
  readonly length: number;
}

/** Locks the rows of `rehashes`; `pin` and `refer` the live ones alone. Answers the locked ones. */
export async function lockTags(session: Session, rehashes: readonly Rehash[], purpose: keyof typeof sqls): Promise<ReadonlyMap<RehashHex, Locked>> {
  if (rehashes.length === 0) return new Map();
  const rows = await session.all<{ t1: Uint8Array; length: number }>(sqls[purpose], rehashes);
  return new Map(rows.map((row) => {
    const rehash = rehashColumn(row.t1);
    return [rehashHex(rehash), { rehash, length: row.length }];
  }));
}
