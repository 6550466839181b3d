/**
 * A lie about one answer of a server: what it changes, in words that a table can count, and how. What is told is whole
 * bytes; bodies that never end are another matter (hostile-socket.ts).
 */

/** An answer as it travels. */
export interface Told {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** One lie. */
export interface Lie {
  /** What is done, for the table. */
  readonly kind: string;
  /** Where in the answer. */
  readonly at: string;
  /** The same answer where there is nothing to lie about. */
  tell(answer: Told): Told;
}

/** A lie that changes the body alone. */
export function bodyLie(kind: string, at: string, change: (body: Uint8Array) => Uint8Array): Lie {
  return { kind, at, tell: (answer) => ({ ...answer, body: change(answer.body) }) };
}
