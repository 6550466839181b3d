/**
 * Makes names in a folder durable. Who asks while a sync of the folder is under way shares the next one with all others who do:
 * a sync serves every rename that came before it began.
 */
import { open } from 'node:fs/promises';

const next = new Map<string, Promise<void>>();
const underWay = new Map<string, Promise<void>>();

/** Syncs `folder`, after what was done in it until now. Rejects where that fails. */
export function syncFolder(folder: string): Promise<void> {
  const soon = next.get(folder) ?? syncAfter(folder, underWay.get(folder));
  next.set(folder, soon);
  return soon;
}

async function syncAfter(folder: string, before: Promise<void> | undefined): Promise<void> {
  // Its failure is told to those who waited for it.
  await before?.catch(() => undefined);
  next.delete(folder);
  const sync = syncNow(folder);
  underWay.set(folder, sync);
  try {
    await sync;
  } finally {
    if (underWay.get(folder) === sync) underWay.delete(folder);
  }
}

async function syncNow(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
