/**
 * The row of files that an upload of a page takes from: filled by the page as there is room, so that thousands of files neither
 * cross at once nor keep a pause waiting. Reads no file. SPEC.md section 12.
 */
import type { UploadFile } from '../api.js';
import { uploadFileOf } from './file-source.js';
import type { HandedFile } from './upload-messages.js';

/** Files that wait here at most; the page is asked for more below half of it. */
export const maxWaitingFiles = 48;

/** Who is told of the feed. */
export interface FeedListener {
  /** The page may send `room` files more; asked once until some come. */
  hungry(room: number): void;
  begun(file: HandedFile): void;
  /** A file of this name is under way: another one goes first where there is one. */
  isUnderWay(name: string): boolean;
}

/** One upload's files, for one reader. */
export class UploadFeed implements AsyncIterable<UploadFile> {
  readonly #listener: FeedListener;
  readonly #waiting: HandedFile[] = [];
  #isHeld = false;
  #isEnded = false;
  #isAsked = false;
  #wake: () => void = () => undefined;

  constructor(listener: FeedListener) {
    this.#listener = listener;
  }

  add(files: readonly HandedFile[]): void {
    this.#isAsked = false;
    this.#waiting.push(...files);
    this.#wake();
  }

  /** Takes the file back unless it has begun. */
  drop(key: number): void {
    const at = this.#waiting.findIndex((file) => file.key === key);
    if (at >= 0) this.#waiting.splice(at, 1);
    this.#askForMore();
  }

  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    this.#wake();
  }

  /** Begins no further file, waiting ones included. */
  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<UploadFile> {
    return {
      next: () => this.#next(),
      return: () => {
        this.end();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  async #next(): Promise<IteratorResult<UploadFile, undefined>> {
    for (;;) {
      if (this.#isEnded) return { done: true, value: undefined };
      const file = this.#isHeld ? undefined : this.#shift();
      this.#askForMore();
      if (file !== undefined) {
        this.#listener.begun(file);
        return { done: false, value: { ...uploadFileOf(file), origin: String(file.key) } };
      }
      await new Promise<void>((resolve) => { this.#wake = resolve; });
    }
  }

  #shift(): HandedFile | undefined {
    const at = this.#waiting.findIndex((file) => !this.#listener.isUnderWay(file.name));
    return this.#waiting.splice(Math.max(0, at), 1)[0];
  }

  #askForMore(): void {
    if (this.#isAsked || this.#isEnded || this.#isHeld || this.#waiting.length * 2 > maxWaitingFiles) return;
    this.#isAsked = true;
    this.#listener.hungry(maxWaitingFiles - this.#waiting.length);
  }
}
