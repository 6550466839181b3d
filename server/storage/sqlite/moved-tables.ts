/**
 * How the logical tables of a move lie in SQLite: what is selected, in which order, and how a row is inserted. Filing order is kept, so that
 * blocks that were sent together stay neighbours.
 */
import type { Coverage, MovedTable, ReadTable } from '../../ports/index-move.js';
import { joinImages } from './reference-rows.js';

/** One logical table. */
export interface MovedSql {
  /** An expression for each column, in order. */
  readonly columns: readonly string[];
  readonly from: string;
  readonly where?: string;
  /** What orders the rows. Without a key they come in any order, and cannot be read from the middle. */
  readonly key: readonly string[];
  /** Takes the columns in order. */
  readonly insert?: string;
}

const ownerId = '(SELECT id FROM owner WHERE account_id = ?)';
const ofOwner = (table: string): string => `${table} t JOIN owner o ON o.id = t.owner`;

const accountColumns = [
  'username', 'email', 'is_operator', 'kdf_log2n', 'kdf_r', 'kdf_p', 'kdf_salt', 'auth_hash', 'recovery_hash', 'wrapped_account_key',
  'recovery_wrapped_account_key', 'identity_x25519', 'identity_ed25519', 'identity_epoch', 'identity_signature', 'identity_wrapped', 'keyring',
  'keyring_revision', 'revision', 'quota_bytes', 'created_at', 'pack', 'offset', 'length', 'factor_secret', 'factor_is_on',
  'factor_step', 'factor_codes',
];
const ownerColumns = ['account_id', 'images', 'blocks', 'cipher_bytes', 'manifest_bytes', 'entry_bytes', 'previews', 'preview_bytes'];
const imageColumns = [
  'image_id', 'wrapped_key', 'entry', 'manifest_hash', 'manifest_bytes', 'manifest_pack', 'manifest_offset', 'manifest_length', 'preview_bytes',
  'preview_pack', 'preview_offset', 'preview_length', 'blocks', 'created_at', 'trashed_at',
];

/** A parameter for each of `names`. */
const bound = (names: readonly string[]): string => names.map(() => '?').join(', ');
const of = (alias: string, names: readonly string[]): readonly string[] => names.map((name) => `${alias}.${name}`);

/** What the state of a store has beside its own: the note and the journal of a move, and where a scrub is among packs that have other numbers after it. */
export const isOfStore = "name <> 'named.migration' AND name <> 'named.scrub-position' AND name NOT LIKE 'migration.%'";

export const movedSql: Readonly<Record<ReadTable, MovedSql>> = {
  owner: { columns: ownerColumns, from: 'owner', key: ['id'], insert: `INSERT INTO owner (${ownerColumns.join(', ')}) VALUES (${bound(ownerColumns)})` },
  account: {
    columns: ['o.account_id', ...of('t', accountColumns)], from: ofOwner('account'), key: ['t.owner'],
    insert: `INSERT INTO account (owner, ${accountColumns.join(', ')}) VALUES (${ownerId}, ${bound(accountColumns)})`,
  },
  closedAccount: {
    columns: ['account_id', 'closed_at', 'is_recorded'], from: 'closed_account', key: ['account_id'],
    insert: 'INSERT INTO closed_account (account_id, closed_at, is_recorded) VALUES (?, ?, ?)',
  },
  session: {
    columns: ['t.session_id', 't.hash', 'o.account_id', 't.kind', 't.device', 't.created_at', 't.last_used_at', 't.expires_at', 't.page_key', 't.csrf_hash', 't.is_kept'],
    from: 'session t JOIN owner o ON o.id = t.account', key: ['t.rowid'],
    insert: `INSERT INTO session (session_id, hash, account, kind, device, created_at, last_used_at, expires_at, page_key, csrf_hash, is_kept)
      VALUES (?, ?, ${ownerId}, ?, ?, ?, ?, ?, ?, ?, ?)`,
  },
  invitation: {
    columns: ['t.invitation_id', 'o.account_id', 't.code_hash', 't.sealed_group', 't.created_at', 't.expires_at', 't.used_at', 't.used_by'],
    from: 'invitation t JOIN owner o ON o.id = t.inviter', key: ['t.rowid'],
    insert: `INSERT INTO invitation (invitation_id, inviter, code_hash, sealed_group, created_at, expires_at, used_at, used_by)
      VALUES (?, ${ownerId}, ?, ?, ?, ?, ?, ?)`,
  },
  block: {
    columns: ['tag.t1', 'tag.t', 'tag.code', 'tag.length', 'tag.pack', 'tag.offset', 'tag.state', 'x.touched_at'],
    from: 'tag LEFT JOIN unreferenced x ON x.tag = tag.id', key: ['tag.id'],
    insert: 'INSERT INTO tag (t1, t, code, length, pack, offset, state) VALUES (?, ?, ?, ?, ?, ?, ?)',
  },
  copy: { columns: ['tag.t1', 'copy.pack', 'copy.offset'], from: 'copy CROSS JOIN tag ON tag.id = copy.tag', key: ['copy.tag', 'copy.pack', 'copy.offset'] },
  // The last column, the list of T1s, is asked for each image by itself.
  image: {
    columns: ['o.account_id', ...of('t', imageColumns), 'NULL'], from: ofOwner('image'), key: ['t.id'],
    insert: `INSERT INTO image (owner, ${imageColumns.join(', ')}) VALUES (${ownerId}, ${bound(imageColumns)})`,
  },
  tombstone: {
    columns: ['o.account_id', 't.image_id'], from: ofOwner('tombstone'), key: ['t.owner', 't.image_id'],
    insert: `INSERT INTO tombstone (owner, image_id) VALUES (${ownerId}, ?)`,
  },
  receivedDay: {
    columns: ['o.account_id', "CAST(strftime('%s', t.day) AS INTEGER) / 86400", 't.bytes'], from: ofOwner('received_day'), key: ['t.owner', 't.day'],
    insert: `INSERT INTO received_day (owner, day, bytes) VALUES (${ownerId}, strftime('%Y-%m-%d', ? * 86400, 'unixepoch'), ?)`,
  },
  proofSpending: {
    columns: ['o.account_id', 't.spent_at', 't.bytes'], from: ofOwner('proof_spending'), key: ['t.id'],
    insert: `INSERT INTO proof_spending (owner, spent_at, bytes) VALUES (${ownerId}, ?, ?)`,
  },
  headTree: {
    columns: ['o.account_id', 't.counter', 't.root', 't.crown'], from: ofOwner('head_tree'), key: ['t.owner'],
    insert: `INSERT INTO head_tree (owner, counter, root, crown) VALUES (${ownerId}, ?, ?, ?)`,
  },
  head: {
    columns: ['o.account_id', 't.counter', 't.sealed'], from: ofOwner('head'), key: ['t.owner', 't.counter'],
    insert: `INSERT INTO head (owner, counter, sealed) VALUES (${ownerId}, ?, ?)`,
  },
  headLeaf: {
    columns: ['o.account_id', 't.image_id', 't.leaf'], from: ofOwner('head_leaf'), key: ['t.owner', 't.image_id'],
    insert: `INSERT INTO head_leaf (owner, image_id, leaf) VALUES (${ownerId}, ?, ?)`,
  },
  state: { columns: ['name', 'value'], from: 'store_state', where: isOfStore, key: ['name'], insert: 'INSERT INTO store_state (name, value) VALUES (?, ?)' },
  reference: {
    columns: ['tag.t1', 'o.account_id', 'i.image_id'], key: [],
    from: `referrer CROSS JOIN tag ON tag.id = referrer.tag ${joinImages} CROSS JOIN owner o ON o.id = i.owner`,
  },
};

