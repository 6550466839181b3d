/**
 * Finds the anchors of a picture while its contents pass by; whether any of them are those of a known picture is
 * originals.ts. SPEC.md sections 5.9 and 5.13 say what patches make of that.
 */
import { type Anchor, AnchorFinder } from './core/image/anchors.js';
import { kindOf } from './core/image/content.js';
import { CoefficientAnchorFinder } from './core/image/jpeg/coefficient-anchors.js';
import type { SplitSummary } from './core/image/splitter.js';

/** Looks for anchors while the tiles of a picture's first plane pass by, each once: of pixels, or of coefficients. */
export class PlacedAnchors {
  readonly #pixels = new AnchorFinder();
  readonly #coefficients = new CoefficientAnchorFinder();
  readonly #seen = new Set<number>();

  constructor(private readonly summary: SplitSummary) {}

  get anchors(): readonly Anchor[] {
    return [...this.#pixels.anchors(), ...this.#coefficients.anchors()];
  }

  see(index: number, content: Uint8Array): void {
    const place = this.summary.places[index];
    if (place === undefined || place.plane > 0 || this.#seen.has(index)) return;
    this.#seen.add(index);
    const kind = kindOf(content);
    if (kind === 'tile') this.#pixels.add(content, place.region.x, place.region.y);
    // Anchors are counted in blocks of the finest component.
    else if (kind === 'coefficients' && place.unit.width === 1 && place.unit.height === 1) this.#coefficients.add(content, place.region.x, place.region.y);
  }
}
