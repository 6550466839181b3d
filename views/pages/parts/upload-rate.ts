/**
 * The pace of an upload from a moving window: bytes a second, and how long the rest will take. The clock is passed in.
 */

const windowMs = 20_000;
/** Below this the pace is a guess that nobody should be shown. */
const minSpanMs = 2_000;
/** Samples closer than this add nothing. */
const stepMs = 200;
/** What a file costs beside its bytes, as bytes: of thousands of small files it is nearly all of the time. */
const fileCost = 65_536;

/** What is to be done or was done. */
export interface Amount {
  readonly bytes: number;
  readonly files: number;
}

interface Sample extends Amount {
  readonly at: number;
}

/** The work that an amount is, as bytes. */
export function workOf({ bytes, files }: Amount): number {
  return bytes + files * fileCost;
}

/** One run's pace. */
export class UploadRate {
  #samples: Sample[] = [];

  /** `done` in all at `now` (milliseconds), growing. */
  note(now: number, done: Amount): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && now - last.at < stepMs) return;
    this.#samples.push({ at: now, ...done });
    const from = this.#samples.findIndex(({ at }) => now - at <= windowMs);
    this.#samples = this.#samples.slice(Math.max(0, from));
  }

  /** After a pause the old pace says nothing. */
  clear(): void {
    this.#samples = [];
  }

  /** Undefined while too little is known. */
  bytesPerSecond(): number | undefined {
    return this.#pace(({ bytes }) => bytes);
  }

  /** Seconds for the rest. Undefined while too little is known, or while nothing moves. */
  secondsFor(left: Amount): number | undefined {
    const pace = this.#pace(workOf);
    return pace === undefined || pace <= 0 ? undefined : workOf(left) / pace;
  }

  #pace(of: (amount: Amount) => number): number | undefined {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.at - first.at < minSpanMs) return undefined;
    return Math.max(0, ((of(last) - of(first)) * 1_000) / (last.at - first.at));
  }
}
