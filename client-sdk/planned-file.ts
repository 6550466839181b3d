/**
 * A file that is understood, as the parts of an upload see it. Not its contents: they come in chunks. SPEC.md section 12.
 */
import { splitters } from './core/image/detect.js';
import type { Recipe, SplitSummary } from './core/image/splitter.js';
import type { FilePlan } from './tasks.js';

/** A plan, and what its recipe says of contents and picture. */
export interface PlannedFile extends FilePlan {
  readonly summary: SplitSummary;
}

/** Whether contents may be sealed before anybody knows whether it is needed: those of rasters take too long. */
export function sealsEarly({ splitter }: Pick<Recipe, 'splitter'>): boolean {
  return splitter !== 'raster';
}

/** The file of a plan. Throws DiceError `recipe-invalid` where its splitter did not make it. */
export function plannedFile(plan: FilePlan): PlannedFile {
  const { splitter } = plan.recipe;
  return { ...plan, summary: splitters[splitter].summarize(plan.recipe) };
}
