/**
 * Gathers concurrent appends into groups that become one object each. A group is closed when it is large enough, when it has waited long
 * enough, or at once when nothing is under way. Bounded in groups and in bytes. It knows nothing of objects.
 */
import type { NewRecord, Place } from '../../ports/block-store.js';
import { StorageError } from '../../ports/errors.js';

/** Writes the records of one group; one place each, in order. Rejects for all of them. */
export type GroupWriter = (records: readonly NewRecord[]) => Promise<readonly Place[]>;

export interface GatheringLimits {
  /** Payload bytes that close a group. One call goes whole into one group. */
  readonly groupBytes: number;
  /** How long the first call of a group waits for others while groups are under way. */
  readonly lingerMs: number;
  /** Groups that are written at the same time. */
  readonly groups: number;
  /** Payload bytes, waiting or under way, above which a call is turned away. */
  readonly heldBytes: number;
}

interface Waiting {
  readonly records: readonly NewRecord[];
  readonly bytes: number;
  readonly resolve: (places: readonly Place[]) => void;
  readonly reject: (error: unknown) => void;
}

export class Gathering {
  private waiting: Waiting[] = [];
  private waitingBytes = 0;
  private heldBytes = 0;
  private isDue = false;
  private groups = 0;
  /** Forgets what was to happen later; undefined where nothing is. */
  private cancel: (() => void) | undefined;
  private readonly asked = new Set<Promise<unknown>>();

  constructor(
    private readonly write: GroupWriter,
    private readonly limits: GatheringLimits,
    private readonly onGroup?: (calls: number) => void,
  ) {}

  append(records: readonly NewRecord[]): Promise<readonly Place[]> {
    const bytes = records.reduce((sum, { payload }) => sum + payload.length, 0);
    if (this.heldBytes > 0 && this.heldBytes + bytes > this.limits.heldBytes) {
      return Promise.reject(new StorageError('too many bytes wait to be written', { retryable: true }));
    }
    this.heldBytes += bytes;
    this.waitingBytes += bytes;
    const answer = new Promise<readonly Place[]>((resolve, reject) => {
      this.waiting.push({ records, bytes, resolve, reject });
      this.proceed();
    });
    const forget = (): void => { this.asked.delete(answer); };
    this.asked.add(answer);
    answer.then(forget, forget);
    return answer;
  }

  /** Calls and payload bytes that wait or are under way. */
  depth(): { readonly calls: number; readonly bytes: number } {
    return { calls: this.asked.size, bytes: this.heldBytes };
  }

  /** Resolves when all that was asked before has been answered. */
  async finish(): Promise<void> {
    this.isDue = this.waiting.length > 0;
    this.proceed();
    await Promise.allSettled(this.asked);
  }

  /** Begins as many groups as may be begun, and sees to it that the rest gets its turn. */
  private proceed(): void {
    while (this.waiting.length > 0 && this.groups < this.limits.groups && (this.isDue || this.waitingBytes >= this.limits.groupBytes)) this.begin();
    if (this.waiting.length === 0 || this.isDue || this.cancel !== undefined) return;
    const due = (): void => {
      this.cancel = undefined;
      this.isDue = true;
      this.proceed();
    };
    // Even when nothing is under way, calls of one turn of the loop go together.
    this.cancel = this.groups === 0 ? afterThisTurn(due) : after(this.limits.lingerMs, due);
  }

  private begin(): void {
    const group = this.takeGroup();
    this.onGroup?.(group.length);
    this.groups++;
    void this.writeGroup(group).then(() => {
      this.heldBytes -= group.reduce((sum, { bytes }) => sum + bytes, 0);
      this.groups--;
      // Whoever lingers does so for the sake of those under way.
      if (this.groups === 0 && this.waiting.length > 0) this.isDue = true;
      this.proceed();
    });
  }

  private async writeGroup(group: readonly Waiting[]): Promise<void> {
    try {
      const places = await this.write(group.flatMap(({ records }) => records));
      let from = 0;
      for (const { records, resolve } of group) resolve(places.slice(from, (from += records.length)));
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }

  /** The oldest calls that fit together, one at least. */
  private takeGroup(): readonly Waiting[] {
    let bytes = 0;
    let count = 0;
    for (const call of this.waiting) {
      if (count > 0 && bytes + call.bytes > this.limits.groupBytes) break;
      bytes += call.bytes;
      count++;
    }
    this.waitingBytes -= bytes;
    const group = this.waiting.splice(0, count);
    if (this.waiting.length === 0) {
      this.isDue = false;
      this.cancel?.();
      this.cancel = undefined;
    }
    return group;
  }
}

function after(ms: number, step: () => void): () => void {
  const timer = setTimeout(step, ms);
  return () => { clearTimeout(timer); };
}

function afterThisTurn(step: () => void): () => void {
  const immediate = setImmediate(step);
  return () => { clearImmediate(immediate); };
}
