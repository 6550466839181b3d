/**
 * What is left of what went: records in packs that no row names any more, until their pack is compacted; notes that stay
 * for ever; pages of the database that are free and still hold what was in them.
 */
import { decodeAccountRecord } from '../../server/core/account-record.js';
import { decodeRemovalRecord } from '../../server/core/image-record.js';
import type { ScannedRecord } from '../../server/ports/block-store.js';
import type { StolenDisk } from './stolen-disk.js';

export interface RemainsView {
  /** Records of the packs by type: all, those that no row names, and the bytes of these. */
  readonly records: readonly { readonly type: string; readonly all: number; readonly dead: number; readonly deadBytes: number }[];
  /** Former states of accounts, each with the proof and the wrapped key of a password that was changed since. */
  readonly formerCredentials: number;
  /** User names of accounts that are gone, in records that are still there. */
  readonly formerNames: readonly string[];
  /** Times of removals, restorations and closings (ms since the epoch), which every compaction copies. */
  readonly removalTimes: readonly number[];
  /** Ids of removed images that are never taken again, ids of closed accounts, days of which received bytes are kept. */
  readonly tombstones: number;
  readonly closedAccounts: number;
  readonly receivedDays: number;
  /** Pages of the database that are free, in bytes. */
  readonly freePageBytes: number;
}

/** Reads every pack. */
export async function remainsView(disk: StolenDisk): Promise<RemainsView> {
  const live = livePlaces(disk);
  const types = new Map<string, { all: number; dead: number; deadBytes: number }>();
  const removalTimes: number[] = [];
  const former: { readonly username: string; readonly auth: string }[] = [];
  for await (const record of disk.records()) {
    const { type, place } = record;
    const isDead = type !== 'removal' && !live.has(`${String(place.pack)}/${String(place.offset)}`);
    const seen = types.get(type) ?? { all: 0, dead: 0, deadBytes: 0 };
    types.set(type, { all: seen.all + 1, dead: seen.dead + (isDead ? 1 : 0), deadBytes: seen.deadBytes + (isDead ? place.length : 0) });
    removalTimes.push(...timesOf(record));
    if (type === 'account' && isDead) former.push(formerOf(record));
  }
  const present = new Map(disk.rows<{ readonly username: string; readonly auth: string }>('SELECT username, lower(hex(auth_hash)) AS auth FROM account').map(({ username, auth }) => [username, auth] as const));
  const count = (sql: string): number => disk.rows<{ readonly n: number }>(sql)[0]?.n ?? 0;
  return {
    records: [...types].map(([type, counts]) => ({ type, ...counts })).sort((a, b) => a.type.localeCompare(b.type)),
    formerCredentials: former.filter(({ username, auth }) => present.has(username) && present.get(username) !== auth).length,
    formerNames: [...new Set(former.map(({ username }) => username))].filter((username) => !present.has(username)),
    removalTimes,
    tombstones: count('SELECT COUNT(*) AS n FROM tombstone'),
    closedAccounts: count('SELECT COUNT(*) AS n FROM closed_account'),
    receivedDays: count('SELECT COUNT(*) AS n FROM received_day'),
    freePageBytes: count('SELECT freelist_count * page_size AS n FROM pragma_freelist_count, pragma_page_size'),
  };
}

function livePlaces(disk: StolenDisk): ReadonlySet<string> {
  const places = disk.rows<{ readonly place: string }>(`SELECT pack || '/' || offset AS place FROM tag UNION ALL SELECT pack || '/' || offset FROM copy
    UNION ALL SELECT manifest_pack || '/' || manifest_offset FROM image UNION ALL SELECT preview_pack || '/' || preview_offset FROM image WHERE preview_pack IS NOT NULL
    UNION ALL SELECT pack || '/' || offset FROM account`);
  return new Set(places.map(({ place }) => place));
}

function timesOf({ type, payload }: ScannedRecord): readonly number[] {
  if (type !== 'removal') return [];
  const removal = decodeRemovalRecord(payload);
  return 'at' in removal ? [removal.at] : [];
}

function formerOf({ payload }: ScannedRecord): { readonly username: string; readonly auth: string } {
  const { account } = decodeAccountRecord(payload);
  return { username: account.username, auth: Buffer.from(account.authHash).toString('hex') };
}
