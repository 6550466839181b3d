/**
 * Which images are selected, and from where a range goes. Pure; images are known by their ids, and their order is told each time.
 */

/** A set of ids with an anchor. */
export class Selection {
  readonly #ids = new Set<string>();
  #anchor: string | undefined;
  /** What the last range added, so that a shorter one takes it back. */
  #ranged: readonly string[] = [];

  get size(): number {
    return this.#ids.size;
  }

  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** Turns one around, and begins ranges there. */
  toggle(id: string): void {
    if (!this.#ids.delete(id)) this.#ids.add(id);
    this.#begin(id);
  }

  /** Begins ranges at `id` unless there is a beginning already. */
  anchorAt(id: string): void {
    if (this.#anchor === undefined) this.#begin(id);
  }

  /** All from the anchor to `id` in `order`, in the place of the last range. */
  extendTo(id: string, order: readonly string[]): void {
    this.anchorAt(id);
    const from = order.indexOf(this.#anchor ?? id);
    const to = order.indexOf(id);
    for (const old of this.#ranged) this.#ids.delete(old);
    this.#ranged = order.slice(Math.min(from < 0 ? to : from, to), Math.max(from, to) + 1);
    for (const other of this.#ranged) this.#ids.add(other);
  }

  /** All of them in or out. */
  set(ids: readonly string[], isSelected: boolean): void {
    for (const id of ids) {
      if (isSelected) this.#ids.add(id);
      else this.#ids.delete(id);
    }
    this.#ranged = [];
  }

  clear(): void {
    this.#ids.clear();
    this.#anchor = undefined;
    this.#ranged = [];
  }

  #begin(id: string): void {
    this.#anchor = id;
    this.#ranged = [];
  }
}