const ofUploads = 'open upload sessions end: clients that were in the middle begin a new one, and send what is missing';
const ofKeys = 'made anew from the rows of tags';

/** Where each column of each table of SQLite is in a move. */
export const coverage: Coverage = {
  // Images in the trash are counted anew.
  owner: { columns: ['id', ...ownerColumns, 'trashed_images'] },
  // Rows are united before, and everybody's after.
  tag: { columns: ['id', 't1', 't', 'code', 'length', 'pack', 'offset', 'state', 'owner'] },
  unreferenced: { columns: ['tag', 'touched_at'] },
  copy: { columns: ['tag', 'pack', 'offset'] },
  image: { columns: ['id', 'owner', ...imageColumns] },
  reference_run: { columns: ['image', 'first_tag', 'tags'] },
  referrer: { columns: ['tag', 'owner', 'span', 'images'] },
  tombstone: { columns: ['owner', 'image_id'] },
  received_day: { columns: ['owner', 'day', 'bytes'] },
  account: { columns: ['owner', ...accountColumns] },
  session: { columns: ['session_id', 'hash', 'account', 'kind', 'device', 'created_at', 'last_used_at', 'expires_at', 'page_key', 'csrf_hash', 'is_kept'] },
  invitation: { columns: ['invitation_id', 'inviter', 'code_hash', 'sealed_group', 'created_at', 'expires_at', 'used_at', 'used_by'] },
  closed_account: { columns: ['account_id', 'closed_at', 'is_recorded'] },
  proof_spending: { columns: ['id', 'owner', 'spent_at', 'bytes'] },
  store_state: { columns: ['name', 'value'] },
  head_tree: { columns: ['owner', 'counter', 'root', 'crown'] },
  head: { columns: ['owner', 'counter', 'sealed'] },
  head_leaf: { columns: ['owner', 'image_id', 'leaf'] },
  upload: { left: ofUploads }, pin: { left: ofUploads }, pin_vector: { left: ofUploads }, nonce: { left: ofUploads },
  tag_span: { left: ofKeys }, old_key: { left: ofKeys }, young_key: { left: ofKeys }, key_moving: { left: ofKeys },
  pack_use: { left: 'counted as rows come' }, usage_day: { left: 'counted anew at the end' },
  schema_migration: { left: 'each engine has its own' },
};

/** Emptied in this order, so that nothing refers to what is gone. */
export const emptied = [
  'nonce', 'pin', 'pin_vector', 'upload', 'reference_run', 'referrer', 'image', 'tombstone', 'received_day', 'usage_day', 'proof_spending', 'copy', 'unreferenced', 'tag',
  'tag_span', 'old_key', 'young_key', 'session', 'invitation', 'head_tree', 'head', 'head_leaf', 'account', 'closed_account', 'owner',
] as const;

/** Whose rows show that an index was used. */
export const used: readonly MovedTable[] = ['owner', 'closedAccount', 'block', 'state'];
