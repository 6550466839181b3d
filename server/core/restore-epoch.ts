/**
 * How often the store was restored from a backup or rebuilt, and when last; a rebuild of an index that was lost, and this count with it, begins at 1 anew. Devices that remember more than the store has can tell by it that an
 * operator turned it back, and did so openly. It is a word of the server's, not a proof.
 */
import type { StoreState } from '../ports/world.js';

/** `epoch` 0 at 0: never. Times in milliseconds. */
export interface RestoreEpoch {
  readonly epoch: number;
  readonly at: number;
}

const name = 'restore-epoch';

/** What is noted; epoch 0 where nothing is. */
export async function restoreEpoch(state: Pick<StoreState, 'read'>): Promise<RestoreEpoch> {
  return parsed(await state.read(name)) ?? { epoch: 0, at: 0 };
}

/** Notes that the store was turned back or made anew at `at`. */
export async function raiseRestoreEpoch(state: Pick<StoreState, 'read' | 'write'>, at: number): Promise<void> {
  const { epoch } = await restoreEpoch(state);
  await state.write(name, JSON.stringify({ epoch: epoch + 1, at } satisfies RestoreEpoch));
}

/** What another version may have written is no reason to fail. */
function parsed(text: string | undefined): RestoreEpoch | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (typeof value !== 'object' || value === null || !('epoch' in value) || !('at' in value)) return undefined;
    const { epoch, at } = value;
    return isCount(epoch) && isCount(at) ? { epoch, at } : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
