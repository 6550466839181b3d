/**
 * One step of one tool, measured from outside: wall time, processor time of client and server, bytes on the link, memory. And the
 * steps themselves, in the order in which a user would take them, over a fresh repository.
 */
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import type { MeasuredRun } from '../measured-process.js';
import { differencesOf } from '../tree-comparison.js';
import type { EditedCopy } from './edited-copy.js';
import type { LinkKind } from './link.js';
import type { PeerSession, PeerTool } from './peer-tool.js';
import { usedCpuSeconds } from './processor-time.js';

export const stepNames = ['first store', 'store unchanged', 'restore', 'store after edits', 'verify'] as const;
export type StepName = (typeof stepNames)[number];
const storing: ReadonlySet<StepName> = new Set(['first store', 'store unchanged', 'store after edits']);

/** What one step took. */
export interface StepFigures {
  readonly step: StepName;
  readonly wallSeconds: number;
  /** Client and server together, user and system, with all their children. */
  readonly cpuSeconds: number;
  /** Both directions together. */
  readonly linkBytes: number;
  /** Files of the repository after it; undefined after steps that add nothing to it. */
  readonly repositoryBytes: number | undefined;
  /** Largest resident memory of the client. */
  readonly peakMemoryBytes: number;
}

/** Where a round of one tool runs. */
export interface RoundPlace {
  /** A folder that is there and empty; emptied afterwards by the caller. */
  readonly folder: string;
  readonly link: LinkKind;
  readonly copy: EditedCopy;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
}

/** All steps of one tool. Rejects where a command fails, and where what was restored differs from what was stored. */
export async function measureRound(tool: PeerTool, place: RoundPlace): Promise<readonly StepFigures[]> {
  const own = path.join(place.folder, 'own');
  const target = path.join(place.folder, 'restored');
  await mkdir(own);
  await mkdir(target);
  await place.copy.show(false);
  const session = await tool.open({ folder: own, link: place.link, signal: place.signal });
  try {
    const round = new Round(session, place);
    const source = place.copy.path;
    await round.take('first store', () => session.store(source));
    await round.take('store unchanged', () => session.store(source));
    await round.take('restore', () => session.restore(target));
    await refuseDifferent(tool, target, place);
    await place.copy.show(true);
    await round.take('store after edits', () => session.store(source));
    await round.take('verify', () => session.verify());
    return round.figures;
  } finally {
    await session.close();
    await place.copy.show(false);
  }
}

class Round {
  readonly figures: StepFigures[] = [];

  constructor(
    private readonly session: PeerSession,
    private readonly place: RoundPlace,
  ) {}

  async take(step: StepName, work: () => Promise<MeasuredRun>): Promise<void> {
    const { session, place } = this;
    place.signal.throwIfAborted();
    await session.settle();
    const before = { cpu: await usedCpuSeconds(session.serverIds), bytes: await session.sentBytes() };
    const run = await work();
    await session.settle();
    const cpuSeconds = (await usedCpuSeconds(session.serverIds)) - before.cpu;
    const linkBytes = (await session.sentBytes()) - before.bytes;
    const repositoryBytes = storing.has(step) ? await session.repositoryBytes() : undefined;
    this.figures.push({ step, wallSeconds: run.seconds, cpuSeconds, linkBytes, repositoryBytes, peakMemoryBytes: run.peakMemoryBytes });
    place.say(`  ${step}: ${run.seconds.toFixed(2)} s`);
  }
}

async function refuseDifferent({ name }: PeerTool, target: string, { copy, signal }: RoundPlace): Promise<void> {
  const differences = await differencesOf(copy.files, target, signal);
  if (differences.length > 0) {
    const shown = differences.slice(0, 20).join('\n');
    throw new Error(`${name} did not restore what it stored, so nothing is reported; ${String(differences.length)} of ${String(copy.files.files.length)} files:\n${shown}`);
  }
  await rm(target, { recursive: true, force: true });
}
