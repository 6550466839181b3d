/**
 * Work in place of what a block of somebody else's spares, or costs: it gets no row, its row is met, and its place is noted as a copy; a new one
 * gets a row, meets none, and has no copy. Here each of them does the other's part too, and takes it back, so that the time of sending does not tell what existence
 * hides. Nothing of it is ever seen by another transaction. README.md, *Timing*.
 */
import type { UploadId } from '../../../client-sdk/protocol/ids.js';
import type { FiledBlock } from '../../ports/tag-store.js';
import { idBlob } from './columns.js';
import type { Session } from './session.js';

/** `met` have a row elsewhere, `unmet` none but their own. */
export interface Sent {
  readonly met: readonly FiledBlock[];
  readonly unmet: readonly FiledBlock[];
}

const insertSql = `WITH beside AS (
    INSERT INTO tag (t1, t, code, length, pack, start, state)
    SELECT k.t1, k.t, k.code, k.length, k.pack, k.start, 0
    FROM unnest($1::bytea[], $2::bytea[], $3::smallint[], $4::integer[], $5::bigint[], $6::bigint[]) AS k(t1, t, code, length, pack, start) ORDER BY k.t1
    ON CONFLICT (t1) DO NOTHING
  ) INSERT INTO copy (t1, pack, start) SELECT * FROM unnest($7::bytea[], $8::bigint[], $9::bigint[]) AS k(t1, pack, start) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING`;

/**
 * A block that is met costs a look at an old row, one that is not costs looks at its own: neighbours one after the other, as the rows of somebody's image are, from
 * anywhere in the store on, in place of the one, and the newest in place of the other. Nobody is waited for.
 */
const lockSql = `WITH keyed AS MATERIALIZED (SELECT t FROM tag WHERE t1 = ANY($1::bytea[]) ORDER BY t1 FOR KEY SHARE), old AS MATERIALIZED (
    SELECT t FROM tag WHERE pack >= (SELECT MIN(pack) FROM tag) + (((SELECT MAX(pack) FROM tag) - (SELECT MIN(pack) FROM tag)) * $2::float8)::bigint
    ORDER BY pack LIMIT $3 + 1 FOR KEY SHARE SKIP LOCKED
  ), young AS MATERIALIZED (SELECT t FROM tag ORDER BY pack DESC LIMIT $4 + 1 FOR KEY SHARE SKIP LOCKED)
  SELECT (SELECT COUNT(t) FROM keyed) + (SELECT COUNT(t) FROM old) + (SELECT COUNT(t) FROM young) AS rows`;

/** Does what the blocks did not make necessary, and undoes it. Last in a transaction: it waits for nobody. */
export async function payAlike(session: Session, uploadId: UploadId, { met, unmet }: Sent): Promise<void> {
  // Those that have a row already meet it, as others did before.
  const rows = [...met.map((block) => ({ ...block, rehash: keyBeside(block.rehash, uploadId) })), ...unmet];
  const keys = rows.map(({ rehash }) => rehash);
  await session.run('SAVEPOINT decoys');
  await session.run(
    insertSql, keys, rows.map(({ tag }) => tag), rows.map(({ code }) => code), rows.map(({ place }) => place.length), rows.map(({ place }) => place.pack), rows.map(({ place }) => place.offset),
    unmet.map(({ rehash }) => rehash), unmet.map(({ place }) => place.pack), unmet.map(({ place }) => place.offset),
  );
  await session.run(lockSql, keys, shareOf(rows[0]?.tag), unmet.length, met.length);
  await session.run('ROLLBACK TO SAVEPOINT decoys');
}

/** On the page of the key of T1, and no other session's. */
function keyBeside(rehash: Uint8Array, uploadId: UploadId): Uint8Array {
  return Buffer.concat([rehash.subarray(0, 16), idBlob(uploadId)]);
}

/** Between 0 and 1, by chance: T is random. */
function shareOf(tag: Uint8Array | undefined): number {
  return tag === undefined ? 0 : Buffer.from(tag).readUInt32BE() / 2 ** 32;
}
