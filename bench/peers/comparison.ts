/**
 * Rounds of all tools over all links, interleaved: within a round every tool takes its turn, and another one begins in the next.
 * Every repository is fresh. Nothing is dropped; what cannot be completed is not reported at all.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EditedCopy } from './edited-copy.js';
import type { LinkKind } from './link.js';
import { measureRound, type StepFigures } from './measured-step.js';
import type { PeerCommand } from './peer-options.js';
import type { PeerTool } from './peer-tool.js';

/** One tool over one link in one round. */
export interface RoundFigures {
  readonly link: string;
  readonly tool: string;
  /** From 1 on. */
  readonly round: number;
  readonly steps: readonly StepFigures[];
}

/** Where rounds run. */
export interface ComparisonPlace {
  /** A folder that is there. */
  readonly scratch: string;
  readonly copy: EditedCopy;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** All rounds. Rejects at the first failure. */
export async function compareTools({ links, tools, runs }: PeerCommand, place: ComparisonPlace): Promise<readonly RoundFigures[]> {
  const figures: RoundFigures[] = [];
  for (let round = 1; round <= runs; round++) {
    for (const link of links) {
      for (const tool of rotated(tools, round - 1)) {
        place.say(`round ${String(round)} of ${String(runs)}, ${link.name}, ${tool.name}`);
        figures.push({ link: link.name, tool: tool.name, round, steps: await oneRound(tool, link, place) });
      }
    }
  }
  return figures;
}

async function oneRound(tool: PeerTool, link: LinkKind, { scratch, ...place }: ComparisonPlace): Promise<readonly StepFigures[]> {
  const folder = path.join(scratch, 'round');
  await mkdir(folder);
  try {
    return await measureRound(tool, { ...place, folder, link });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function rotated<T>(items: readonly T[], by: number): readonly T[] {
  const start = by % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
