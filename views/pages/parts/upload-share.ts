/**
 * How far a file is, of all the work on it, by the phase that it is in. Estimates for a bar, no more. No state.
 */
import type { UploadPhase } from '../../../client-sdk/browser/page.js';

/** Where each phase begins and how much of the work it is. Blocks are sent while others are sealed. */
const spans: Readonly<Record<UploadPhase, readonly [from: number, length: number]>> = {
  reading: [0, 0.1], splitting: [0.1, 0.35], sealing: [0.45, 0.5], sending: [0.45, 0], committing: [0.95, 0.05],
};

/** Share of the file, 0 to 1, at `share` of `phase`. */
export function shareOfFile(phase: UploadPhase, share: number): number {
  const [from, length] = spans[phase];
  return from + length * Math.min(1, Math.max(0, share));
}
