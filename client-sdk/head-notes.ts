/**
 * What a run of uploads tells the account head: images whose commit was acknowledged, many with one head, beside the uploads. What is not
 * told, because the network or the run broke, the next listing tells. SPEC.md section 14.
 */
import { type AccountHeads, isForbidden, type LeafChange } from './account-head.js';
import { DiceError, fault } from './core/errors.js';
import type { ImageId } from './protocol/ids.js';

/** So many images, or so long after the last head, a new one is signed. */
const imagesPerHead = 256;
const headEveryMs = 5_000;

/** Notes of one run. */
export class HeadNotes {
  #waiting: LeafChange[] = [];
  #running: Promise<void> | undefined;
  #lastAt: number;
  #failed: { readonly thrown: unknown } | undefined;

  constructor(
    private readonly heads: AccountHeads,
    private readonly now: () => number,
  ) {
    this.#lastAt = now();
  }

  /** A commit was acknowledged. `manifestHash`: half of SHA-256 of the sealed manifest, 16 bytes. */
  note(imageId: ImageId, manifestHash: Uint8Array): void {
    this.#waiting.push({ imageId, to: (now) => (now === undefined ? { imageId, state: 'live', at: 0, manifestHash } : undefined) });
    const isDue = this.#waiting.length >= imagesPerHead || this.now() - this.#lastAt >= headEveryMs;
    if (isDue) this.#running ??= this.#tell();
  }

  /** Tells what is left. Throws where the server showed what it must not show, or the device failed. */
  async end(): Promise<void> {
    await this.stop();
    await this.#tell();
    if (this.#failed !== undefined) throw this.#failed.thrown;
  }

  /** Waits for what is under way, and tells nothing more. */
  async stop(): Promise<void> {
    await this.#running;
  }

  /** Never rejects: nobody may be there to hear it before the end. */
  async #tell(): Promise<void> {
    const changes = this.#waiting;
    this.#waiting = [];
    try {
      if (changes.length > 0) await this.heads.change(changes);
    } catch (thrown) {
      if (!(thrown instanceof DiceError) || isForbidden(thrown)) this.#failed = { thrown };
      else if (thrown.code === 'request-invalid') this.#failed = { thrown: fault('image-omitted', 'It does not know an image that it has just acknowledged.', thrown) };
    } finally {
      this.#lastAt = this.now();
      this.#running = undefined;
    }
  }
}
