/**
 * Says on stderr how far a move, a backup or a restore is: one line that is written over on a terminal, a line now and then elsewhere. It counts speed and the time left from what this
 * run did.
 */
import type { BackupProgress } from '../backup/backup-order.js';
import type { MoveProgress } from '../core/moving/move-ends.js';

/** Where lines go, and the time in ms. */
export interface ProgressEnd {
  readonly isTerminal: boolean;
  readonly now: () => number;
  readonly write: (text: string) => void;
}

const terminalMs = 500;
const plainMs = 10_000;
type Progress = MoveProgress | BackupProgress;
const titles: Readonly<Record<Progress['phase'], string>> = { packs: 'packs', rows: 'rows', compare: 'tables compared', index: 'pages of the index', files: 'files' };

/** A listener to progress, and what to call when the work has ended. `end` is repeatable. */
export interface ProgressTeller {
  readonly tell: (progress: Progress) => void;
  readonly end: () => void;
}

/** One that writes to this process's stderr. */
export function progressOnStderr(): ProgressTeller {
  return progressTeller({ isTerminal: process.stderr.isTTY, now: () => performance.now(), write: (text) => { process.stderr.write(text); } });
}

/** One that writes to `write`. */
export function progressTeller({ isTerminal, now, write }: ProgressEnd): ProgressTeller {
  let first: Progress | undefined;
  let [begun, last] = [0, Number.NEGATIVE_INFINITY];
  let isOpen = false;
  return {
    tell(progress) {
      if (first?.phase !== progress.phase) {
        [first, begun, last] = [progress, now(), Number.NEGATIVE_INFINITY];
      }
      const isLast = progress.done === progress.total;
      if (!isLast && now() - last < (isTerminal ? terminalMs : plainMs)) return;
      last = now();
      const line = lineOf(progress, { ...first, ms: now() - begun });
      write(isTerminal ? `\r\u001b[K${line}` : `${line}\n`);
      isOpen = isTerminal;
    },
    end() {
      if (isOpen) write('\n');
      isOpen = false;
    },
  };
}

function lineOf(progress: Progress, since: Progress & { readonly ms: number }): string {
  const { phase, done, total, doneBytes, totalBytes } = progress;
  const count = `${done.toLocaleString('en')} of ${total.toLocaleString('en')} ${titles[phase]}`;
  const seconds = since.ms / 1_000;
  if (phase === 'compare' || phase === 'index' || seconds < 1) return count;
  const hasBytes = totalBytes > 0;
  const rate = (hasBytes ? doneBytes - since.doneBytes : done - since.done) / seconds;
  const left = hasBytes ? totalBytes - doneBytes : total - done;
  const speed = hasBytes
    ? `${megabytes(doneBytes)} of ${megabytes(totalBytes)} MB, ${(rate / 1e6).toFixed(1)} MB/s`
    : `${Math.round(rate).toLocaleString('en')} rows/s`;
  return rate > 0 ? `${count}, ${speed}, ${duration(left / rate)} left` : `${count}, ${speed}`;
}

function megabytes(bytes: number): string {
  return Math.round(bytes / 1e6).toLocaleString('en');
}

/** Hours, minutes and seconds, the smallest two that say something. */
function duration(seconds: number): string {
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60), Math.ceil(seconds % 60)];
  if (h > 0) return `${h} h ${m} min`;
  return m > 0 ? `${m} min ${s} s` : `${s} s`;
}
