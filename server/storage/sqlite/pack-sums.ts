/**
 * The kept sums of what rows name in a pack, as the second witness of the ways in which those rows are found: a listing that they contradict lacks rows, or they are wrong.
 * And counting them anew, which the scrub does. Each function runs inside a transaction that its caller holds.
 */
import { CorruptionError } from '../../ports/errors.js';
import type { StoreDatabase } from './database.js';

/** What a sum is of: numbers of the column `kind`. */
export const sumKinds = { block: 0, manifest: 1, preview: 2 } as const;
export type Summed = keyof typeof sumKinds;

/** Rows, and bytes of their payloads. */
export interface Sum {
  readonly records: number;
  readonly bytes: number;
}

const nothing: Sum = { records: 0, bytes: 0 };
const keptSql = 'SELECT records, payload_bytes AS bytes FROM pack_use WHERE pack = ? AND kind = ?';

/** What the triggers counted. */
export function keptSum(db: StoreDatabase, pack: number, summed: Summed): Sum {
  return db.query<Sum>(keptSql).get(pack, sumKinds[summed]) ?? nothing;
}

export function sumOf(rows: readonly { readonly length: number }[]): Sum {
  return { records: rows.length, bytes: rows.reduce((bytes, { length }) => bytes + length, 0) };
}

export function isSameSum(a: Sum, b: Sum): boolean {
  return a.records === b.records && a.bytes === b.bytes;
}

/** Rows and sums disagree, and neither is to be trusted before all rows were read. */
export function contradiction(summed: Summed, { found, kept }: { readonly found: Sum; readonly kept: Sum }): CorruptionError {
  const told = ({ records, bytes }: Sum): string => `${String(records)} ${summed} record(s) of ${String(bytes)} bytes`;
  return new CorruptionError(`the index finds ${told(found)} in it, and counted ${told(kept)}. Run dice-admin scrub, which puts the index right: a server does it by itself in time.`);
}

const countSql: Readonly<Record<Summed, string>> = {
  block: `SELECT COUNT(*) AS records, COALESCE(SUM(tag.length), 0) AS bytes
    FROM tag_span CROSS JOIN tag ON tag.id BETWEEN 64 * tag_span.span AND 64 * tag_span.span + 63 WHERE tag_span.pack = ? AND tag.pack = tag_span.pack`,
  manifest: 'SELECT COUNT(*) AS records, COALESCE(SUM(manifest_length), 0) AS bytes FROM image WHERE manifest_pack = ?',
  preview: 'SELECT COUNT(*) AS records, COALESCE(SUM(preview_length), 0) AS bytes FROM image WHERE preview_pack = ?',
};
const forgetSql = 'DELETE FROM pack_use WHERE pack = ? AND kind = ?';
const noteSql = 'INSERT INTO pack_use (pack, kind, records, payload_bytes) VALUES (?, ?, ?, ?)';

/** Counts one pack anew, whose spans are right. Answers how many of its sums were wrong. */
export function recount(db: StoreDatabase, pack: number): number {
  let wrong = 0;
  for (const summed of ['block', 'manifest', 'preview'] as const) {
    const { records, bytes } = db.query<Sum>(countSql[summed]).get(pack) ?? nothing;
    // Lengths that rotted may add up to what the column cannot hold.
    const counted = { records, bytes: Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, bytes)) };
    if (isSameSum(counted, keptSum(db, pack, summed))) continue;
    wrong++;
    db.query(forgetSql).run(pack, sumKinds[summed]);
    if (records > 0) db.query(noteSql).run(pack, sumKinds[summed], records, counted.bytes);
  }
  return wrong;
}

const from = (column: string, table: string): string => `SELECT MIN(${column}) AS pack FROM ${table} WHERE ${column} > ? AND ${column} <= ${String(Number.MAX_SAFE_INTEGER)}`;
const nextSql = `SELECT MIN(pack) FROM (${[from('pack', 'pack_use'), from('pack', 'tag_span'), from('manifest_pack', 'image'), from('preview_pack', 'image')].join(' UNION ALL ')})`;

/** The first pack after `pack` that anything is told of; undefined where there is none. */
export function nextPack(db: StoreDatabase, pack: number): number | undefined {
  return db.query<number | null>(nextSql).pluck().get(pack, pack, pack, pack) ?? undefined;
}
