/**
 * `dice-admin scrub`: puts right what rotted in the index and heals ciphers from equal copies; names what stays lost.
 */
import { noteScrub } from '../core/last-scrub.js';
import { scrubStore, type LostBlock } from '../core/scrub.js';
import { columns, exitStatus, printResult, type Verb } from './verb.js';

/** Status 4 where a block stays damaged. */
export const scrub: Verb = async (bench) => {
  const lost: LostBlock[] = [];
  const startedAt = Date.now();
  const answer = await scrubStore(bench.store.parts, {
    stop: bench.stop,
    onLost: (block) => {
      lost.push(block);
      if (bench.form === 'text') bench.print(`lost: block ${block.rehash}, in image(s) ${block.images.map(({ imageId }) => imageId).join(' ')}`);
    },
  });
  const list = lost.map(({ rehash, images }) => ({ rehash, images: images.map((image) => ({ ...image })) }));
  printResult(bench, { ...answer, list }, columns({ ...answer }));
  if (bench.stop.aborted) return exitStatus.failed;
  await noteScrub(bench.store.parts.stores.state, answer, { endedAt: Date.now(), tookMs: Date.now() - startedAt });
  return answer.lost > 0 ? exitStatus.damaged : exitStatus.done;
};
