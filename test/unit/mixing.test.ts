/**
 * Blocks of a file wait for one another before they travel: chunks are asked for together in shuffled order, two files that bring
 * each other's contents do not wait for ever, and what is abandoned is brought by who waits for it.
 */
import { describe, expect, it } from '@jest/globals';
import { meanOf, rankCorrelation } from '../../bench/server-view/statistics.js';
import { BlockSender, type SenderParts, type SendingFile } from '../../client-sdk/block-sender.js';
import { sealContent } from '../../client-sdk/core/block.js';
import { openDomain } from '../../client-sdk/core/domain.js';
import { DiceError } from '../../client-sdk/core/errors.js';
import { mixBytes } from '../../client-sdk/core/plan.js';
import { Mixing } from '../../client-sdk/mixing.js';
import { nodeProvider } from '../../client-sdk/node/node-provider.js';
import { asRehash, rehashHex, type Rehash } from '../../client-sdk/protocol/ids.js';
import { existenceStates } from '../../client-sdk/protocol/messages.js';
import type { FingerprintedContent, SealInput } from '../../client-sdk/tasks.js';
import { SentMeter } from '../../client-sdk/upload-lane.js';
import { fixedRandom } from '../support/fixed-random.js';

const randomBytes = fixedRandom('mixing');

/** A sender whose server lacks everything; `questions` are the T1 of each question, in hex. */
function senderOf(): { readonly sender: BlockSender; readonly questions: (readonly string[])[] } {
  const questions: (readonly string[])[] = [];
  const lane = {
    ask: (tags: Uint8Array) => {
      const count = tags.length / 32;
      questions.push(Array.from({ length: count }, (_, i) => rehashHex(asRehash(tags.slice(32 * i, 32 * i + 32)))));
      return Promise.resolve({ answer: { states: new Uint8Array(count).fill(existenceStates.send) }, uploadId: 'none' });
    },
    send: (frames: readonly unknown[]) => Promise.resolve(frames.map(() => 'stored')),
  };
  const tasks = {
    seal: ({ domain, contents }: SealInput) => Promise.all(contents.map(async ({ content, fingerprint }) =>
      ({ kind: 'block', ...(await sealContent(nodeProvider, domain, { fingerprint, coded: content })) }))),
  };
  const connection = { platform: { crypto: nodeProvider, randomBytes } };
  // All that a sender asks of these parts.
  return { sender: new BlockSender({ connection, lane, cache: undefined, tasks, isDryRun: false } as unknown as SenderParts), questions };
}

async function contentOf(length: number): Promise<FingerprintedContent> {
  const content = new Uint8Array(length);
  // Enough to tell it from all others.
  content.set(randomBytes(Math.min(32, length)));
  return { content, fingerprint: await nodeProvider.sha256(content) };
}

async function contentsOf(count: number, length = 200): Promise<FingerprintedContent[]> {
  return Promise.all(Array.from({ length: count }, () => contentOf(length)));
}

const file: SendingFile = { domain: openDomain, meter: new SentMeter(), signal: undefined, breathe: () => Promise.resolve() };

function rehashesOf(placements: readonly { readonly rehash: Rehash | undefined }[]): readonly string[] {
  return placements.flatMap(({ rehash }) => (rehash === undefined ? [] : [rehashHex(rehash)]));
}

