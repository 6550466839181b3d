/**
 * How many bytes of bodies the process holds at once, and how many of them for one account or one network: of requests, and of answers on their way out. A body enters before it is
 * read, with all that it may come to hold, so what is inside can always be finished. Not a rate limit and not a quota. DESIGN.md, Threats.
 */
import { Refusal } from '../../client-sdk/protocol/refusals.js';

/** So few bytes are held without asking: a connection has one request at a time, so the bound on connections is theirs. */
const freeBytes = 131_072;
/** Less than a socket may be silent, so that the refusal still reaches who waits. */
const usualWaitMs = 30_000;
/** Who waits holds what its socket brought, and a chunk of a single byte costs an object of its own; or an answer that is made. */
const maxWaiting = 128;
const maxWaitingOfOne = 32;
const retryAfterSeconds = 5;

const [usualPart, mostPart, leastUsualBytes, mostUsualBytes] = [8, 2, 268_435_456, 1_073_741_824];

/** Bytes of bodies that a process with this memory holds where its operator names no other number: an eighth within bounds, and never more than half. */
export function usualRoomBytes(memoryBytes: number): number {
  const usual = Math.max(leastUsualBytes, Math.min(mostUsualBytes, memoryBytes / usualPart));
  return Math.floor(Math.min(usual, memoryBytes / mostPart));
}

/** For whom a body is held. */
export interface Holder {
  readonly kind: 'account' | 'network';
  readonly name: string;
}

/** The part of the room that one of them may have: never all of it. */
const shares: Readonly<Record<Holder['kind'], number>> = { account: 1 / 4, network: 1 / 2 };

/** A body that is to be read or sent. */
export interface HeldBody {
  /** As many as it may come to hold. */
  readonly bytes: number;
  readonly holders: readonly Holder[];
  /** Calls the listener once its sender has gone, at once where that has happened. */
  readonly onGone: (listener: () => void) => void;
}

/** Gives back all that is held but so many bytes. */
export type Keep = (bytes: number) => void;

/** How large a room is. */
export interface RoomBounds {
  readonly maxBytes: number;
  readonly waitMs?: number;
  readonly onRefused?: () => void;
}

/** What is held for one account, one network, or all. */
class Held {
  bytes = 0;
  waiting = 0;

  constructor(
    readonly key: string,
    private readonly maxBytes: number,
  ) {}

  /** What is larger than all of it is held alone. */
  hasRoom(bytes: number): boolean {
    return this.bytes === 0 || this.bytes + bytes <= this.maxBytes;
  }
}

interface Waiting {
  readonly bytes: number;
  readonly holders: readonly Held[];
  readonly letIn: () => void;
}

/** A room for bodies. */
export class BodyRoom {
  readonly #held = new Map<string, Held>();
  readonly #all: Held;
  readonly #waiting = new Set<Waiting>();

  constructor(private readonly bounds: RoomBounds) {
    this.#all = new Held('', bounds.maxBytes);
  }

  /**
   * Does `work` while the body is held. Waits for room before, in order, though nobody waits behind those who wait for a share of their own.
   * Throws Refusal `unavailable` where that takes too long, or too many wait; else what `work` throws.
   */
  async around<T>(body: HeldBody, work: (keep: Keep) => Promise<T>): Promise<T> {
    if (body.bytes <= freeBytes) return work(() => undefined);
    const holders = body.holders.map((holder) => this.#heldFor(holder));
    try {
      await this.#enter(body, holders);
      let held = body.bytes;
      const keep: Keep = (bytes) => {
        const left = bytes <= freeBytes ? 0 : Math.min(held, bytes);
        this.#add(left - held, holders);
        held = left;
        this.#letIn();
      };
      try {
        return await work(keep);
      } finally {
        keep(0);
      }
    } finally {
      for (const { key, bytes, waiting } of holders) if (bytes === 0 && waiting === 0) this.#held.delete(key);
    }
  }

  #heldFor({ kind, name }: Holder): Held {
    const key = `${kind} ${name}`;
    const held = this.#held.get(key) ?? new Held(key, this.bounds.maxBytes * shares[kind]);
    this.#held.set(key, held);
    return held;
  }

  async #enter({ bytes, onGone }: HeldBody, holders: readonly Held[]): Promise<void> {
    if (this.#waiting.size >= maxWaiting || holders.some(({ waiting }) => waiting >= maxWaitingOfOne)) throw this.#refusal();
    await new Promise<void>((resolve, reject) => {
      const giveUp = (refusal: () => Refusal): void => {
        if (!this.#waiting.has(waiting)) return;
        clearTimeout(timer);
        this.#forget(waiting);
        reject(refusal());
        // Who comes next may have stood behind this one.
        this.#letIn();
      };
      const timer = setTimeout(() => { giveUp(() => this.#refusal()); }, this.bounds.waitMs ?? usualWaitMs);
      const waiting: Waiting = { bytes, holders, letIn: () => { clearTimeout(timer); resolve(); } };
      this.#waiting.add(waiting);
      for (const held of holders) held.waiting++;
      onGone(() => { giveUp(() => new Refusal('request-invalid', 'The body was cut off.')); });
      this.#letIn();
    });
  }

  #letIn(): void {
    for (const waiting of this.#waiting) {
      const { bytes, holders } = waiting;
      if (!holders.every((held) => held.hasRoom(bytes))) continue;
      if (!this.#all.hasRoom(bytes)) return;
      this.#forget(waiting);
      this.#add(bytes, holders);
      waiting.letIn();
    }
  }

  #forget(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    for (const held of waiting.holders) held.waiting--;
  }

  #add(bytes: number, holders: readonly Held[]): void {
    for (const held of [this.#all, ...holders]) held.bytes += bytes;
  }

  #refusal(): Refusal {
    this.bounds.onRefused?.();
    return new Refusal('unavailable', 'It has too much to hold at once.', { retryAfterSeconds });
  }
}
