/**
 * Compares what was written with what was read: every row of both indexes, by one canonical encoding, and the lengths of the packs. On the way it
 * finds which images what is damaged concerns.
 */
import { hexOf } from '../../../client-sdk/protocol/bytes.js';
import { idOfBytes, type AccountId, type ImageId } from '../../../client-sdk/protocol/ids.js';
import { derivedTables, movedTables, type Cell, type IndexReader, type MovedRow, type ReadTable } from '../../ports/index-move.js';
import { tablesInOrder } from './copy-rows.js';
import type { LostRecord, MoveEnds, MoveOrder } from './move-ends.js';
import type { PackMap } from './pack-map.js';
import { TableDigest } from './table-digest.js';

/** What the comparison found. */
export interface Comparison {
  readonly isStopped: boolean;
  readonly different: readonly (ReadTable | 'packs')[];
  readonly rows: Readonly<Record<string, number>>;
  readonly lost: readonly LostRecord[];
}

/** `map` undefined: packs keep their numbers. */
export async function compareStores(ends: MoveEnds, map: PackMap | undefined, order: MoveOrder): Promise<Comparison> {
  const tables: readonly ReadTable[] = [...tablesInOrder, ...(Object.keys(derivedTables) as ReadTable[])]; // the keys of that very object
  const rows: Record<string, number> = {};
  const different: (ReadTable | 'packs')[] = [];
  const losses = new Losses(map);
  for (const [at, table] of tables.entries()) {
    if (order.stop.aborted) return { isStopped: true, different, rows, lost: [] };
    order.onProgress({ phase: 'compare', done: at, total: tables.length, doneBytes: 0, totalBytes: 0 });
    const before = new TableDigest(ends.sha256);
    const after = new TableDigest(ends.sha256);
    await Promise.all([
      walk(ends.source.index, table, (row) => {
        losses.look(table, row);
        before.add(map === undefined ? row : map.moved(table, row));
      }),
      walk(ends.target.index, table, (row) => { after.add(row); }),
    ]);
    if (before.text() !== after.text()) different.push(table);
    rows[table] = after.rows;
  }
  if (map !== undefined && !(await areThere(ends, map))) different.push('packs');
  return { isStopped: order.stop.aborted, different, rows, lost: losses.found() };
}

async function walk(index: IndexReader, table: ReadTable, look: (row: MovedRow) => void): Promise<void> {
  for await (const { rows } of index.batches(table, undefined)) for (const row of rows) look(row);
}

/** Each copy is there as it was written and read back. One that is not is copied by the next run. */
async function areThere({ target: { packs } }: MoveEnds, map: PackMap): Promise<boolean> {
  const lengths = (await packs?.lengths()) ?? new Map<number, number>();
  const gone = map.entries().filter(([, copied]) => copied.bytes > 0 && lengths.get(copied.pack) !== copied.bytes);
  for (const [pack] of gone) await map.forget(pack);
  return gone.length === 0;
}

interface LostBlock {
  readonly rehash: string;
  readonly images: { readonly accountId: AccountId; readonly imageId: ImageId }[];
}

/** Images that are named for each block that is lost. */
const maxImages = 100;

/** Rows whose records are damaged. Blocks are looked at before images. */
class Losses {
  private readonly blocks = new Map<string, LostBlock>();
  private readonly others: LostRecord[] = [];

  constructor(private readonly map: PackMap | undefined) {}

  look(table: ReadTable, row: MovedRow): void {
    if (this.map === undefined) return;
    if (table === 'block' && this.isLost(table, row, 'pack', 'offset')) this.lose(row);
    else if (table === 'image') this.lookAtImage(row);
    else if (table === 'account' && this.isLost(table, row, 'pack', 'offset')) this.others.push({ what: 'account', accountId: idIn<AccountId>(row[0]) });
  }

  found(): readonly LostRecord[] {
    return [...this.others, ...[...this.blocks.values()].map((block) => ({ what: 'block' as const, ...block }))];
  }

  private lose([t1]: MovedRow): void {
    const rehash = t1 instanceof Uint8Array ? hexOf(t1) : '';
    this.blocks.set(rehash, { rehash, images: [] });
  }

  private lookAtImage(row: MovedRow): void {
    const name = { accountId: idIn<AccountId>(row[0]), imageId: idIn<ImageId>(row[1]) };
    for (const what of ['manifest', 'preview'] as const) {
      if (this.isLost('image', row, `${what}Pack`, `${what}Offset`)) this.others.push({ what, ...name });
    }
    const rehashes = this.blocks.size === 0 ? null : row.at(-1);
    if (!Array.isArray(rehashes)) return;
    for (const rehash of rehashes as readonly Uint8Array[]) { // the only column that is a list
      const block = this.blocks.get(hexOf(rehash));
      if (block !== undefined && block.images.length < maxImages) block.images.push(name);
    }
  }

  private isLost(table: 'block' | 'image' | 'account', row: MovedRow, ...[packName = '', offsetName = '']: readonly string[]): boolean {
    const columns: readonly string[] = movedTables[table];
    const [pack, offset] = [row[columns.indexOf(packName)], row[columns.indexOf(offsetName)]];
    return typeof pack === 'number' && typeof offset === 'number' && this.map?.isDamaged(pack, offset) === true;
  }
}

function idIn<Id extends AccountId | ImageId>(cell: Cell | undefined): Id {
  return idOfBytes<Id>(cell instanceof Uint8Array ? cell : new Uint8Array(0));
}
