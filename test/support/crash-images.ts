/**
 * Work on a disk that forgets, and what a crash of the machine would leave before each of its steps and after the last one: every such image must have all that was
 * acknowledged by then.
 */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fixedRandom } from './fixed-random.js';
import type { ForgetfulFiles } from './forgetful-files.js';
import type { Survival } from './unsynced-file.js';

/** What of the unsynced is left: nothing; names without bytes; bytes without names; or what a seed draws. */
export type CrashWay = 'nothing' | 'names' | 'bytes' | `drawn ${number}`;
export const plainWays: readonly CrashWay[] = ['nothing', 'names', 'bytes'];

export interface CrashOrder<Known> {
  readonly disk: ForgetfulFiles;
  /** All below it is durable when the work begins. */
  readonly root: string;
  readonly ways: readonly CrashWay[];
  /** Of the moments one in so many, and the last one. All where nothing is said. */
  readonly every?: number;
  readonly act: () => Promise<unknown>;
  /** What was acknowledged up to now, as a copy. */
  readonly known: () => Known;
  /** Puts beside the images of this moment, in `folder`, what others keep. */
  readonly beside?: (folder: string) => void;
  /** Throws where the image lacks anything. */
  readonly judge: (image: CrashImage<Known>) => Promise<void>;
}

/** What a crash left in `folder`; `beside` is the folder of its moment. */
export interface CrashImage<Known> {
  readonly folder: string;
  readonly beside: string;
  readonly known: Known;
  readonly way: CrashWay;
}

interface Moment<Known> {
  readonly step: string;
  readonly beside: string;
  readonly known: Known;
  readonly ways: readonly CrashWay[];
}

/** Counts of what was tried. */
export interface CrashCount {
  readonly moments: number;
  readonly images: number;
}

/** Does the work once, then judges each image. */
export async function atEachCrash<Known>(order: CrashOrder<Known>): Promise<CrashCount> {
  const images = await mkdtemp(path.join(tmpdir(), 'dice-crash-'));
  try {
    const moments = await momentsOf(order, images);
    let judged = 0;
    for (const { step, beside, known, ways } of moments) {
      for (const way of ways) {
        judged++;
        await order.judge({ folder: path.join(beside, way), beside, known, way }).catch((error: unknown) => {
          throw new Error(`a crash before "${step}" (${String(moments.findIndex((moment) => moment.beside === beside))}) that left ${way}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        });
      }
      rmSync(beside, { recursive: true });
    }
    return { moments: moments.length, images: judged };
  } finally {
    rmSync(images, { recursive: true, force: true });
  }
}

async function momentsOf<Known>({ disk, root, ways, every = 1, act, known, beside: keep }: CrashOrder<Known>, images: string): Promise<readonly Moment<Known>[]> {
  const moments: Moment<Known>[] = [];
  let steps = 0;
  const take = (step: string): void => {
    const beside = path.join(images, String(moments.length));
    // Where all is synced, every crash leaves the same.
    const taken = disk.isUnsynced ? ways : ways.slice(0, 1);
    for (const way of taken) disk.crash(path.join(beside, way), survivalOf(way, moments.length));
    keep?.(beside);
    moments.push({ step, beside, known: known(), ways: taken });
  };
  disk.watch(root);
  disk.onStep = (step) => { if (steps++ % every === 0) take(step); };
  await act();
  disk.onStep = () => undefined;
  take('the end');
  return moments;
}

function survivalOf(way: CrashWay, moment: number): Survival {
  if (!way.startsWith('drawn')) return { name: () => way === 'names', bytes: () => way === 'bytes' };
  const random = fixedRandom(`${way} ${String(moment)}`);
  const draw = (): boolean => ((random(1)[0] ?? 0) & 1) === 1;
  return { name: draw, bytes: draw };
}
