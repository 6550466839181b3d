/**
 * What a trial says of each question: how well the best attacker of oracle-statistics.ts tells foreign blocks from absent ones by time, as lines for a
 * report too.
 */
import type { Question } from './oracle-prober.js';
import { type Area, isDelayFound, isToldApart, type Separation, separationOf } from './oracle-statistics.js';
import type { Times } from './oracle-trials.js';

/** One question and one figure of its answers. */
export interface Verdict {
  readonly question: Question;
  readonly figure: keyof Times;
  readonly separation: Separation;
}

/** Of every question and figure. */
export function verdictsOf(times: ReadonlyMap<Question, Times>): readonly Verdict[] {
  return [...times].flatMap(([question, figures]) => (['firstByte', 'total'] as const).map((figure) => ({ question, figure, separation: separationOf(figures[figure]) })));
}

/** Lines of those in which the two kinds are told apart. */
export function toldApart(verdicts: readonly Verdict[], slack = 0): readonly string[] {
  return verdicts.filter(({ separation }) => isToldApart(separation, slack)).map(lineOf);
}

/** Lines of those in which a delay that was planted for the question is not found: none where the test can fail. */
export function notFound(verdicts: readonly Verdict[], planted: number): readonly string[] {
  return verdicts.filter(({ separation }) => !isDelayFound(separation, planted)).map(lineOf);
}

/** A line of a report. */
export function lineOf({ question, figure, separation }: Verdict): string {
  return `${question.padEnd(14)}${figure.padEnd(10)} ${textOf(separation)}`;
}

/** All figures of a separation. */
export function textOf({ plain, levelled, paired, shift, shiftMargin, median }: Separation): string {
  const text = ({ area, margin }: Area): string => `${area.toFixed(3)} ± ${margin.toFixed(3)}`;
  return `plain ${text(plain)}  levelled ${text(levelled)}  paired ${text(paired)}  shift ${(100 * shift).toFixed(2)} ± ${(100 * shiftMargin).toFixed(2)} % of ${median.toFixed(3)} ms`;
}
