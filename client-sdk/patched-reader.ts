/**
 * Contents as a join wants them: where an image has a patch, the block's content under that patch. SPEC.md section 10.
 */
import { applyPatch } from './core/image/patch.js';
import type { ContentReader } from './core/image/splitter.js';
import type { Patches } from './core/patch-list.js';

/** The reader of `contents` under `patches`. Its `get` throws DiceError `recipe-invalid` for a patch that does not fit. */
export function patched(contents: ContentReader, patches: Patches): ContentReader {
  if (patches.size === 0) return contents;
  return {
    count: contents.count,
    get: async (index) => {
      const content = await contents.get(index);
      const patch = patches.get(index);
      return patch === undefined ? content : applyPatch(patch, content);
    },
  };
}
