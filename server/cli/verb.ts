/**
 * What all verbs of `dice-admin` share: the store that they work on, where they write, and their exit statuses.
 */
import type { Json } from '../../client-sdk/protocol/schema.js';
import type { HealedPack } from '../ports/pack-parity.js';
import type { OpenedStore } from '../open-store.js';

/** 0 done, 1 failed, 2 wrong usage, 4 the store is damaged. */
export const exitStatus = { done: 0, failed: 1, usage: 2, damaged: 4 } as const;
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus];

/** Form of what goes to stdout. */
export type Form = 'text' | 'json' | 'csv';

/** What a verb works with. */
export interface Bench {
  readonly store: OpenedStore;
  readonly form: Form;
  /** One line to stdout. */
  print(line: string): void;
  /** One line to stderr, for what is not the result. */
  say(line: string): void;
  /** Aborted by Ctrl-C or SIGTERM: a long verb ends after the step at hand. */
  readonly stop: AbortSignal;
}

/** Does one verb. */
export type Verb = (bench: Bench) => Promise<ExitStatus>;

/** Prints `lines`, or `document` as the one JSON document. */
export function printResult(bench: Pick<Bench, 'form' | 'print'>, document: Json, lines: readonly string[]): void {
  if (bench.form === 'json') bench.print(JSON.stringify(document, undefined, 2));
  else for (const line of lines) bench.print(line);
}

/** What parity put right of a pack. */
export function healedLines({ pack, healed }: HealedPack): readonly string[] {
  return healed.map(({ offset, length }) => `healed by parity: pack ${pack}, ${length} bytes at ${offset}`);
}

/** Names and numbers in two columns. */
export function columns(figures: Readonly<Record<string, number>>): readonly string[] {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  const texts = Object.values(figures).map((figure) => figure.toLocaleString('en'));
  const right = Math.max(...texts.map((text) => text.length));
  return Object.keys(figures).map((name, index) => `${name.padEnd(width)}  ${(texts[index] ?? '').padStart(right)}`);
}
