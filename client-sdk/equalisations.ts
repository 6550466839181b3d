/**
 * The equalisations of pictures that were taken apart lately, by the hash of their samples: the same picture in another container is
 * not searched again. What is found depends on the picture alone. SPEC.md sections 5.11 and 12.
 */
import type { CryptoProvider } from './core/crypto.js';
import { findEqualisation } from './core/image/equalisation.js';
import type { Equalisation, GreyPicture } from './core/image/equalised-picture.js';
import { hexOf } from './protocol/bytes.js';

/** Samples of the pictures that are remembered. */
const maxSamples = 8_388_608;

/** Finds equalisations, and remembers the latest. */
export class Equalisations {
  readonly #latest = new Map<string, Equalisation>();

  constructor(
    private readonly crypto: Pick<CryptoProvider, 'sha256'>,
    private readonly search: typeof findEqualisation = findEqualisation,
  ) {}

  /** Undefined where the picture was not equalised, or not so that it was found. */
  async find(picture: GreyPicture): Promise<Equalisation | undefined> {
    const name = `${String(picture.width)} ${hexOf(await this.crypto.sha256(picture.values))}`;
    const found = this.#latest.get(name) ?? this.#search(picture);
    if (found !== undefined) this.#remember(name, found);
    return found;
  }

  /** Forgets all pictures. */
  clear(): void {
    this.#latest.clear();
  }

  #remember(name: string, found: Equalisation): void {
    this.#latest.delete(name);
    this.#latest.set(name, found);
    let samples = 0;
    for (const { levels } of this.#latest.values()) samples += levels.length;
    for (const [oldest, { levels }] of this.#latest) {
      if (samples <= maxSamples) break;
      samples -= levels.length;
      this.#latest.delete(oldest);
    }
  }

  /** It saves bytes and nothing else: where it fails, for lack of memory above all, there is none. */
  #search(picture: GreyPicture): Equalisation | undefined {
    try {
      return this.search(picture);
    } catch (thrown) {
      if (thrown instanceof RangeError) return undefined;
      throw thrown;
    }
  }
}
