/**
 * Gathers concurrent appends into groups that share one sync, and keeps all writing steps in one line. Bounded:
 * a caller that would hold more bytes in it than allowed is turned away. It knows nothing of files.
 */
import type { NewRecord, Place } from '../../ports/block-store.js';
import { StorageError } from '../../ports/errors.js';

/** Writes one group: the records of several calls in order, answered per call. Rejects for all of them. */
export type GroupWriter = (calls: readonly (readonly NewRecord[])[]) => Promise<readonly (readonly Place[])[]>;

interface Waiting {
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly resolve: (places: readonly Place[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Payload bytes. A group takes at least one call whole. */
export interface QueueLimits {
  readonly groupBytes: number;
  readonly queueBytes: number;
}

export class AppendQueue {
  private waiting: Waiting[] = [];
  private heldBytes = 0;
  private heldCalls = 0;
  private line: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly write: GroupWriter,
    private readonly limits: QueueLimits,
  ) {}

  append(records: readonly NewRecord[]): Promise<readonly Place[]> {
    const bytes = records.reduce((sum, record) => sum + record.payload.length, 0);
    if (this.heldBytes > 0 && this.heldBytes + bytes > this.limits.queueBytes) {
      return Promise.reject(new StorageError('too many bytes wait to be written', { retryable: true }));
    }
    this.heldBytes += bytes;
    this.heldCalls++;
    return new Promise((resolve, reject) => {
      this.waiting.push({ records, bytes, resolve, reject });
      if (this.waiting.length === 1) void this.inTurn(() => this.drain());
    });
  }

  /** Calls and payload bytes that wait or are being written. */
  depth(): { readonly calls: number; readonly bytes: number } {
    return { calls: this.heldCalls, bytes: this.heldBytes };
  }

  /** Runs `step` when everything asked before it is done, and nothing else meanwhile. */
  inTurn<T>(step: () => Promise<T>): Promise<T> {
    const result = this.line.then(step);
    this.line = result.catch(() => undefined);
    return result;
  }

  /** Resolves when nothing waits any longer, without letting other steps in between. */
  finish(): Promise<void> {
    return this.inTurn(async () => {
      while (this.waiting.length > 0) await this.drain();
    });
  }

  /** One group at a time, so that other steps get their turn under load. */
  private async drain(): Promise<void> {
    const group = this.takeGroup();
    if (group.length === 0) return;
    try {
      const places = await this.write(group.map((call) => call.records));
      group.forEach((call, index) => { call.resolve(places[index] ?? []); });
    } catch (error) {
      group.forEach((call) => { call.reject(error); });
    }
    this.heldBytes -= group.reduce((sum, call) => sum + call.bytes, 0);
    this.heldCalls -= group.length;
    if (this.waiting.length > 0) void this.inTurn(() => this.drain());
  }

  private takeGroup(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const call of this.waiting) {
      bytes += call.bytes;
      if (count > 0 && bytes > this.limits.groupBytes) break;
      count++;
    }
    return this.waiting.splice(0, count);
  }
}
