/**
 * A list whose end may fail, because the server hides something, or was taken back: what it named is dealt with before the failure is told.
 */

/** The same items. Where the list breaks off it ends, and `rethrow` throws what it broke off with. */
export class WholeList<T> {
  #broken: { readonly thrown: unknown } | undefined;

  constructor(private readonly list: AsyncIterable<T>) {}

  async *items(): AsyncGenerator<T, void, void> {
    try {
      yield* this.list;
    } catch (thrown) {
      this.#broken = { thrown };
    }
  }

  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  rethrow(): void {
    if (this.#broken !== undefined) throw this.#broken.thrown;
  }
}
