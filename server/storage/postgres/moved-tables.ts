/**
 * How the logical tables of a move lie in PostgreSQL: what is selected, in which order, and how many rows are inserted at once. Row numbers are the
 * database's own, drawn from its sequences. Blocks are read in the order of packs, which is about that of filing.
 */
import type { Coverage, MovedTable, ReadTable } from '../../ports/index-move.js';

/** One logical table. */
export interface MovedSql {
  /** An expression for each column, in order. */
  readonly columns: readonly string[];
  readonly from: string;
  readonly where?: string;
  /** What orders the rows, and of which types it is. Without a key they come in any order, and cannot be read from the middle. */
  readonly key: readonly (readonly [expression: string, type: string])[];
}

const ofOwner = (table: string): string => `${table} t JOIN owner o ON o.id = t.owner`;
const of = (alias: string, names: readonly string[]): readonly string[] => names.map((name) => `${alias}.${name}`);

/** Names and types, in the order of the logical columns after the account. */
const accountTypes = {
  username: 'text', email: 'text', is_operator: 'int', kdf_log2n: 'int', kdf_r: 'int', kdf_p: 'int', kdf_salt: 'bytea', auth_hash: 'bytea', recovery_hash: 'bytea',
  wrapped_account_key: 'bytea', recovery_wrapped_account_key: 'bytea', identity_x25519: 'bytea', identity_ed25519: 'bytea', identity_epoch: 'bigint',
  identity_signature: 'bytea', identity_wrapped: 'bytea', keyring: 'bytea', keyring_revision: 'bigint', revision: 'bigint', quota_bytes: 'bigint',
  created_at: 'bigint', pack: 'bigint', start: 'bigint', length: 'int', factor_secret: 'bytea', factor_is_on: 'int', factor_step: 'bigint', factor_codes: 'bytea',
} as const;
/** Truth is 0 or 1 in a logical table. */
const accountFlags: readonly string[] = ['is_operator', 'factor_is_on'];
const accountColumns = Object.keys(accountTypes);
const ownerColumns = ['account_id', 'images', 'blocks', 'cipher_bytes', 'manifest_bytes', 'entry_bytes', 'previews', 'preview_bytes'];
const imageColumns = [
  'image_id', 'wrapped_key', 'entry', 'manifest_hash', 'manifest_bytes', 'manifest_pack', 'manifest_start', 'manifest_length', 'preview_bytes',
  'preview_pack', 'preview_start', 'preview_length', 'blocks', 'created_at', 'trashed_at', 'rehashes',
];
const sessionColumns = ['session_id', 'hash', 'account', 'kind', 'device', 'created_at', 'last_used_at', 'expires_at', 'page_key', 'csrf_hash', 'is_kept'];
const invitationColumns = ['invitation_id', 'inviter', 'code_hash', 'sealed_group', 'created_at', 'expires_at', 'used_at', 'used_by'];

/** What the state of a store has beside its own: the note and the journal of a move, and the row that is a lock. */
export const isOfStore = "name <> 'named.migration' AND name <> 'named.scrub-position' AND name NOT LIKE 'migration.%' AND name <> 'lock.accounts'";

/** A row of `unreferenced` too many says nothing. */
const touchedSql = 'CASE WHEN x.t1 IS NOT NULL AND NOT EXISTS (SELECT 1 FROM reference r WHERE r.t1 = x.t1) THEN x.touched_at END';

