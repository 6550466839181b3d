/**
 * Cuts a file that is understood otherwise: out of its contents where they are in memory, and held against the first cut; else it is
 * understood anew. The plan is the same. SPEC.md section 12.
 */
import { DiceError } from './core/errors.js';
import { splitters } from './core/image/detect.js';
import type { CutFile, Recut } from './core/image/splitter.js';
import { PlacedAnchors } from './placed-anchors.js';
import { SplitReader } from './split-reader.js';
import { planFile, type PlanInput, type PlannedFile, planOf, type PlanTools, staysAnError } from './splitting.js';

/** The plan in another geometry; the first one cannot be read any more. Throws what `planFile` does. */
export async function recutFile(tools: PlanTools, input: PlanInput, first: PlannedFile): Promise<PlannedFile> {
  try {
    const again = await outOfContents(tools, input, first);
    if (again !== undefined) return again;
  } catch (thrown) {
    if (!(thrown instanceof DiceError) || staysAnError(thrown)) throw thrown;
  } finally {
    first.split.close?.();
  }
  return planFile(tools, input);
}

/** Undefined where that cannot be, or does not come to the same. */
async function outOfContents(tools: PlanTools, input: PlanInput, first: PlannedFile): Promise<PlannedFile | undefined> {
  const { recut } = splitters[first.split.splitter];
  const isAtHand = first.kept !== undefined || first.split.views !== undefined;
  if (recut === undefined || !isAtHand) return undefined;
  const from = cutFileOf(input, first, new SplitReader(tools.crypto, { planned: first }));
  const split = await recut.cut(from, input.split.geometry);
  if (split === undefined) return undefined;
  let proven: PlannedFile | undefined;
  try {
    const planned = await planOf(tools, input, split);
    proven = planned === undefined ? undefined : await provenPlan(tools, input, { recut, from, planned });
    return proven;
  } finally {
    if (proven === undefined) split.close?.();
  }
}

/** The plan with what is found while it is held against the first cut; undefined where something else comes of it. */
async function provenPlan(tools: PlanTools, input: PlanInput, by: { readonly recut: Recut; readonly from: CutFile; readonly planned: PlannedFile }): Promise<PlannedFile | undefined> {
  const { recut, from, planned } = by;
  const finder = new PlacedAnchors(planned.summary);
  const reader = new SplitReader(tools.crypto, { planned, finder });
  try {
    const isSame = await recut.isSame(from, cutFileOf(input, planned, reader));
    return isSame ? { ...planned, anchors: finder.anchors } : undefined;
  } finally {
    await reader.close();
  }
}

/** Breathes before each content. */
function cutFileOf(input: PlanInput, { recipe, split }: PlannedFile, reader: SplitReader): CutFile {
  const { count } = reader;
  const get = async (index: number): Promise<Uint8Array> => {
    await input.breathe(index, count);
    return reader.get(index);
  };
  return { recipe, description: split.description, contents: { count, get } };
}
