/**
 * Which pack of the old store is which of the new one, and where the old one was damaged. Kept in the journal of the move, a line for each pack that
 * was copied, so that a move that was broken off goes on.
 */
import type { Damage } from '../../ports/block-store.js';
import { CorruptionError } from '../../ports/errors.js';
import { movedTables, type IndexTarget, type MovedRow, type ReadTable } from '../../ports/index-move.js';
import { renumberedTail, tailRow } from '../tail.js';

/** A pack that was copied. `bytes`: of the copy, 0 where nothing in the old pack was intact. */
export interface CopiedPack {
  readonly pack: number;
  readonly bytes: number;
  readonly sourceBytes: number;
  readonly records: number;
  /** Stretches of the old pack without an intact record: offset and length. */
  readonly damage: readonly (readonly [offset: number, length: number])[];
}

const prefix = 'pack.';
/** Columns that hold pack numbers. */
const columnsOfPacks: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries(movedTables).map(([table, columns]) => [table, columns.flatMap((column: string, at) => (column === 'pack' || column.endsWith('Pack') ? [at] : []))]),
);

/** The packs by their old numbers. */
export class PackMap {
  private constructor(
    private readonly target: IndexTarget,
    private readonly packs: Map<number, CopiedPack>,
  ) {}

  /** What the journal of `target` tells. */
  static async read(target: IndexTarget): Promise<PackMap> {
    const packs = new Map<number, CopiedPack>();
    for (const [name, text] of await target.journal()) if (name.startsWith(prefix)) packs.set(Number(name.slice(prefix.length)), parseCopied(text));
    return new PackMap(target, packs);
  }

  get(pack: number): CopiedPack | undefined {
    return this.packs.get(pack);
  }

  entries(): readonly (readonly [pack: number, copied: CopiedPack])[] {
    return [...this.packs];
  }

  /** The highest number that was given to a copy. */
  highest(): number {
    return [...this.packs.values()].reduce((highest, { pack }) => Math.max(highest, pack), 0);
  }

  async note(pack: number, copied: CopiedPack): Promise<void> {
    await this.target.jot(prefix + String(pack), JSON.stringify([copied.pack, copied.bytes, copied.sourceBytes, copied.records, copied.damage]));
    this.packs.set(pack, copied);
  }

  async forget(pack: number): Promise<void> {
    await this.target.jot(prefix + String(pack), undefined);
    this.packs.delete(pack);
  }

  /** The row as it names packs in the new store. A pack that the old store has not is 0 there: a number that no pack has. */
  moved(table: ReadTable, row: MovedRow): MovedRow {
    if (table === 'state') return this.movedState(row);
    const packColumns = columnsOfPacks.get(table) ?? [];
    if (packColumns.every((column) => row[column] === null)) return row;
    const cells = [...row];
    for (const column of packColumns) {
      const pack = cells[column];
      if (typeof pack === 'number') cells[column] = this.packs.get(pack)?.pack ?? 0;
    }
    return cells;
  }

  private movedState(row: MovedRow): MovedRow {
    const [name, value] = row;
    if (name !== tailRow || typeof value !== 'string') return row;
    return [name, renumberedTail(value, this.entries().map(([was, { pack }]) => [was, pack] as const))];
  }

  /** A record at this place of the old store cannot be read: its pack is gone or shorter, or it lies in a stretch that is damaged. */
  isDamaged(pack: number, offset: number): boolean {
    const copied = this.packs.get(pack);
    return copied === undefined || offset >= copied.sourceBytes || copied.damage.some(([from, length]) => offset >= from && offset < from + length);
  }
}

/** The stretches of `damage`, for the journal. */
export function stretchesOf(damage: readonly Damage[]): CopiedPack['damage'] {
  return damage.map(({ offset, length }) => [offset, length] as const);
}

function parseCopied(text: string): CopiedPack {
  try {
    const [pack, bytes, sourceBytes, records, damage] = JSON.parse(text) as readonly [number, number, number, number, CopiedPack['damage']]; // only `note` writes it
    return { pack, bytes, sourceBytes, records, damage };
  } catch {
    throw new CorruptionError('the journal of the move is damaged. Empty the places that are moved to, and begin anew');
  }
}
