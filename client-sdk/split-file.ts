/**
 * A file in the middle of its split: the plan is known, the contents come in chunks. Where the account has a picture that
 * this one is an edited copy of, it is cut along that one's tiles. SPEC.md sections 6.2 and 12.
 */
import type { Anchor } from './core/image/anchors.js';
import { geometryAlong } from './core/image/default-cut.js';
import type { Geometry } from './core/image/splitter.js';
import type { Original } from './originals.js';
import type { PlannedFile } from './planned-file.js';
import type { SplitContent, SplitInput, SplitSteps } from './tasks.js';

/** A plan and what follows it. */
export interface SplitFile {
  readonly planned: PlannedFile;
  /** How its picture is cut, if it is one. */
  readonly geometry: Geometry;
  /** Its contents come sealed, and without their raw bytes. */
  readonly isSealed: boolean;
  readonly steps: SplitSteps;
  /** What the steps told besides: known once the first contents have come. */
  readonly told: { equalisation?: string };
  /** The picture whose blocks may stand for this one's under patches. */
  readonly original: Original | undefined;
}

/** A file before it is known whether there is an original. */
export type FirstSplit = Omit<SplitFile, 'original'>;

/** How a file is cut along an original: anew, or in the middle of its split. */
export interface Cutting {
  split(way: Pick<SplitInput, 'splitter' | 'geometry'>): Promise<FirstSplit>;
  recut(first: FirstSplit, geometry: Geometry): Promise<FirstSplit>;
}

/** The same file without an original, and not to be found as one. */
export function alone(first: FirstSplit): SplitFile {
  return { ...first, planned: { ...first.planned, anchors: [] }, original: undefined };
}

/** The same file cut along its original, if there is one. Contents that come sealed cannot be taken back: it is split anew. */
export async function alongOriginal(first: FirstSplit, original: Original | undefined, cutting: Cutting): Promise<SplitFile> {
  const { splitter } = first.planned.recipe;
  if (original === undefined) return { ...first, original };
  const geometry = geometryAlong(splitter, original.alignment, original.origin);
  if (geometry === undefined && !first.isSealed) return { ...first, original };
  const along = geometry ?? first.geometry;
  const second = first.isSealed ? await splitAnew(first, along, cutting) : await cutting.recut(first, along);
  return { ...second, original: second.planned.recipe.splitter === splitter ? original : undefined };
}

async function splitAnew({ planned, steps }: FirstSplit, geometry: Geometry, cutting: Cutting): Promise<FirstSplit> {
  await steps.return();
  return cutting.split({ splitter: planned.recipe.splitter, geometry });
}

/** The anchors that lead later copies to this picture: none to a copy that is mostly blocks of another one. */
export function anchorsFor({ planned, original }: SplitFile, broughtTiles: number): readonly Anchor[] {
  return original === undefined || 2 * broughtTiles > planned.summary.count ? planned.anchors : [];
}

/** What it is, in words. */
export function descriptionOf({ planned, told }: SplitFile): string {
  return told.equalisation === undefined ? planned.description : `${planned.description}, ${told.equalisation}`;
}

/** The contents, in chunks and in order. */
export async function* chunksOf({ steps, told, original }: Pick<SplitFile, 'steps' | 'told' | 'original'>): AsyncGenerator<readonly SplitContent[], void, void> {
  for (;;) {
    const { value: step } = await steps.next(original === undefined ? undefined : 'copy');
    if (step === undefined) return;
    if (step.kind === 'chunk') yield step.contents;
    else if (step.kind === 'equalised') told.equalisation = step.description;
  }
}
