/**
 * One run of a scrub: counts, where it is, whether it shall stop, how fast it may read. The phases tell it of every piece that they are done with.
 */
import type { ConcernedImage } from './check.js';
import type { HealedPack } from '../ports/pack-parity.js';
import type { Parts, Stop } from './contract.js';
import { PackHealer } from './pack-healer.js';
import { noCounts, writePosition, type ScrubCounts, type ScrubPhase, type ScrubPosition } from './scrub-progress.js';

/** What scrubbing needs. */
export type ScrubParts = Pick<Parts, 'stores' | 'world' | 'gate' | 'meter'>;

/** A block that could not be put right. */
export interface LostBlock {
  readonly rehash: string;
  readonly images: readonly ConcernedImage[];
}

/** A record that could not be put right: of an image, where `imageId` names one, else of an account. */
export interface LostRecord {
  readonly type: 'manifest' | 'preview' | 'account';
  readonly accountId: string;
  readonly imageId?: string;
}

/** What a scrub asks for. */
export interface ScrubOrder {
  readonly onLost: (lost: LostBlock) => void;
  readonly onLostRecord?: (lost: LostRecord) => void;
  /** Hears of what parity put right. */
  readonly onHealed?: (healed: HealedPack) => void;
  /** Hears now and then where the scrub is. */
  readonly onProgress?: (position: ScrubPosition) => void;
  /** Waits as long as reading so many bytes may take; at once without it. */
  readonly pace?: (bytes: number) => Promise<void>;
  readonly stop?: Stop;
  /** Begins anew where an earlier one was interrupted. */
  readonly isRestart?: boolean;
}

export class ScrubRun {
  /** Its blocks are those of a healer: damage that parity heals is met by nobody. */
  readonly parts: ScrubParts;
  readonly healer: PackHealer;
  readonly #counts: Record<keyof ScrubCounts, number>;
  readonly #earlierMs: number;
  readonly #startedAt: number;
  readonly #beganAt: number;
  #phase: ScrubPhase;
  #after: string | undefined;

  /** Goes on at `from`, else begins. */
  constructor(parts: ScrubParts, readonly order: ScrubOrder, from: ScrubPosition | undefined) {
    // Not slowed down: somebody may wait for what is healed.
    this.healer = new PackHealer(parts.stores.blocks, {
      onRead: (bytes) => { this.#count(bytes); return Promise.resolve(); },
      onHealed: (healed) => { this.#noteHealed(healed); },
    });
    this.parts = { ...parts, stores: { ...parts.stores, blocks: this.healer.blocks() } };
    this.#startedAt = parts.world.clock.now();
    this.#beganAt = from?.beganAt ?? this.#startedAt;
    this.#earlierMs = from?.tookMs ?? 0;
    this.#phase = from?.phase ?? 'blocks';
    this.#after = from?.after;
    this.#counts = { ...(from?.counts ?? noCounts) };
  }

  get isStopped(): boolean {
    return this.order.stop?.aborted === true;
  }

  get position(): ScrubPosition {
    // A clock that was set back must not make a duration of less than nothing.
    const tookMs = this.#earlierMs + Math.max(0, this.parts.world.clock.now() - this.#startedAt);
    return { beganAt: this.#beganAt, tookMs, phase: this.#phase, after: this.#after, counts: { ...this.#counts } };
  }

  add(count: keyof ScrubCounts, amount = 1): void {
    this.#counts[count] += amount;
  }

  /** Everything up to `after` is done, of which `bytes` were read. Waits as long as that may take. */
  async passed(after: string, bytes: number): Promise<void> {
    this.#after = after;
    await this.read(bytes);
  }

  /** Bytes were read. Waits as long as that may take. */
  async read(bytes: number): Promise<void> {
    this.#count(bytes);
    await this.order.pace?.(bytes);
  }

  enter(phase: ScrubPhase): void {
    this.#phase = phase;
    this.#after = undefined;
  }

  /** Notes the position durably. */
  async save(): Promise<void> {
    const { position } = this;
    await writePosition(this.parts.stores.state, position);
    this.order.onProgress?.(position);
  }

  #count(bytes: number): void {
    this.add('bytes', bytes);
    this.parts.meter?.add('scrubbed', 'bytes', bytes);
  }

  #noteHealed(healed: HealedPack): void {
    this.add('healedPacks');
    this.order.onHealed?.(healed);
  }
}
