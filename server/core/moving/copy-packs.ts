/**
 * Copies the packs that were not copied yet, some at a time. Every record is checked as it is read; what is damaged is left out, at its place, and noted.
 */
import type { Damage, PackSummary, ScannedRecord } from '../../ports/block-store.js';
import { StorageError } from '../../ports/errors.js';
import type { PackIntake } from '../../ports/pack-move.js';
import type { MoveEnds, MoveOrder } from './move-ends.js';
import { stretchesOf, type PackMap } from './pack-map.js';

/** Each holds a whole pack in memory. */
const atOnce = 2;

interface Copying {
  readonly ends: MoveEnds;
  readonly packs: PackIntake;
  readonly map: PackMap;
  readonly order: MoveOrder;
}

/** A pack to copy, and the number of its copy. */
interface Pending extends PackSummary {
  readonly number: number;
}

/** False where it was stopped. */
export async function copyPacks(ends: MoveEnds, map: PackMap, order: MoveOrder): Promise<boolean> {
  const { packs } = ends.target;
  if (packs === undefined) return true;
  const copying = { ends, packs, map, order };
  const sources = await ends.source.blocks.packs();
  await forgetGone(copying, sources);
  const pending = numbered(copying, sources.filter(({ pack }) => map.get(pack) === undefined));
  const wanted = pending.reduce((sum, { bytes }) => sum + bytes, 0);
  if (wanted > (await packs.freeBytes())) throw new StorageError(`the packs need ${wanted} bytes, and there is less room for them`, { retryable: false, isFull: true });
  const progress = new Progress(sources, pending, order);
  const generation = await ends.source.blocks.generation();
  const left = [...pending];
  const worker = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined && !order.stop.aborted; next = left.shift()) {
      await copyOne(copying, next, { generation, onBytes: (bytes) => { progress.grow(bytes); } });
      progress.end();
    }
  };
  await allSettled(Array.from({ length: atOnce }, worker), left);
  return !order.stop.aborted;
}

/** The store was used since an earlier run: what compaction dropped there is dropped here too. */
async function forgetGone({ packs, map }: Copying, sources: readonly PackSummary[]): Promise<void> {
  const bytesOf = new Map(sources.map(({ pack, bytes }) => [pack, bytes]));
  for (const [pack, copied] of map.entries()) {
    if (bytesOf.get(pack) === copied.sourceBytes) continue;
    await packs.drop(copied.pack);
    await map.forget(pack);
  }
}

/** In ascending order, so that later packs stay later. */
function numbered({ packs, map }: Copying, sources: readonly PackSummary[]): readonly Pending[] {
  let highest = map.highest();
  return sources.map((source) => {
    const number = packs.numberFor(source.pack, highest);
    highest = Math.max(highest, number);
    return { ...source, number };
  });
}

async function copyOne({ ends, packs, map }: Copying, { pack, number, bytes }: Pending, told: { readonly generation: number; readonly onBytes: (bytes: number) => void }): Promise<void> {
  const { blocks } = ends.source;
  const damage: Damage[] = [];
  let [records, seen] = [0, 0];
  async function* read(): AsyncGenerator<ScannedRecord> {
    for await (const record of blocks.scan(pack, (stretch) => damage.push(stretch))) {
      records++;
      const end = record.place.offset + record.payload.length;
      told.onBytes(end - seen);
      seen = end;
      yield record;
    }
  }
  const copied = await packs.put(number, { bytes, generation: told.generation, records: read() });
  await map.note(pack, { pack: number, bytes: copied, sourceBytes: bytes, records, damage: stretchesOf(damage) });
  told.onBytes(bytes - seen);
}

/** After the first failure no further pack is begun; those under way end, and then it is thrown. */
async function allSettled(workers: readonly Promise<void>[], left: Pending[]): Promise<void> {
  for (const worker of workers) worker.catch(() => left.splice(0));
  for (const outcome of await Promise.allSettled(workers)) if (outcome.status === 'rejected') throw outcome.reason;
}

class Progress {
  private done: number;
  private doneBytes: number;
  private readonly totalBytes: number;

  constructor(private readonly sources: readonly PackSummary[], pending: readonly PackSummary[], private readonly order: MoveOrder) {
    this.totalBytes = sources.reduce((sum, { bytes }) => sum + bytes, 0);
    this.done = sources.length - pending.length;
    this.doneBytes = this.totalBytes - pending.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  grow(bytes: number): void {
    this.doneBytes += bytes;
    this.tell();
  }

  end(): void {
    this.done++;
    this.tell();
  }

  private tell(): void {
    const { done, doneBytes, totalBytes } = this;
    this.order.onProgress({ phase: 'packs', done, total: this.sources.length, doneBytes, totalBytes });
  }
}
