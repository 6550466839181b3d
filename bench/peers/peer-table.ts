/**
 * Medians of a comparison, and the tables that people read: one for each link, steps in their order, tools in theirs.
 */
import { textTable } from '../text-table.js';
import type { RoundFigures } from './comparison.js';
import { stepNames, type StepFigures, type StepName } from './measured-step.js';

/** Medians of one step of one tool over one link. */
export interface PeerRow extends StepFigures {
  readonly link: string;
  readonly tool: string;
  readonly runs: number;
  /** Wall time divided by that of the fastest peer; undefined where no peer took part. */
  readonly ratioToBestPeer: number | undefined;
}

/** Rows in the order of links, steps and tools. `peers` names those that ratios refer to. */
export function peerRows(figures: readonly RoundFigures[], peers: readonly string[]): readonly PeerRow[] {
  const rows: PeerRow[] = [];
  for (const link of new Set(figures.map((round) => round.link))) {
    const rounds = figures.filter((round) => round.link === link);
    const tools = [...new Set(rounds.filter(({ round }) => round === 1).map(({ tool }) => tool))];
    for (const step of stepNames) {
      const medians = tools.map((tool) => ({ link, tool, ...medianStep(step, rounds.filter((round) => round.tool === tool)) }));
      const best = Math.min(...medians.filter(({ tool }) => peers.includes(tool)).map(({ wallSeconds }) => wallSeconds));
      for (const median of medians) rows.push({ ...median, ratioToBestPeer: Number.isFinite(best) ? median.wallSeconds / best : undefined });
    }
  }
  return rows;
}

/** The table of one link's rows. */
export function peerTable(rows: readonly PeerRow[]): string {
  const heading = ['step', 'tool', '>wall s', '>to best peer', '>CPU s', '>link MB', '>repository MB', '>client peak MB'];
  return textTable(heading, rows.map((row) => [
    row.step,
    row.tool,
    row.wallSeconds.toFixed(2),
    row.ratioToBestPeer === undefined ? '-' : row.ratioToBestPeer.toFixed(2),
    row.cpuSeconds.toFixed(2),
    (row.linkBytes / 1e6).toFixed(2),
    row.repositoryBytes === undefined ? '' : (row.repositoryBytes / 1e6).toFixed(2),
    (row.peakMemoryBytes / 1e6).toFixed(0),
  ]));
}

/** The middle one; of an even count the mean of the two in the middle. Throws where there is none. */
export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted[Math.floor(sorted.length / 2)]];
  if (low === undefined || high === undefined) throw new Error('there is no median of nothing');
  return (low + high) / 2;
}

function medianStep(step: StepName, rounds: readonly RoundFigures[]): StepFigures & { readonly runs: number } {
  const steps = rounds.flatMap((round) => round.steps.filter((figures) => figures.step === step));
  const median = (value: (figures: StepFigures) => number): number => medianOf(steps.map(value));
  const stored = steps.flatMap(({ repositoryBytes }) => (repositoryBytes === undefined ? [] : [repositoryBytes]));
  return {
    step,
    runs: steps.length,
    wallSeconds: median(({ wallSeconds }) => wallSeconds),
    cpuSeconds: median(({ cpuSeconds }) => cpuSeconds),
    linkBytes: median(({ linkBytes }) => linkBytes),
    repositoryBytes: stored.length === 0 ? undefined : medianOf(stored),
    peakMemoryBytes: median(({ peakMemoryBytes }) => peakMemoryBytes),
  };
}