describe('a file on its way', () => {
  it('asks for the blocks of all its chunks at once, in another order than theirs', async () => {
    const { sender, questions } = senderOf();
    const mixing = new Mixing(sender, file);
    const chunks = [];
    for (const items of [await contentsOf(20), await contentsOf(20), await contentsOf(20)]) {
      await mixing.gather();
      chunks.push(mixing.begin(items));
    }
    await mixing.end();
    const placed = (await Promise.all(chunks.map(async (chunk) => sender.collect(await chunk, file)))).flat();
    expect(questions).toHaveLength(1);
    expect([...(questions[0] ?? [])].sort()).toEqual([...rehashesOf(placed)].sort());
    // Of the 20 blocks of the last chunk some are among the first 20.
    expect(questions[0]?.slice(0, 20).some((rehash) => rehashesOf(placed.slice(40)).includes(rehash))).toBe(true);
  });

  it('asks in an order that no interleaving is: unrelated to theirs, and another one each time', async () => {
    const items = await contentsOf(600);
    const orders = await Promise.all([0, 1].map(async () => {
      const { sender, questions } = senderOf();
      const mixing = new Mixing(sender, file);
      const chunks = [];
      for (let at = 0; at < items.length; at += 60) {
        await mixing.gather();
        chunks.push(mixing.begin(items.slice(at, at + 60).map((item) => ({ ...item }))));
      }
      await mixing.end();
      const placed = rehashesOf((await Promise.all(chunks.map(async (chunk) => sender.collect(await chunk, file)))).flat());
      const places = new Map(placed.map((rehash, place) => [rehash, place]));
      return (questions[0] ?? []).map((rehash) => places.get(rehash) ?? NaN);
    }));
    const [one = [], other = []] = orders;
    expect([one, other].map((order) => [...order].sort((a, b) => a - b))).toEqual([items, items].map((all) => [...all.keys()]));
    // Four standard deviations of what chance gives to 600.
    const bound = 4 / Math.sqrt(600);
    for (const order of [one, other, one.map((place) => other.indexOf(place))]) expect(Math.abs(rankCorrelation(order))).toBeLessThan(bound);
    // Of 599 pairs of neighbours two stay side by side by chance.
    expect(one.filter((place, i) => Math.abs(place - (one[i + 1] ?? -9)) === 1).length).toBeLessThan(12);
    // Nor is it a riffle of the ten chunks: how far apart two that follow each other lie is as good as anything.
    expect(new Set(one.map((place, i) => (one[i + 1] ?? 0) - place)).size).toBeGreaterThan(200);
  });

  it('asks in orders that lie as far from theirs as chance has it, file by file', async () => {
    const tiles = 24;
    const correlations: number[] = [];
    for (let draw = 0; draw < 200; draw++) {
      const { sender, questions } = senderOf();
      const mixing = new Mixing(sender, file);
      const chunk = mixing.begin(await contentsOf(tiles));
      await mixing.end();
      const placed = rehashesOf(await sender.collect(await chunk, file));
      correlations.push(Math.abs(rankCorrelation((questions[0] ?? []).map((rehash) => placed.indexOf(rehash)))));
    }
    // The mean of a normal figure's size, of a standard deviation of 1 / sqrt(n - 1), within four of its own.
    const [expected, spread] = [0.798 / Math.sqrt(tiles - 1), 0.603 / Math.sqrt(tiles - 1)];
    expect(Math.abs(meanOf(correlations) - expected)).toBeLessThan((4 * spread) / Math.sqrt(correlations.length));
  });

  it('does not hold more than its bound and a chunk', async () => {
    const { sender, questions } = senderOf();
    const mixing = new Mixing(sender, file);
    for (let chunk = 0; chunk < 5; chunk++) {
      await mixing.gather();
      void mixing.begin(await contentsOf(8, mixBytes / 16));
    }
    await mixing.end();
    expect(questions.map((question) => question.length)).toEqual([16, 16, 8]);
  });

  it('and another one that brings its contents do not wait for each other for ever', async () => {
    const { sender, questions } = senderOf();
    const [x, y] = [await contentOf(300), await contentOf(300)];
    const [one, other] = [new Mixing(sender, file), new Mixing(sender, file)];
    const chunks = [one.begin([{ ...x }]), other.begin([{ ...y }])];
    await Promise.all([one.gather(), other.gather()]);
    chunks.push(one.begin([{ ...y }]), other.begin([{ ...x }]));
    await Promise.all([one.end(), other.end()]);
    const placed = await Promise.all(chunks.map(async (chunk) => sender.collect(await chunk, file)));
    expect(placed.flat().map(({ state }) => state).sort()).toEqual(['new', 'new', 'stored', 'stored']);
    expect(questions.flat()).toHaveLength(2);
  });

  it('keeps no more than its bound of what others bring, while they may fail', async () => {
    const { sender } = senderOf();
    const chunks = await Promise.all(Array.from({ length: 8 }, () => contentsOf(4, mixBytes / 16)));
    const other = await sender.prepare(chunks.flatMap((items) => items.map((item) => ({ ...item }))), file);
    const mixing = new Mixing(sender, file);
    let begun = 0;
    const run = (async () => {
      for (const items of chunks) {
        await mixing.gather();
        void mixing.begin(items);
        begun++;
      }
      await mixing.end();
    })();
    // As many turns as all of it would take, were there no bound.
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => { setImmediate(resolve); });
    expect(begun).toBe(4);
    await sender.deliver([other], file);
    await run;
    expect(begun).toBe(8);
  });

  it('leaves what it abandons to who waits for it', async () => {
    const { sender, questions } = senderOf();
    const x = await contentOf(300);
    const [one, other] = [new Mixing(sender, file), new Mixing(sender, file)];
    const mine = one.begin([{ ...x }]);
    await mine;
    const theirs = other.begin([{ ...x }]);
    await other.end();
    const waiting = sender.collect(await theirs, file);
    await one.abandon(new DiceError('cancelled', 'It was cancelled.'));
    expect((await waiting).map(({ state }) => state)).toEqual(['new']);
    expect(questions.flat()).toHaveLength(1);
  });
});
