/**
 * `dice-admin check`: reads everything, writes nothing into the store, and says what is wrong and which images it concerns.
 */
import { checkStore, type Finding } from '../core/check.js';
import { columns, exitStatus, printResult, type Verb } from './verb.js';

const maxListed = 10_000;

/** Status 4 where anything is wrong. */
export const check: Verb = async (bench) => {
  const findings: Finding[] = [];
  const answer = await checkStore(bench.store.parts, {
    stop: bench.stop,
    onFinding: (finding) => {
      if (findings.length < maxListed) findings.push(finding);
      if (bench.form === 'text') bench.print(sentenceOf(finding));
    },
  });
  const { damage, unknown, parity, ...counts } = answer;
  const isHeld = await bench.store.parts.stores.state.isHeld();
  printResult(bench, { ...counts, damage: damage.map((stretch) => ({ ...stretch })), unknown: unknown.map((one) => ({ ...one })), parity: parity.map((one) => ({ ...one })), isHeld, list: findings.map((finding) => ({ ...finding, ...imagesOf(finding) })) }, [
    ...columns(counts),
    ...damage.map(({ pack, offset, length, what }) => `pack ${pack}: ${length} bytes at ${offset} hold no record (${what})`),
    ...unknown.map(({ accountId, imageId }) => `in the packs and not in the index: ${imageId === undefined ? '' : `image ${imageId} of `}account ${accountId}`),
    ...parity.map(({ pack, what }) => `pack ${pack}: ${what}`),
  ]);
  if (bench.stop.aborted) return exitStatus.failed;
  if (unknown.length > 0) bench.say('What is in the packs and not in the index never came to be, or the index lost it. What came since the last sweep is brought back by the next start of the server, or the next sweep; all else by dice-admin rebuild-index.');
  if (isHeld) bench.say('The store is held: nothing is collected until you run: dice-admin release');
  return answer.findings > 0 ? exitStatus.damaged : exitStatus.done;
};

function imagesOf(finding: Finding): { readonly images?: readonly { readonly accountId: string; readonly imageId: string }[] } {
  return 'images' in finding ? { images: finding.images.map((image) => ({ ...image })) } : {};
}

function sentenceOf(finding: Finding): string {
  if ('rehash' in finding) return `${finding.kind}: block ${finding.rehash}, in ${finding.images.length} image(s) ${finding.images.map(({ imageId }) => imageId).join(' ')}`;
  if (finding.kind === 'index-malformed') return `${finding.kind}: ${finding.what}`;
  if ('imageId' in finding) return `${finding.kind}: image ${finding.imageId} of account ${finding.accountId}`;
  return `${finding.kind}: account ${finding.accountId}`;
}
