/**
 * Heals packs by their parity before a scrub tells of damage: each pack at most once in a run, when the first of its records turns out to be damaged.
 */
import type { BlockStore } from '../ports/block-store.js';
import { CorruptionError } from '../ports/errors.js';
import type { HealedPack, OnRead } from '../ports/pack-parity.js';

/** Hears of what is read for it, and of what was put right. */
export interface HealerOrder {
  readonly onRead: OnRead;
  readonly onHealed: (healed: HealedPack) => void;
}

export class PackHealer {
  readonly #tried = new Map<number, Promise<boolean>>();

  constructor(private readonly store: BlockStore, private readonly order: HealerOrder) {}

  /** True where something of the pack was put right, now or before. */
  heal(pack: number): Promise<boolean> {
    const trying = this.#tried.get(pack) ?? this.#heal(pack);
    this.#tried.set(pack, trying);
    return trying;
  }

  /** The same blocks, of which a damaged record is read again once its pack was healed. */
  blocks(): BlockStore {
    const { store } = this;
    if (store.parity === undefined) return store;
    return {
      recordOverheadBytes: store.recordOverheadBytes,
      numberSlack: store.numberSlack,
      parity: store.parity,
      append: (records) => store.append(records),
      read: async (place, type) => {
        try {
          return await store.read(place, type);
        } catch (error) {
          if (!(error instanceof CorruptionError) || !(await this.heal(place.pack))) throw error;
          return store.read(place, type);
        }
      },
      scan: (pack, onDamage) => store.scan(pack, onDamage),
      packs: () => store.packs(),
      seal: () => store.seal(),
      drop: (pack) => store.drop(pack),
      usage: () => store.usage(),
      generation: () => store.generation(),
      mark: (generation) => store.mark(generation),
      checkWritable: () => store.checkWritable(),
      close: () => store.close(),
    };
  }

  async #heal(pack: number): Promise<boolean> {
    const healed = await this.store.parity?.heal(pack, this.order.onRead);
    if (healed !== undefined) this.order.onHealed(healed);
    return healed !== undefined;
  }
}
