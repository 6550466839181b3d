/**
 * A file that is understood, as the parts of an upload see it. Not its contents: they come in chunks. SPEC.md section 12.
 */
import { fault } from './core/errors.js';
import { splitters } from './core/image/detect.js';
import type { SplitSummary } from './core/image/splitter.js';
import type { FilePlan } from './tasks.js';

/** A plan, and what its recipe says of contents and picture. */
export interface PlannedFile extends FilePlan {
  readonly summary: SplitSummary;
}

/** The file of a plan. Throws DiceError `recipe-invalid` where no splitter made it. */
export function plannedFile(plan: FilePlan): PlannedFile {
  const { splitter } = plan.recipe;
  const summary = splitters[splitter]?.summarize(plan.recipe);
  if (summary === undefined) throw fault('recipe-invalid', `This version has no splitter ${splitter}.`);
  return { ...plan, summary };
}
