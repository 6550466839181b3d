/**
 * The beginning of a move: both places are empty, or hold what an earlier run of this very move left. Notes in both keep servers away, and two moves
 * apart. The index is noted first and cleared last.
 */
import { StorageError } from '../../ports/errors.js';
import type { MoveEnds, MoveOrder } from './move-ends.js';

interface Note {
  readonly storeId: string;
  readonly moveId: string;
  readonly route: string;
  /** Of the source when its rows were begun to be read. */
  readonly generation: string;
}

/** In the journal: all was compared, and the packs may be open already. */
export const finishing = 'finishing';

/** Notes the move, or finds it noted. Rows of an earlier run go where the source was used since; packs never change and stay. StorageError where the places hold anything else. */
export async function beginMove(ends: MoveEnds, order: MoveOrder): Promise<void> {
  const { index, packs } = ends.target;
  const found = parseNote(await index.note());
  if (found === undefined && !(await index.isEmpty())) throw refused('the index to move to is not empty, and no move into it is under way. If one was killed at its very end, it is done; else name an empty one, or empty it');
  if (found !== undefined) refuseOther(found, order);
  await refuseOtherPacks(ends, found);
  const generation = await generationOf(ends);
  const note: Note = { storeId: order.storeId, route: order.route, moveId: found?.moveId ?? order.moveId, generation };
  await index.begin(JSON.stringify(note));
  await packs?.begin(JSON.stringify(note));
  if (found !== undefined && found.generation !== generation) {
    await index.jot(finishing, undefined);
    await index.clear();
  }
}

function refuseOther(found: Note, { storeId, route }: MoveOrder): void {
  if (found.storeId !== storeId) throw refused(`the index to move to holds a move of another store (${found.storeId}) that has not ended. Name another place, or empty it`);
  if (found.route !== route) throw refused(`the index to move to holds a move that was begun otherwise: ${found.route}. Run it as it was begun, or empty both places`);
}

async function refuseOtherPacks({ target: { index, packs } }: MoveEnds, found: Note | undefined): Promise<void> {
  if (packs === undefined) return;
  const noted = parseNote(await packs.note());
  if (noted !== undefined && noted.moveId !== found?.moveId) throw refused('the place for the packs holds another move that has not ended. Name an empty place, or empty it');
  if (noted !== undefined || (await packs.isEmpty())) return;
  const isFinishing = found !== undefined && (await index.journal()).has(finishing);
  if (!isFinishing) throw refused('the place for the packs is not empty. Name an empty one, or empty it');
}

/** It grows whenever anybody opens the store. */
async function generationOf({ source: { index, blocks } }: MoveEnds): Promise<string> {
  return `${(await index.readState('core.generation')) ?? '0'}/${String(await blocks.generation())}`;
}

function parseNote(text: string | undefined): Note | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Note; // only `beginMove` writes it
  } catch {
    throw refused('the note of an earlier move is damaged. Empty the places that are moved to, and begin anew');
  }
}

function refused(message: string): StorageError {
  return new StorageError(message, { retryable: false });
}
