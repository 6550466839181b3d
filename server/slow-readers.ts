/**
 * Cuts readers who take an answer so slowly that what is held for them is kept from others. An answer has a time of its own, and as long besides as
 * its bytes take at the least rate. Only time in which its reader owes something counts: the server may think.
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const usualLookMs = 1_000;

/** How long an answer may be on its way. */
export interface AnswerPatience {
  readonly answerMs: number;
  /** Beside that time, so many of its bytes for each millisecond. */
  readonly leastBytesPerMs: number;
}

interface Reader {
  readonly response: ServerResponse;
  readonly socket: Socket;
  readonly bytesBefore: number;
  owingMs: number;
}

/** Readers of answers that are under way. */
export class SlowReaders {
  readonly #readers = new Set<Reader>();
  readonly #looking: NodeJS.Timeout;
  readonly #lookMs: number;

  constructor(private readonly patience: AnswerPatience) {
    this.#lookMs = Math.min(usualLookMs, Math.ceil(patience.answerMs / 4));
    this.#looking = setInterval(() => { this.#look(); }, this.#lookMs);
    this.#looking.unref();
  }

  /** Until the answer is over. It has its connection. */
  watch(response: ServerResponse, socket: Socket): void {
    const reader: Reader = { response, socket, bytesBefore: socket.bytesWritten, owingMs: 0 };
    this.#readers.add(reader);
    response.once('close', () => { this.#readers.delete(reader); });
  }

  close(): void {
    clearInterval(this.#looking);
  }

  #look(): void {
    for (const reader of this.#readers) {
      const { response, socket, bytesBefore } = reader;
      if (response.writableLength === 0) continue;
      // Intervals, not the clock: those that a busy process left out are nobody's fault.
      reader.owingMs += this.#lookMs;
      const allowedMs = this.patience.answerMs + (socket.bytesWritten - bytesBefore) / this.patience.leastBytesPerMs;
      if (reader.owingMs > allowedMs) socket.destroy();
    }
  }
}
