/**
 * An index read out and written in, row by row, for moving a store between engines. A logical table has the same columns on every engine:
 * accounts and blocks are named by their own ids and hashes, never by an engine's row numbers. Only engines know how a logical table lies
 * in theirs.
 */

/** A value of a column. Truth is 0 or 1, a day is counted from the epoch (UTC), absence is null. */
export type Cell = number | string | Uint8Array | readonly Uint8Array[] | null;

/** Cells in the order of the columns of its table. */
export type MovedRow = readonly Cell[];

/**
 * What lives on, in an order in which each table needs only those before it. Columns called `pack`, or ending in `Pack`, hold pack numbers.
 * `touchedAt` is of a block that no image refers to. `rehashes` are the T1s that an image refers to, sorted.
 */
export const movedTables = {
  owner: ['account', 'images', 'blocks', 'cipherBytes', 'manifestBytes', 'entryBytes', 'previews', 'previewBytes'],
  account: [
    'account', 'username', 'email', 'isOperator', 'kdfLog2n', 'kdfR', 'kdfP', 'kdfSalt', 'authHash', 'recoveryHash', 'wrappedAccountKey',
    'recoveryWrappedAccountKey', 'x25519', 'ed25519', 'epoch', 'signature', 'wrapped', 'keyring', 'keyringRevision', 'revision', 'quotaBytes',
    'createdAt', 'pack', 'offset', 'length', 'factorSecret', 'factorIsOn', 'factorStep', 'factorCodes',
  ],
  closedAccount: ['account', 'closedAt', 'isRecorded'],
  session: ['session', 'hash', 'account', 'kind', 'device', 'createdAt', 'lastUsedAt', 'expiresAt', 'pageKey', 'csrfHash', 'isKept'],
  invitation: ['invitation', 'inviter', 'codeHash', 'sealedGroup', 'createdAt', 'expiresAt', 'usedAt', 'usedBy'],
  block: ['t1', 't', 'code', 'length', 'pack', 'offset', 'state', 'touchedAt'],
  copy: ['t1', 'pack', 'offset'],
  image: [
    'account', 'image', 'wrappedKey', 'entry', 'manifestHash', 'manifestBytes', 'manifestPack', 'manifestOffset', 'manifestLength', 'previewBytes',
    'previewPack', 'previewOffset', 'previewLength', 'blocks', 'createdAt', 'trashedAt', 'rehashes',
  ],
  tombstone: ['account', 'image'],
  receivedDay: ['account', 'day', 'bytes'],
  proofSpending: ['account', 'spentAt', 'bytes'],
  headTree: ['account', 'counter', 'root', 'crown'],
  head: ['account', 'counter', 'sealed'],
  headLeaf: ['account', 'image', 'leaf'],
  state: ['name', 'value'],
} as const;

/** What is written along with the tables above, and compared all the same: for each block the images that refer to it. */
export const derivedTables = { reference: ['t1', 'account', 'image'] } as const;

export type MovedTable = keyof typeof movedTables;
export type ReadTable = MovedTable | keyof typeof derivedTables;

/** Rows, and where reading goes on after the last of them: a text that its own index understands. */
export interface RowBatch {
  readonly rows: readonly MovedRow[];
  readonly cursor: string;
}

/** Where a column of an engine's own table is: in a logical table, or left behind and why. For tests that look for forgotten ones. */
export type Coverage = Readonly<Record<string, { readonly columns: readonly string[] } | { readonly left: string }>>;

export interface IndexReader {
  count(table: ReadTable): Promise<number>;
  /** All rows after `cursor`, in an order of the index's own that never changes. A batch has some thousand rows or some MiB at most. */
  batches(table: ReadTable, cursor: string | undefined): AsyncIterable<RowBatch>;
  close(): Promise<void>;
}

/** An index that nobody writes to as long as it is open, this least of all. */
export interface IndexSource extends IndexReader {
  /** The value of a name of `state`. */
  readState(name: string): Promise<string | undefined>;
}

/** An index that comes to be. No server opens it between `begin` and `finish`. */
export interface IndexTarget extends IndexReader {
  /** What `begin` noted; undefined where no move is under way. */
  note(): Promise<string | undefined>;
  /** Nothing was ever written to it. */
  isEmpty(): Promise<boolean>;
  /** Notes that a move into this index is under way, durably; over an earlier note. */
  begin(note: string): Promise<void>;
  /** What the move noted for itself, by name. */
  journal(): Promise<ReadonlyMap<string, string>>;
  /** Notes a text by a name, durably; undefined forgets it. */
  jot(name: string, text: string | undefined): Promise<void>;
  /** One transaction: the rows are added, and the journal has the batch's cursor under `cursorName(table)`. */
  load(table: MovedTable, batch: RowBatch): Promise<void>;
  /** Forgets all rows and all cursors; the note and the rest of the journal stay. Repeatable. */
  clear(): Promise<void>;
  /** One transaction: the note and the journal go, so that servers may open the index. */
  finish(): Promise<void>;
}

/** The name in the journal of where loading a table goes on. */
export function cursorName(table: MovedTable): string {
  return `cursor.${table}`;
}

/** The name in the state of a store of the note that keeps servers away. */
export const noteName = 'migration';
