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

/** A picture up to so large is sealed where it is taken apart. */
const maxEarlyBytes = 262_144;

/**
 * Whether contents may be sealed before anybody knows whether it is needed: bytes, which cost little and would cross between threads twice
 * more, and small pictures but rasters, which take too long.
 */
export function sealsEarly({ splitter }: Pick<Recipe, 'splitter'>, fileBytes: number): boolean {
  return splitter === 'bytes' || (splitter !== 'raster' && fileBytes <= maxEarlyBytes);
}

/** The file of a plan. Throws DiceError `recipe-invalid` where its splitter did not make it. */
export function plannedFile(plan: FilePlan): PlannedFile {
  const { splitter } = plan.recipe;
  return { ...plan, summary: splitters[splitter].summarize(plan.recipe) };
}
