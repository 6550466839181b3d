/**
 * Makes patches of tiles, in whatever thread. What does not give its tile back is never answered. Keeps nothing. SPEC.md sections 5.9
 * and 5.13.
 */
import type { Breath } from './breath.js';
import { kindOf } from './core/image/content.js';
import { worthwhilePatchBytes } from './core/image/jpeg/coefficient-patch.js';
import { applyPatch, makePatch } from './core/image/patch.js';
import { isEqual } from './protocol/bytes.js';
import type { PatchInput, TilePair } from './tasks.js';

/** A patch may take one part in so many of what a tile's samples take. */
const patchShare = 8;
const leastPatchBytes = 64;

/** See Tasks.patch. */
export async function makePatches({ pairs }: PatchInput, breath: Breath): Promise<readonly (Uint8Array | undefined)[]> {
  const patches: (Uint8Array | undefined)[] = [];
  for (const pair of pairs) {
    patches.push(provenPatch(pair));
    await breath.breatheSometimes();
  }
  return patches;
}

function provenPatch({ target, base, view }: TilePair): Uint8Array | undefined {
  const patch = makePatch(target, base, view, worthwhileBytes(target));
  return patch !== undefined && isEqual(applyPatch(patch, base), target) ? patch : undefined;
}

/** A longer patch is not worth what it saves. */
function worthwhileBytes(content: Uint8Array): number {
  return kindOf(content) === 'coefficients' ? worthwhilePatchBytes(content) : Math.max(leastPatchBytes, Math.floor(content.length / patchShare));
}