export const movedSql: Readonly<Record<ReadTable, MovedSql>> = {
  owner: { columns: ownerColumns, from: 'owner', key: [['id', 'bigint']] },
  account: {
    columns: ['o.account_id', ...accountColumns.map((name) => (accountFlags.includes(name) ? `t.${name}::int` : `t.${name}`))],
    from: ofOwner('account'), key: [['t.owner', 'bigint']],
  },
  closedAccount: { columns: ['account_id', 'closed_at', 'is_recorded::int'], from: 'closed_account', key: [['account_id', 'bytea']] },
  session: {
    columns: ['t.session_id', 't.hash', 'o.account_id', 't.kind', 't.device', 't.created_at', 't.last_used_at', 't.expires_at', 't.page_key', 't.csrf_hash', 't.is_kept::int'],
    from: 'session t JOIN owner o ON o.id = t.account', key: [['t.session_id', 'bytea']],
  },
  invitation: {
    columns: ['t.invitation_id', 'o.account_id', 't.code_hash', 't.sealed_group', 't.created_at', 't.expires_at', 't.used_at', 't.used_by'],
    from: 'invitation t JOIN owner o ON o.id = t.inviter', key: [['t.invitation_id', 'bytea']],
  },
  block: {
    columns: ['tag.t1', 'tag.t', 'tag.code', 'tag.length', 'tag.pack', 'tag.start', 'tag.state', touchedSql],
    from: 'tag LEFT JOIN unreferenced x ON x.t1 = tag.t1', key: [['tag.pack', 'bigint'], ['tag.start', 'bigint'], ['tag.t1', 'bytea']],
  },
  copy: { columns: ['t1', 'pack', 'start'], from: 'copy', key: [['t1', 'bytea'], ['pack', 'bigint'], ['start', 'bigint']] },
  image: { columns: ['o.account_id', ...of('t', imageColumns)], from: ofOwner('image'), key: [['t.id', 'bigint']] },
  tombstone: { columns: ['o.account_id', 't.image_id'], from: ofOwner('tombstone'), key: [['t.owner', 'bigint'], ['t.image_id', 'bytea']] },
  receivedDay: { columns: ['o.account_id', 't.day', 't.bytes'], from: ofOwner('received_day'), key: [['t.owner', 'bigint'], ['t.day', 'bigint']] },
  proofSpending: { columns: ['o.account_id', 't.spent_at', 't.bytes'], from: ofOwner('proof_spending'), key: [['t.id', 'bigint']] },
  headTree: { columns: ['o.account_id', 't.counter', 't.root', 't.crown'], from: ofOwner('head_tree'), key: [['t.owner', 'bigint']] },
  head: { columns: ['o.account_id', 't.counter', 't.sealed'], from: ofOwner('head'), key: [['t.owner', 'bigint'], ['t.counter', 'bigint']] },
  headLeaf: { columns: ['o.account_id', 't.image_id', 't.leaf'], from: ofOwner('head_leaf'), key: [['t.owner', 'bigint'], ['t.image_id', 'bytea']] },
  state: { columns: ['name', 'value'], from: 'store_state', where: isOfStore, key: [['name', 'text']] },
  reference: { columns: ['r.t1', 'o.account_id', 'i.image_id'], from: 'reference r JOIN image i ON i.id = r.image JOIN owner o ON o.id = i.owner', key: [] },
};

/** How rows are added: each column comes as an array of its type. `sql` reads them from `r` as c1, c2, ... and keeps their order by r.n. */
interface Adding {
  readonly types: readonly string[];
  readonly sql: string;
}

const cells = (count: number, from = 1): string => Array.from({ length: count }, (_, index) => `r.c${from + index}`).join(', ');
const withOwner = (column: string): string => `r JOIN owner o ON o.account_id = r.${column} ORDER BY r.n`;

export const addingSql: Readonly<Record<Exclude<MovedTable, 'image'>, Adding>> = {
  owner: {
    types: ['bytea', ...Array.from({ length: 7 }, () => 'bigint')],
    sql: `INSERT INTO owner (${ownerColumns.join(', ')}) SELECT ${cells(8)} FROM r ORDER BY r.n`,
  },
  account: {
    types: ['bytea', ...Object.values(accountTypes)],
    sql: `INSERT INTO account (owner, ${accountColumns.join(', ')}) SELECT o.id, r.c2, r.c3, r.c4 = 1, ${cells(21, 5)}, r.c26, r.c27 = 1, r.c28, r.c29
      FROM ${withOwner('c1')}`,
  },
  closedAccount: {
    types: ['bytea', 'bigint', 'int'],
    sql: 'INSERT INTO closed_account (account_id, closed_at, is_recorded) SELECT r.c1, r.c2, r.c3 = 1 FROM r',
  },
  session: {
    types: ['bytea', 'bytea', 'bytea', 'text', 'text', 'bigint', 'bigint', 'bigint', 'bytea', 'bytea', 'int'],
    sql: `INSERT INTO session (${sessionColumns.join(', ')}) SELECT r.c1, r.c2, o.id, ${cells(7, 4)}, r.c11 = 1 FROM ${withOwner('c3')}`,
  },
  invitation: {
    types: ['bytea', 'bytea', 'bytea', 'bytea', 'bigint', 'bigint', 'bigint', 'bytea'],
    sql: `INSERT INTO invitation (${invitationColumns.join(', ')}) SELECT r.c1, o.id, ${cells(6, 3)} FROM ${withOwner('c2')}`,
  },
  block: {
    types: ['bytea', 'bytea', 'smallint', 'int', 'bigint', 'bigint', 'smallint', 'bigint'],
    sql: `, tags AS (INSERT INTO tag (t1, t, code, length, pack, start, state) SELECT ${cells(7)} FROM r)
      INSERT INTO unreferenced (t1, touched_at) SELECT r.c1, r.c8 FROM r WHERE r.c8 IS NOT NULL`,
  },
  copy: { types: ['bytea', 'bigint', 'bigint'], sql: `INSERT INTO copy (t1, pack, start) SELECT ${cells(3)} FROM r` },
  tombstone: { types: ['bytea', 'bytea'], sql: `INSERT INTO tombstone (owner, image_id) SELECT o.id, r.c2 FROM ${withOwner('c1')}` },
  receivedDay: { types: ['bytea', 'bigint', 'bigint'], sql: `INSERT INTO received_day (owner, day, bytes) SELECT o.id, r.c2, r.c3 FROM ${withOwner('c1')}` },
  proofSpending: { types: ['bytea', 'bigint', 'bigint'], sql: `INSERT INTO proof_spending (owner, spent_at, bytes) SELECT o.id, r.c2, r.c3 FROM ${withOwner('c1')}` },
  headTree: { types: ['bytea', 'bigint', 'bytea', 'bytea'], sql: `INSERT INTO head_tree (owner, counter, root, crown) SELECT o.id, ${cells(3, 2)} FROM ${withOwner('c1')}` },
  head: { types: ['bytea', 'bigint', 'bytea'], sql: `INSERT INTO head (owner, counter, sealed) SELECT o.id, ${cells(2, 2)} FROM ${withOwner('c1')}` },
  headLeaf: { types: ['bytea', 'bytea', 'bytea'], sql: `INSERT INTO head_leaf (owner, image_id, leaf) SELECT o.id, ${cells(2, 2)} FROM ${withOwner('c1')}` },
  state: { types: ['text', 'text'], sql: 'INSERT INTO store_state (name, value) SELECT r.c1, r.c2 FROM r' },
};

