/**
 * Previews of tiles: fetched and decrypted in the worker, a few at a time, dropped when their tile goes away before they came. A
 * bounded number stays, so that scrolling back is at once. Draws nothing.
 */
import type { PageClient } from '../../../client-sdk/browser/page-client.js';

const maxAtOnce = 6;
const maxKept = 400;

/** What became of a preview. */
export type PreviewOutcome = { readonly kind: 'picture'; readonly preview: Blob } | { readonly kind: 'none' | 'failed' };

interface Wanted {
  readonly id: string;
  readonly onOutcome: (outcome: PreviewOutcome) => void;
  readonly controller: AbortController;
  isUnderWay: boolean;
}

/** The previews of one grid. */
export class Previews {
  readonly #wanted = new Map<string, Wanted>();
  /** The one that was wanted last at the end. */
  readonly #kept = new Map<string, Blob>();
  #underWay = 0;

  constructor(private readonly client: PageClient) {}

  /** Asks for the preview of an image whose tile is there now. */
  want(id: string, onOutcome: Wanted['onOutcome']): void {
    const preview = this.#kept.get(id);
    if (preview !== undefined) {
      this.#keep(id, preview);
      onOutcome({ kind: 'picture', preview });
      return;
    }
    this.#wanted.set(id, { id, onOutcome, controller: new AbortController(), isUnderWay: false });
    this.#fill();
  }

  /** The tile is gone. */
  leave(id: string): void {
    this.#wanted.get(id)?.controller.abort();
    this.#wanted.delete(id);
  }

  /** The tiles that came last are those that are seen. */
  #fill(): void {
    const waiting = [...this.#wanted.values()].filter(({ isUnderWay }) => !isUnderWay);
    while (this.#underWay < maxAtOnce) {
      const next = waiting.shift();
      if (next === undefined) return;
      void this.#load(next);
    }
  }

  async #load(wanted: Wanted): Promise<void> {
    wanted.isUnderWay = true;
    this.#underWay++;
    let outcome: PreviewOutcome;
    try {
      const blob = await this.client.call('preview', wanted.id, wanted.controller.signal);
      outcome = blob === undefined ? { kind: 'none' } : { kind: 'picture', preview: this.#keep(wanted.id, blob) };
    } catch {
      // The tile says so; opening the image says what is wrong.
      outcome = { kind: 'failed' };
    }
    this.#underWay--;
    // Another tile of the same image may wait by now, under the same id.
    if (this.#wanted.get(wanted.id) === wanted) {
      this.#wanted.delete(wanted.id);
      wanted.onOutcome(outcome);
    }
    this.#fill();
  }

  #keep(id: string, preview: Blob): Blob {
    this.#kept.delete(id);
    this.#kept.set(id, preview);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= maxKept) break;
      this.#kept.delete(oldest);
    }
    return preview;
  }
}
