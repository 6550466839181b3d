/**
 * `dice-admin gc`: runs the collector thoroughly, or with --dry-run lists what it would take away and why, and what it would leave until when.
 */
import type { ForecastEntry, Reconciled, SweepService } from '../core/contract.js';
import { columns, exitStatus, printResult, type Bench, type ExitStatus, type Verb } from './verb.js';

const maxLines = 100;

/** Collects, merges and compacts. */
export const gc: Verb = async (bench) => {
  const { sweep, reconcile } = bench.store.services;
  try {
    return await collect(bench, sweep);
  } finally {
    const found = reconcile.takeUntold();
    if (found !== undefined) bench.say(broughtBack(found));
  }
};

async function collect(bench: Bench, sweep: SweepService): Promise<ExitStatus> {
  const answer = await sweep.sweep({ isThorough: true, stop: bench.stop });
  printResult(bench, { ...answer }, columns({ ...answer }));
  return bench.stop.aborted ? exitStatus.failed : exitStatus.done;
}

function broughtBack({ accounts, blocks, images, removals, moved, incomplete }: Reconciled): string {
  const counts = `${String(accounts)} account(s), ${String(images)} image(s) (${String(incomplete)} of them incomplete), ${String(blocks)} block(s), ${String(removals)} removal(s), ${String(moved)} moved record(s)`;
  return `The packs held what the index had no rows for; it has them now: ${counts}.`;
}

/** Changes nothing. The whole list goes to JSON as it comes; text has the first hundred pieces and the totals. */
export const gcForecast: Verb = async (bench) => {
  const isHeld = await bench.store.parts.stores.state.isHeld();
  const totals = { expiringUploads: 0, purgedImages: 0, closedAccounts: 0, collectableBlocks: 0, collectableBytes: 0, pendingCopies: 0, pendingCopyBytes: 0, compactablePacks: 0, deadBytes: 0, heldBack: 0 };
  let listed = 0;
  if (bench.form === 'json') bench.print(`{\n  "isHeld": ${String(isHeld)},\n  "list": [`);
  for await (const entry of bench.store.services.sweep.forecast({ isThorough: true })) {
    if (bench.stop.aborted) return exitStatus.failed;
    count(totals, entry);
    listed++;
    if (bench.form === 'json') bench.print(`${listed === 1 ? '    ' : '  , '}${JSON.stringify(entry)}`);
    else if (listed <= maxLines) bench.print(sentenceOf(entry));
  }
  if (bench.form === 'json') bench.print(`  ],\n  "totals": ${JSON.stringify(totals)}\n}`);
  else printTotals(bench, totals, listed);
  if (isHeld) bench.say('The store is held: nothing is collected until you run: dice-admin check, then dice-admin release');
  return exitStatus.done;
};

function printTotals(bench: Bench, totals: Readonly<Record<string, number>>, listed: number): void {
  if (listed > maxLines) bench.print(`and ${String(listed - maxLines)} more: --json lists all`);
  for (const line of ['', ...columns(totals)]) bench.print(line);
}

function count(totals: Record<'expiringUploads' | 'purgedImages' | 'closedAccounts' | 'collectableBlocks' | 'collectableBytes' | 'pendingCopies' | 'pendingCopyBytes' | 'compactablePacks' | 'deadBytes' | 'heldBack', number>, entry: ForecastEntry): void {
  if (!entry.goes) {
    totals.heldBack += entry.kind === 'blocks' ? entry.blocks : entry.kind === 'copies' ? entry.copies : 1;
    return;
  }
  switch (entry.kind) {
    case 'upload': totals.expiringUploads++; break;
    case 'account': totals.closedAccounts++; break;
    case 'image': totals.purgedImages++; break;
    case 'blocks': totals.collectableBlocks += entry.blocks; totals.collectableBytes += entry.bytes; break;
    case 'copies': totals.pendingCopies += entry.copies; totals.pendingCopyBytes += entry.bytes; break;
    case 'pack': totals.compactablePacks++; totals.deadBytes += entry.deadBytes;
  }
}

const reasons = {
  unreferenced: 'no image refers to them, and their time of grace has passed',
  grace: 'no image refers to them; grace',
  pinned: 'an upload under way holds them',
  equal: 'equal to blocks that stay',
  unreadable: 'no copy of them can be read: dice-admin scrub',
} as const;

function sentenceOf(entry: ForecastEntry): string {
  const verb = entry.goes ? 'goes ' : 'stays';
  const until = 'at' in entry && !entry.goes ? `, until ${new Date(entry.at).toISOString()}` : '';
  switch (entry.kind) {
    case 'upload': return `${verb}  upload ${entry.uploadId} of account ${entry.accountId}${entry.goes ? `, expired ${new Date(entry.at).toISOString()}` : until}`;
    case 'account': return `${verb}  ${String(entry.images)} image(s) of account ${entry.accountId}, closed ${new Date(entry.at).toISOString()}`;
    case 'image': return `${verb}  image ${entry.imageId} of account ${entry.accountId}, in the trash since ${new Date(entry.trashedAt).toISOString()}${until}`;
    case 'blocks': return `${verb}  ${String(entry.blocks)} block(s), ${String(entry.bytes)} bytes: ${reasons[entry.reason]}${until}`;
    case 'copies': return `${verb}  ${String(entry.copies)} copies, ${String(entry.bytes)} bytes: ${reasons[entry.reason]}`;
    case 'pack': return `${verb}  pack ${String(entry.pack)}, ${String(entry.deadBytes)} of ${String(entry.bytes)} bytes dead (${(100 * entry.deadBytes / entry.bytes).toFixed(1)} %): what is live in it is copied`;
  }
}