/** One image, with what its blocks know of it. */
export const addImageSql = `WITH added AS (
    INSERT INTO image (owner, ${imageColumns.join(', ')})
    SELECT o.id, ${imageColumns.map((_, index) => `$${index + 2}`).join(', ')} FROM owner o WHERE o.account_id = $1 RETURNING id, owner, rehashes
  ) INSERT INTO reference (t1, owner, image) SELECT k.t1, added.owner, added.id FROM added, unnest(added.rehashes) AS k(t1) ORDER BY k.t1`;

const ofUploads = 'open upload sessions end: clients that were in the middle begin a new one, and send what is missing';

/** Where each column of each table of PostgreSQL is in a move. */
export const coverage: Coverage = {
  owner: { columns: ['id', ...ownerColumns] },
  tag: { columns: ['t1', 't', 'code', 'length', 'pack', 'start', 'state'] },
  unreferenced: { columns: ['t1', 'touched_at'] },
  copy: { columns: ['t1', 'pack', 'start'] },
  image: { columns: ['id', 'owner', ...imageColumns] },
  reference: { columns: ['t1', 'owner', 'image'] },
  tombstone: { columns: ['owner', 'image_id'] },
  received_day: { columns: ['owner', 'day', 'bytes'] },
  account: { columns: ['owner', ...accountColumns] },
  session: { columns: sessionColumns },
  invitation: { columns: invitationColumns },
  closed_account: { columns: ['account_id', 'closed_at', 'is_recorded'] },
  proof_spending: { columns: ['id', 'owner', 'spent_at', 'bytes'] },
  store_state: { columns: ['name', 'value'] },
  head_tree: { columns: ['owner', 'counter', 'root', 'crown'] },
  head: { columns: ['owner', 'counter', 'sealed'] },
  head_leaf: { columns: ['owner', 'image_id', 'leaf'] },
  upload: { left: ofUploads }, pin: { left: ofUploads }, nonce: { left: ofUploads },
  usage_day: { left: 'counted anew at the end' },
  incarnation: { left: 'what a server of PostgreSQL is told apart by' },
  process: { left: 'the processes that serve a store while they run' },
  schema_migration: { left: 'each engine has its own' },
};

/** Emptied together. */
export const emptied = [
  'nonce', 'pin', 'upload', 'reference', 'image', 'tombstone', 'received_day', 'usage_day', 'proof_spending', 'copy', 'unreferenced', 'tag', 'session', 'invitation',
  'head_tree', 'head', 'head_leaf', 'account', 'closed_account', 'owner',
] as const;

/** Whose rows show that an index was used. */
export const used: readonly MovedTable[] = ['owner', 'closedAccount', 'block', 'state'];
