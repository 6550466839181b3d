/**
 * One sealed pack of known records with its parity, in a folder: damaged, healed and looked at as a scrub would. Every read throws where a wrong byte is served.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BlockStore, NewRecord, Place } from '../../server/ports/block-store.js';
import { CorruptionError } from '../../server/ports/errors.js';
import type { HealedPack, PackParity, ParityHealth } from '../../server/ports/pack-parity.js';
import { openBlockStore } from '../../server/storage/packs/block-store.js';
import { nodeFiles, type FileLayer } from '../../server/storage/packs/file-layer.js';
import { layoutOf, type ParityLayout } from '../../server/storage/packs/parity/layout.js';
import { digestOf } from '../contract/block-store-contract.js';

export const parityKey = new Uint8Array(32).fill(6);
const recordBytes = 9_000;
const packName = 'pack-0000000001.dice';

export function openParityStore(directory: string, files: FileLayer = nodeFiles): Promise<BlockStore> {
  return openBlockStore({ directory, storeKey: parityKey, files });
}

/** Bytes that a seed makes. */
export function randomBytesOf(seed: number, length: number): Buffer {
  return createHash('shake128', { outputLength: Math.max(1, length) }).update(String(seed)).digest().subarray(0, length);
}

const atOnce = (): Promise<void> => Promise.resolve();

export class ParityPack {
  private constructor(
    readonly directory: string,
    readonly percent: number,
    private readonly made: { readonly kept: readonly { readonly place: Place; readonly record: NewRecord }[]; readonly original: Buffer },
  ) {}

  /** Writes a pack of about `bytes` and makes its parity. */
  static async make(directory: string, { bytes, percent }: { readonly bytes: number; readonly percent: number }): Promise<ParityPack> {
    const records = Array.from({ length: Math.max(1, Math.round(bytes / recordBytes)) }, (_, n): NewRecord => {
      const payload = randomBytesOf(n + 1, Math.min(bytes, recordBytes) - 22);
      return { type: 'block', payload, digest: digestOf(payload) };
    });
    const store = await openParityStore(directory);
    const places = await store.append(records);
    await store.seal();
    await parityOf(store).make(1, { percent, onRead: atOnce });
    await store.close();
    const kept = records.flatMap((record, n) => (places[n] === undefined ? [] : [{ record, place: places[n] }]));
    return new ParityPack(directory, percent, { kept, original: readFileSync(path.join(directory, packName)) });
  }

  /** The same pack as it lies in another folder. */
  at(directory: string): ParityPack {
    return new ParityPack(directory, this.percent, this.made);
  }

  /** The bytes of the pack as it was written. */
  get original(): Buffer {
    return this.made.original;
  }

  get layout(): ParityLayout {
    return layoutOf(this.original.length, this.percent);
  }

  get packFile(): string {
    return path.join(this.directory, packName);
  }

  get parityFile(): string {
    return path.join(this.directory, 'pack-0000000001.parity');
  }

  get records(): number {
    return this.made.kept.length;
  }

  /** The files of the folder but the mark. */
  names(): readonly string[] {
    return readdirSync(this.directory).filter((name) => name !== 'mark').sort();
  }

  /** Writes the pack as it was made, changed. */
  damage(change: (bytes: Buffer) => Uint8Array): void {
    writeFileSync(this.packFile, change(Buffer.from(this.original)));
  }

  /** Opens the folder as a process of its own would. */
  async with<T>(work: (parity: PackParity, store: BlockStore) => Promise<T>, files?: FileLayer): Promise<T> {
    const store = await openParityStore(this.directory, files);
    try {
      return await work(parityOf(store), store);
    } finally {
      await store.close();
    }
  }

  heal(): Promise<HealedPack | undefined> {
    return this.with((parity) => parity.heal(1, atOnce));
  }

  check(): Promise<ParityHealth | undefined> {
    return this.with((parity) => parity.check(1, atOnce));
  }

  make(percent = this.percent): Promise<boolean> {
    return this.with((parity) => parity.make(1, { percent, onRead: atOnce }));
  }

  /** How many records cannot be read. Throws where what is read is not what was stored. */
  lost(): Promise<number> {
    return this.with(async (_parity, store) => {
      let lost = 0;
      for (const { place, record } of this.made.kept) {
        const payload = await orRotten(store, place);
        if (payload === undefined) lost++;
        else if (Buffer.compare(payload, record.payload) !== 0) throw new Error(`a wrong byte is served at ${String(place.offset)}`);
      }
      return lost;
    });
  }
}

function parityOf({ parity }: BlockStore): PackParity {
  if (parity === undefined) throw new Error('packs have parity');
  return parity;
}

async function orRotten(store: BlockStore, place: Place): Promise<Uint8Array | undefined> {
  try {
    return await store.read(place, 'block');
  } catch (error) {
    if (error instanceof CorruptionError) return undefined;
    throw error;
  }
}
