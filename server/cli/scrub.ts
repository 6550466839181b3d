/**
 * `dice-admin scrub`: reads everything, puts right what rotted and can be put right, names what stays lost, and says how much of how much it read. What is
 * interrupted goes on where it stopped.
 */
import { paced } from '../paced.js';
import { scrubStore, type ScrubAnswer } from '../core/scrub.js';
import { scrubPhases, type ScrubPosition } from '../core/scrub-progress.js';
import type { LostBlock, LostRecord } from '../core/scrub-run.js';
import type { Stretch } from '../ports/pack-parity.js';
import { columns, exitStatus, healedLines, printResult, type Bench, type ExitStatus } from './verb.js';

/** `restart` begins anew; `bytesPerSecond` bounds what is read, the disk does without it. */
export interface ScrubOptions {
  readonly restart?: boolean;
  readonly bytesPerSecond?: number;
}

/** What the verb works with. */
type ScrubBench = Omit<Bench, 'store'> & { readonly store: Pick<Bench['store'], 'parts'> };

const progressMs = 5_000;

/** Status 4 where something stays damaged, 1 where it was interrupted. */
export async function scrub(bench: ScrubBench, { restart, bytesPerSecond }: ScrubOptions): Promise<ExitStatus> {
  const lost: LostBlock[] = [];
  const lostRecords: LostRecord[] = [];
  const healedStretches: (Stretch & { readonly pack: number })[] = [];
  const { isComplete, coverage, ...counts } = await scrubStore(bench.store.parts, {
    stop: bench.stop,
    isRestart: restart === true,
    onProgress: teller(bench),
    ...(bytesPerSecond === undefined ? {} : { pace: paced(bytesPerSecond, bench.stop) }),
    onLost: (block) => {
      lost.push(block);
      if (bench.form === 'text') bench.print(`lost: block ${block.rehash}, in image(s) ${block.images.map(({ imageId }) => imageId).join(' ')}`);
    },
    onHealed: (healed) => {
      for (const stretch of healed.healed) healedStretches.push({ pack: healed.pack, ...stretch });
      if (bench.form === 'text') for (const line of healedLines(healed)) bench.print(line);
    },
    onLostRecord: (record) => {
      lostRecords.push(record);
      if (bench.form === 'text') bench.print(`lost: ${record.type} of ${record.imageId === undefined ? '' : `image ${record.imageId} of `}account ${record.accountId}`);
    },
  });
  const list = lost.map(({ rehash, images }) => ({ rehash, images: images.map((image) => ({ ...image })) }));
  const document = { ...counts, isComplete, coverage: plain(coverage), list, records: lostRecords.map((record) => ({ ...record })), healed: healedStretches.map((stretch) => ({ ...stretch })) };
  printResult(bench, document, [...coverageLines(coverage), '', ...columns(counts)]);
  if (!isComplete) bench.say('The scrub was interrupted. The same command goes on where it stopped; --restart begins anew.');
  const unnamed = counts.lost + counts.lostRecords - lost.length - lostRecords.length;
  if (unnamed > 0) bench.say(`Of what is lost, ${unnamed.toLocaleString('en')} was met before the scrub was interrupted, and is not named here: dice-admin check names all.`);
  if (unnamed < 0) bench.say(`Of what is named here as lost, ${(-unnamed).toLocaleString('en')} was found elsewhere in the packs, and is whole again.`);
  if (counts.lost + counts.lostRecords > 0) return exitStatus.damaged;
  return isComplete ? exitStatus.done : exitStatus.failed;
}

/** Says where the scrub is, now and then. */
function teller(bench: ScrubBench): (position: ScrubPosition) => void {
  const { clock } = bench.store.parts.world;
  let toldAt: number | undefined;
  return ({ beganAt, phase, counts }) => {
    const now = clock.now();
    if (toldAt === undefined && counts.bytes > 0) bench.say(`Goes on with the scrub that began ${new Date(beganAt).toISOString()}; --restart begins anew.`);
    if (toldAt !== undefined && now - toldAt < progressMs) return;
    if (toldAt !== undefined) bench.say(`step ${String(scrubPhases.indexOf(phase) + 1)} of ${String(scrubPhases.length)} (${phase}): ${counts.bytes.toLocaleString('en')} bytes read`);
    toldAt = now;
  };
}

function plain({ oldestReadAt, ...coverage }: ScrubAnswer['coverage']): { readonly [name: string]: number | boolean | null | { readonly read: number; readonly of: number } } {
  const kinds = Object.entries(coverage).map(([name, covered]) => [name, typeof covered === 'boolean' ? covered : { ...covered }] as const);
  return { ...Object.fromEntries(kinds), oldestReadAt: oldestReadAt ?? null };
}

function coverageLines({ isEmpty, oldestReadAt, ...coverage }: ScrubAnswer['coverage']): readonly string[] {
  if (isEmpty) return ['The store is empty: there was nothing to read, and nothing was checked.'];
  const lines = Object.entries(coverage).map(([name, { read, of }]) => `read ${read.toLocaleString('en')} of ${of.toLocaleString('en')} ${name}`);
  const oldest = oldestReadAt === undefined ? 'Some of it was never read by a scrub since it was stored.' : `What was read longest ago was read after ${new Date(oldestReadAt).toISOString()}.`;
  return [...lines, oldest];
}
