/**
 * Removals and restorations that the tail of the packs tells and the index has not. No image that has a row goes before all packs were asked whether it was restored: compaction copies a removal
 * into the tail without the restoration that came after it. RECORDS.md says what wins.
 */
import { hashBytes } from '../../client-sdk/protocol/limits.js';
import { hasAccount, isStopped, recordsBehind, type Comparison } from './comparison.js';
import type { Stop } from './contract.js';
import { readTailLedger, type ImageWord } from './ledger.js';
import { isTrashedUntil, restoreAsTold } from './reinstatement.js';
import { everything, type PackEnds } from './tail.js';

const noHash = new Uint8Array(hashBytes);

/** Images of which the index says that they are in the trash since before they were restored. False where it was stopped. */
export async function takeBack(run: Comparison, restored: readonly ImageWord[]): Promise<boolean> {
  for (const word of restored) {
    if (isStopped(run.stop)) return false;
    if (await restoreAsTold(run.parts, word)) run.counts.images++;
  }
  return true;
}

/** Removals whose rows stayed. False where it was stopped. */
export async function takeAway(run: Comparison, removed: readonly ImageWord[]): Promise<boolean> {
  const there: ImageWord[] = [];
  for (const word of removed) {
    if (isStopped(run.stop)) return false;
    if (!(await hasAccount(run, word.accountId))) continue;
    const row = await run.parts.stores.images.find(word.accountId, word.imageId);
    if (row === undefined) await leaveTombstone(run, word);
    // Trashed since, and so restored before that.
    else if (row.trashedAt === undefined || row.trashedAt <= word.at) there.push(word);
  }
  if (there.length === 0) return true;
  const restored = await restoredBehind(run, everything, run.stop);
  return !isStopped(run.stop) && removeAll(run, there.filter((word) => !restored.has(nameOf(word))));
}

/**
 * Out of the trash. Images that are not in it, for the way there was forgotten too or their owner restored them meanwhile, are put there first: from there nobody takes one without a word in the packs. They are put
 * there as of their removal, so that whoever is killed here does not make that word the older one. False where it was stopped.
 */
async function removeAll(run: Comparison, removed: readonly ImageWord[]): Promise<boolean> {
  const { images } = run.parts.stores;
  const trashed: ImageWord[] = [];
  for (const word of removed) {
    if (isStopped(run.stop)) break;
    await images.trash(word.accountId, word.imageId, word.at);
    trashed.push(word);
  }
  // What is in the trash now does not stay there half done, whoever says stop.
  await run.parts.gate.settle();
  const restored = await restoredBehind(run, run.ends, undefined);
  for (const word of trashed) {
    const at = restored.get(nameOf(word));
    if (at === undefined) await purge(run, word);
    else await restoreAsTold(run.parts, { ...word, at: Math.max(word.at, at) });
  }
  return trashed.length === removed.length;
}

/** When which images were restored, by `nameOf`: those of which that is the last word behind `from`. */
async function restoredBehind({ parts }: Comparison, from: PackEnds, stop: Stop | undefined): Promise<ReadonlyMap<string, number>> {
  const { restored } = await readTailLedger(await recordsBehind(parts.stores.blocks, from, { isWanted: ({ type }) => type === 'removal', stop }));
  return new Map(restored.map((word) => [nameOf(word), word.at]));
}

async function purge(run: Comparison, word: ImageWord): Promise<void> {
  const { stores, world } = run.parts;
  if ((await isTrashedUntil(run.parts, word)) && (await stores.images.purge(word.accountId, word.imageId, world.clock.now()))) run.counts.removals++;
}

/** Its commit was forgotten too. The id is never taken again, for a rebuild would remove what took it. */
async function leaveTombstone({ parts: { stores } }: Comparison, { accountId, imageId }: ImageWord): Promise<void> {
  if ((await stores.images.probe(accountId, imageId, noHash)) === undefined) await stores.images.bury(accountId, imageId);
}

function nameOf({ accountId, imageId }: ImageWord): string {
  return accountId + imageId;
}
