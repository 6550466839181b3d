/**
 * What an upload says, as sentences: headline, progress, outcome, why a file failed and what to do. Text alone, no state.
 */
import type { DiceError } from '../../../client-sdk/browser/page.js';
import { bytes, count, things } from './format.js';
import type { ItemState, QueueTotals, StoredSums, UploadItem } from './upload-queue.js';
import type { RunState } from './upload-runner.js';

const stateNames: Readonly<Record<ItemState, string>> = {
  waiting: 'Waiting', reading: 'Reading', splitting: 'Splitting', sealing: 'Encrypting', sending: 'Sending', committing: 'Storing',
  stored: 'Stored', known: 'Here already', skipped: 'Skipped: stored before', failed: 'Failed',
};

/** A failure in a few words, and what can be done about it. */
interface FailureWords {
  readonly reason: string;
  readonly advice: string;
}

const failures: Readonly<Partial<Record<DiceError['code'], FailureWords>>> = {
  'image-too-large': { reason: 'Too large for this server.', advice: 'Ask its operator to raise the limit, or leave it out.' },
  'quota-exceeded': { reason: 'Your quota is full.', advice: 'Remove images and empty the trash, then retry.' },
  'storage-full': { reason: 'The server’s disk is full.', advice: 'Ask its operator to make room, then retry.' },
  'file-unreadable': { reason: 'The browser cannot read it.', advice: 'It was moved, changed or removed. Choose it again.' },
  'file-changed': { reason: 'It changed while it was read.', advice: 'Choose it again when nothing writes to it.' },
  'name-invalid': { reason: 'Its name cannot be kept.', advice: 'Give it another name, and choose it again.' },
};

/** Why this file failed. */
export function failureOf({ fault }: UploadItem): FailureWords {
  if (fault === undefined) return { reason: '', advice: '' };
  return failures[fault.code] ?? { reason: fault.message, advice: 'Retry. If it fails again, tell the operator of this server.' };
}

/** The state of one file, as its row says it. */
export function stateOf(item: UploadItem): string {
  if (item.state === 'failed') return `Failed: ${failureOf(item).reason}`;
  if (item.state !== 'stored' || item.sums === undefined) return stateNames[item.state];
  return `Stored · ${bytes(item.sums.sentBytes)} sent`;
}

/** What the panel is about, in a few words. */
export function headline({ phase, isCancelled, isBusy }: RunState, totals: QueueTotals): string {
  if (phase === 'running') return 'Uploading';
  if (phase === 'pausing') return `Pausing after ${things(totals.underWay, 'file')} under way`;
  if (phase === 'paused') return 'Paused';
  if (phase === 'away') return isBusy ? 'The server is busy' : 'The server does not answer';
  if (phase === 'signed-out') return 'Your session has ended';
  if (phase === 'stopped') return 'The upload stopped';
  if (isCancelled) return 'Cancelled';
  return totals.failed > 0 ? `Done, ${things(totals.failed, 'file')} failed` : 'Done';
}

/** Why nothing moves, and what happens next; undefined while it moves. */
export function reasonOf(state: RunState, now: number): string | undefined {
  if (state.phase === 'signed-out') return 'The list is kept. Log in, then drop the same files again: what is stored is skipped.';
  if (state.phase === 'stopped') return state.message;
  if (state.phase !== 'away') return undefined;
  if (state.nextTryAt === undefined) return 'Trying now.';
  return `Nothing is lost. Trying again in ${String(Math.max(1, Math.ceil((state.nextTryAt - now) / 1_000)))} s.`;
}

/** How fast it goes. */
export interface Pace {
  readonly movedBytes: number;
  readonly bytesPerSecond: number | undefined;
  readonly secondsLeft: number | undefined;
}

/** `812 of 2,000 files · 1.2 of 3.4 GB · 12 MB/s · about 3 min left`. */
export function progressOf(totals: QueueTotals, pace: Pace): string {
  const done = totals.files - totals.waiting - totals.underWay;
  const parts = [`${count(done)} of ${things(totals.files, 'file')}`, amounts(Math.min(pace.movedBytes, totals.bytes), totals.bytes)];
  if (pace.bytesPerSecond !== undefined && pace.bytesPerSecond > 0) parts.push(`${bytes(pace.bytesPerSecond)}/s`);
  if (pace.secondsLeft !== undefined) parts.push(`${timeOf(pace.secondsLeft)} left`);
  return parts.join(' · ');
}

/** `2 splitting, 1 sending`; empty where nothing is under way. */
export function phasesOf(items: readonly UploadItem[]): string {
  const counts = new Map<string, number>();
  for (const { state } of items) counts.set(stateNames[state], (counts.get(stateNames[state]) ?? 0) + 1);
  return [...counts].map(([name, many]) => `${String(many)} ${name.toLowerCase()}`).join(', ');
}

/** What came of it all. */
export function outcomeOf(totals: QueueTotals): string {
  const { stored, known, skipped, sums } = totals;
  const sentences: string[] = [];
  if (stored > 0) sentences.push(savingSentence(sums));
  else if (known > 0) sentences.push(`${things(known, 'file')} ${known === 1 ? 'was' : 'were'} here already: nothing was sent.`);
  if (skipped > 0) sentences.push(`${things(skipped, 'file')} ${skipped === 1 ? 'was' : 'were'} skipped: stored before.`);
  return sentences.length === 0 ? 'Nothing was stored.' : sentences.join(' ');
}

/** `5 of 510 blocks were new: 41 kB sent instead of 1.2 MB.` */
export function savingSentence(sums: StoredSums): string {
  const verb = sums.blocksSent === 1 ? 'was' : 'were';
  const sent = `${bytes(sums.sentBytes)} sent instead of ${bytes(sums.logicalBytes)}.`;
  // What is small enough travels in the manifest, without a block.
  return sums.blocks === 0 ? sent : `${count(sums.blocksSent)} of ${things(sums.blocks, 'block')} ${verb} new: ${sent}`;
}

/** What an earlier run left behind. */
export function interruptedSentence({ files, stored }: { readonly files: number; readonly stored: number }): string {
  return `An upload was interrupted: ${count(stored)} of ${things(files, 'file')} ${stored === 1 ? 'is' : 'are'} stored. Choose or drop the same folder again: what is stored is skipped.`;
}

/** `about 3 min`. */
export function timeOf(seconds: number): string {
  if (seconds < 10) return 'a few seconds';
  if (seconds < 55) return `about ${String(Math.ceil(seconds / 10) * 10)} s`;
  if (seconds < 3_300) return `about ${String(Math.max(1, Math.round(seconds / 60)))} min`;
  return `about ${things(Math.max(1, Math.round(seconds / 3_600)), 'hour')}`;
}

/** `1.2 of 3.4 GB`; both units where they differ. */
function amounts(done: number, all: number): string {
  const [doneText, allText] = [bytes(done), bytes(all)];
  const unit = allText.slice(allText.indexOf(' '));
  return `${doneText.endsWith(unit) ? doneText.slice(0, -unit.length) : doneText} of ${allText}`;
}
