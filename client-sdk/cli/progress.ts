/**
 * The bar on a terminal while files go up or down: files, bytes, what is in hand. Draws nothing elsewhere.
 */
import { Presets, SingleBar } from 'cli-progress';
import { bytesText, nameText } from './amounts.js';
import type { Console } from './console.js';

/** Grows by bytes; `total` may grow too, as files are found. */
export class Progress {
  readonly #bar: SingleBar | undefined;
  #done = 0;
  #total = 0;
  #files = 0;

  constructor(console: Console, verb: string) {
    if (!console.hasBars) return;
    const format = `${verb} {bar} {percentage} % | {done} of {all} | {files} files | {name}`;
    this.#bar = new SingleBar({ format, hideCursor: true, clearOnComplete: true, etaBuffer: 50, stream: console.streams.stderr }, Presets.rect);
    this.#bar.start(1, 0, this.#texts(''));
  }

  expect(bytes: number): void {
    this.#total += bytes;
    this.#bar?.setTotal(Math.max(1, this.#total));
  }

  advance(bytes: number, name: string): void {
    this.#done += bytes;
    this.#bar?.update(Math.min(this.#done, Math.max(1, this.#total)), this.#texts(name));
  }

  fileDone(name: string): void {
    this.#files++;
    this.#bar?.update(this.#texts(name));
  }

  stop(): void {
    this.#bar?.stop();
  }

  #texts(name: string): object {
    return { done: bytesText(this.#done), all: bytesText(this.#total), files: this.#files, name: nameText(name).slice(-40) };
  }
}
