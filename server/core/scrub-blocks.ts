/**
 * Scrubs the index and its blocks: first what the engine derives from rows, then each row (check code, T1, then the cipher), then each cipher and
 * each extra copy (SHA-256 = T; an equal copy heals a block, else it is quarantined until an equal block is uploaded). SPEC.md section 4.
 */
import { bytesOfHex, hexOf, isEqual } from '../../client-sdk/protocol/bytes.js';
import { asRehash } from '../../client-sdk/protocol/ids.js';
import type { TagRow } from '../ports/tag-store.js';
import { revive } from './revive.js';
import type { ScrubParts, ScrubRun } from './scrub-run.js';
import { sideBySide } from './side-by-side.js';
import { readOrRotten, readSound, type SoundBlock } from './stored-block.js';

const pageRows = 1_000;
const maxReferrers = 100;
/** The disk reads while the processor hashes. */
const readsAtOnce = 8;

/** What reading a row gave: its block, its copies that are sound, and how many were rotten and are forgotten. */
interface Seen {
  readonly row: TagRow;
  readonly block: SoundBlock | undefined;
  readonly copies: number;
  readonly droppedCopies: number;
}

const rotCounts = { tag: 'repairedTags', code: 'repairedCodes', rehash: 'repairedRehashes', cipher: 'healedCiphers' } as const;

/** Rows after the one whose T1 `from` names, all where it names none. False where it was stopped. */
export async function scrubBlocks(run: ScrubRun, from: string | undefined): Promise<boolean> {
  // Rows are listed in the order of what is derived from them, so that is put right before the first one.
  if (from === undefined && !(await mendKeys(run))) return false;
  const bytes = bytesOfHex(from ?? '');
  for (let after = bytes?.length === 32 ? asRehash(bytes) : undefined; ; ) {
    const rows = await run.parts.stores.tags.list(after, pageRows);
    if (!(await scrubRows(run, rows))) return false;
    after = rows.at(-1)?.rehash;
    if (rows.length < pageRows || after === undefined) return true;
    await run.save();
  }
}

async function mendKeys(run: ScrubRun): Promise<boolean> {
  for (let after: string | undefined; ; ) {
    if (run.isStopped) return false;
    const { mended, next } = await run.parts.stores.tags.mendKeys(after, pageRows);
    run.add('mendedKeys', mended);
    if (next === undefined) return true;
    after = next;
  }
}

async function scrubRows(run: ScrubRun, rows: readonly TagRow[]): Promise<boolean> {
  const reading = sideBySide(rows, readsAtOnce, async (row) => (run.isStopped ? undefined : readRow(run.parts, row)));
  for await (const seen of reading) {
    if (seen === undefined) return false;
    await note(run, seen);
    await run.passed(hexOf(seen.row.rehash), seen.row.place.length * (1 + seen.copies));
  }
  return true;
}

async function readRow(parts: ScrubParts, row: TagRow): Promise<Seen> {
  const block = await readSound(parts, row);
  if (block === undefined) return { row, block, copies: 0, droppedCopies: 0 };
  let [copies, droppedCopies] = [0, 0];
  for (const place of await parts.stores.tags.copiesOf(block.row.rehash)) {
    const cipher = await readOrRotten(parts, place, 'block');
    if (cipher !== undefined && isEqual(parts.world.hasher.sha256(cipher), block.row.tag)) copies++;
    else if (await parts.stores.tags.merge(block.row.rehash, block.row.place, place)) droppedCopies++;
  }
  return { row, block, copies, droppedCopies };
}

async function note(run: ScrubRun, { row, block, copies, droppedCopies }: Seen): Promise<void> {
  const { parts } = run;
  run.add('copies', copies);
  run.add('droppedCopies', droppedCopies);
  if (block?.rot !== undefined) run.add(rotCounts[block.rot]);
  if (block !== undefined && row.state === 'quarantined' && (await revive(parts, block.row))) run.add('revived');
  // A row that went while it was read is no row any more.
  if (block === undefined && (await parts.stores.tags.find(row.rehash)) === undefined) return;
  run.add('blocks');
  if (block !== undefined) return;
  run.add('lost');
  run.order.onLost({ rehash: hexOf(row.rehash), images: await parts.stores.images.referrers(row.rehash, maxReferrers) });
}
