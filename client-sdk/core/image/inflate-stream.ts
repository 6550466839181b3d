/**
 * Raw deflate (RFC 1951) taken apart piece by piece in bounded memory, by the deflate kernel. Says where the stream ends, so that what
 * follows it is kept. SPEC.md section 6.4.
 */
import { releaseKernel, takeKernel, type DeflateKernel } from './deflate-kernel.js';

/** What the kernel answers. */
const outcomes = { wanting: 0, full: 1, ended: 2, damaged: 3 } as const;
/** Largest piece that is inflated in one go, beside what waits from the one before. */
const pieceBytes = 32_768;
/** How far back a match may reach. */
const historyBytes = 32_768;
const nothing = new Uint8Array(0);

/** Feeds a raw deflate stream; gives out what it unfolds to. Call `close` when it is given up before its end. */
export class InflateStream {
  #kernel: DeflateKernel | undefined;
  #isEnded = false;
  #isDamaged = false;
  /** Where what was not given out begins. */
  #from: number;

  /** `onBytes` may keep what it is given, at most 128 KiB, and may throw to stop. `dictionary` is what came before. */
  constructor(private readonly onBytes: (bytes: Uint8Array) => void, dictionary: Uint8Array = nothing) {
    const kernel = takeKernel();
    const history = dictionary.subarray(Math.max(0, dictionary.length - historyBytes));
    kernel.bytes.set(history, kernel.at.out);
    kernel.run.beginReading(history.length);
    this.#from = kernel.at.out + history.length;
    this.#kernel = kernel;
  }

  /** The final block has been read to its end. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** The bytes are no deflate stream. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** Takes bytes of the stream, and answers how many belonged to it (fewer only at its end). */
  push(bytes: Uint8Array): number {
    let used = 0;
    while (used < bytes.length && this.#kernel !== undefined) {
      const piece = bytes.subarray(used, used + pieceBytes);
      used += piece.length - this.#take(this.#kernel, piece);
    }
    return used;
  }

  /** Gives its memory back; nothing more can be pushed. */
  close(): void {
    if (this.#kernel !== undefined) releaseKernel(this.#kernel);
    this.#kernel = undefined;
  }

  /** Answers how many bytes lie after the stream's end. */
  #take(kernel: DeflateKernel, piece: Uint8Array): number {
    const { run } = kernel;
    kernel.bytes.set(piece, run.inputAt());
    let outcome = run.read(piece.length);
    for (; outcome === outcomes.full; outcome = run.read(0)) this.#give(kernel);
    if (outcome === outcomes.damaged) this.#isDamaged = true;
    else this.#give(kernel);
    if (outcome === outcomes.wanting) return 0;
    this.#isEnded = outcome === outcomes.ended;
    const unused = run.unusedBytes();
    this.close();
    return unused;
  }

  #give({ run, bytes }: DeflateKernel): void {
    const to = run.outputEnd();
    const given = bytes.slice(this.#from, to);
    this.#from = run.dropOutput();
    if (given.length > 0) this.onBytes(given);
  }
}
